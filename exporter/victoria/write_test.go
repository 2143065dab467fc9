package victoria_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/victoria"
)

// manyDays is a batch of some repositories with so many days each.
func manyDays(repos, days int) history.Batch {
	v := history.Version{Source: history.Published, AsOf: 1}
	var records []history.Record
	for i := range repos {
		r := history.Repo{Type: history.Model, Name: fmt.Sprintf("acme/%03d", i)}
		for d := range days {
			records = append(records, history.Record{Repo: r, Total: 1, Day: history.Day(19000 + d), Downloads: 1})
		}
	}
	return history.Batch{Rows: history.RowsOf(v, records...)}
}

// TestRequestsAreCompressed: those that leave the machine are, and both kinds arrive.
func TestRequestsAreCompressed(t *testing.T) {
	f := func(uncompressed bool, want string) {
		t.Helper()
		var mu sync.Mutex
		requests := make(map[string]int)
		o := hook(t, func(_ http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, "/import") {
				mu.Lock()
				defer mu.Unlock()
				requests[r.Header.Get("Content-Encoding")]++
			}
			return false
		})
		o.Uncompressed, o.BatchBytes = uncompressed, 10_000
		s := reopen(t, o)
		if _, err := s.Append(t.Context(), manyDays(40, 100)); err != nil {
			t.Fatal(err)
		}
		wantSums(t, s, 40, 4000, 4000)
		if len(requests) != 1 || requests[want] < 5 {
			t.Errorf("expected some requests with the encoding %q, got %v", want, requests)
		}
	}
	f(false, "gzip")
	f(true, "")
}

// TestARequestThatFailsAmongMany: the append fails with its error, and what others of its
// requests brought is not seen.
func TestARequestThatFailsAmongMany(t *testing.T) {
	f := func(failing int) {
		t.Helper()
		var mu sync.Mutex
		requests, fail := 0, true
		o := hook(t, func(w http.ResponseWriter, r *http.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			if !fail || !strings.HasSuffix(r.URL.Path, "/import") {
				return false
			}
			if requests++; requests < failing {
				return false
			}
			http.Error(w, "no more room", http.StatusBadRequest)
			return true
		})
		o.BatchBytes = 10_000
		s := reopen(t, o)
		if _, err := s.Append(t.Context(), manyDays(40, 100)); err == nil || !strings.Contains(err.Error(), "no more room") {
			t.Fatalf("request %d fails: expected the answer of the engine as the error, got %v", failing, err)
		}
		mu.Lock()
		fail = false
		mu.Unlock()
		wantSums(t, s, 0, 0, 0)
		if _, err := s.Append(t.Context(), manyDays(40, 100)); err != nil {
			t.Fatal(err)
		}
		wantSums(t, s, 40, 4000, 4000)
	}
	f(2) // the first of those with samples
	f(5)
}

// TestAnEngineThatLosesWhatItTook: one that starts anew in the midst of an append has lost
// some of what it took, and then some request was not answered. All of it is there in the
// end.
func TestAnEngineThatLosesWhatItTook(t *testing.T) {
	f := func(lost, unanswered int) {
		t.Helper()
		var mu sync.Mutex
		requests := 0
		o := hook(t, func(w http.ResponseWriter, r *http.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			if !strings.HasSuffix(r.URL.Path, "/import") {
				return false
			}
			switch requests++; requests {
			case lost:
				w.WriteHeader(http.StatusNoContent)
				return true
			case unanswered:
				http.Error(w, "starting", http.StatusServiceUnavailable)
				return true
			}
			return false
		})
		o.BatchBytes = 10_000
		s := reopen(t, o)
		if _, err := s.Append(t.Context(), manyDays(40, 100)); err != nil {
			t.Fatalf("request %d lost, %d not answered: %v", lost, unanswered, err)
		}
		if requests < unanswered {
			t.Fatalf("expected more than %d requests, got %d", unanswered, requests)
		}
		wantSums(t, s, 40, 4000, 4000)
		wantSums(t, reopen(t, direct(t, o)), 40, 4000, 4000)
	}
	// Of nine the last tells that the append counts.
	f(1, 3) // the versions
	f(4, 2) // records
	f(7, 6) // metadata
	f(4, 9) // right before it counts
	f(0, 9)
	f(8, 9) // the sums
}

// TestALostAppendIsWrittenAgain: what an engine lost that had taken all of an append is
// noticed by the next append of the same Store, and is there afterwards.
func TestALostAppendIsWrittenAgain(t *testing.T) {
	u := theEngine(t)
	o := optionsFor(u)
	s := reopen(t, o)
	if _, err := s.Append(t.Context(), manyDays(3, 10)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(t.Context(), listed(acmeA, 70, 7)); err != nil {
		t.Fatal(err)
	}
	resp, err := http.PostForm(u.JoinPath("/api/v1/admin/tsdb/delete_series").String(),
		url.Values{"match[]": {fmt.Sprintf(`{history=%q}`, o.History)}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	wantSums(t, s, 0, 0, 0)
	if _, err := s.Append(t.Context(), oneDay(acmeB, 20000, 5, 9)); err != nil {
		t.Fatal(err)
	}
	for _, by := range []*victoria.Store{s, reopen(t, o)} {
		wantSums(t, by, 5, 31, 35)
		all, err := metaOf(t, by)
		if err != nil || len(all) != 5 || all[3].Total != 70 || all[3].Likes != 70 {
			t.Errorf("expected what was listed of %s as well, got %v, %v", acmeA, all, err)
		}
	}
}

// TestAnOldLayoutIsRefused: a history that an earlier version stored is not taken for an
// empty one.
func TestAnOldLayoutIsRefused(t *testing.T) {
	u := theEngine(t)
	o := optionsFor(u)
	line := fmt.Sprintf(`{"metric":{"__name__":"huggingface_history_journal","history":%q,"field":"begin","owner":"x"},"values":[1],"timestamps":[1]}`, o.History)
	resp, err := http.Post(u.JoinPath("/api/v1/import").String(), "application/json", strings.NewReader(line))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp, err = http.Get(o.FlushURLs[0].String()); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	s := reopen(t, o)
	for range 2 {
		if _, err := s.Refresh(t.Context()); !errors.Is(err, victoria.ErrOldLayout) {
			t.Errorf("Refresh: expected ErrOldLayout, got %v", err)
		}
	}
	if _, err := s.Append(t.Context(), oneDay(acmeA, 20000, 5, 1)); !errors.Is(err, victoria.ErrOldLayout) {
		t.Errorf("Append: expected ErrOldLayout, got %v", err)
	}
}
