package victoria_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/victoria"
)

// asked notes from when on the states of a history are asked for.
type asked struct {
	series string
	mu     sync.Mutex
	from   []string
	fail   bool
}

func (a *asked) note(w http.ResponseWriter, r *http.Request) bool {
	if !strings.HasSuffix(r.URL.Path, "/export") {
		return false
	}
	body, _ := io.ReadAll(r.Body) // what came of it
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, _ := url.ParseQuery(string(body))
	if !strings.Contains(form.Get("match[]"), `"`+a.series+`"`) {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.from = append(a.from, form.Get("start"))
	if a.fail {
		http.Error(w, "not now", http.StatusBadGateway)
	}
	return a.fail
}

// take returns what was noted since the last time.
func (a *asked) take() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.from
	a.from = nil
	return out
}

// listed is a listing of one repository.
func listed(r history.Repo, total int64, asOf history.AsOf) history.Batch {
	s := history.NewRepoMeta(r)
	s.Total, s.TotalAsOf = total, asOf
	s.Likes, s.LastMonth, s.ListedAsOf = total, total, asOf
	return history.Batch{Meta: []history.RepoMeta{s}}
}

func metaOf(t *testing.T, s *victoria.Store) (out []history.RepoMeta, err error) {
	for m, err := range s.Meta(t.Context(), history.MetaQuery{}) {
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// TestWhatIsKept: a Store that keeps metadata reads what is new alone, its own
// and what others stored, and answers as one does that reads all.
func TestWhatIsKept(t *testing.T) {
	states := asked{series: "huggingface_history_meta"}
	o := hook(t, states.note)
	s, other := reopen(t, o), reopen(t, direct(t, o))
	same := func() {
		t.Helper()
		want, err := metaOf(t, reopen(t, direct(t, o)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := metaOf(t, s)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) || len(got) == 0 {
			t.Errorf("got\n%v\nwant\n%v", got, want)
		}
	}
	const first = "1970-01-11T00:00:00.001Z" // the time of the first number
	add := func(i int64) {
		t.Helper()
		by := []*victoria.Store{s, other}[i%2]
		if _, err := by.Append(t.Context(), listed([]history.Repo{acmeA, acmeB}[i/2%2], 100-i%7, history.AsOf(i))); err != nil {
			t.Fatal(err)
		}
	}
	for i := range int64(100) {
		add(i)
	}
	same()
	states.take()
	s = reopen(t, keeping(o))
	same()
	if from := states.take(); len(from) != 1 || from[0] != first {
		t.Fatalf("expected the states to be asked for from the first on, got %q", from)
	}
	for i := range int64(10) {
		add(100 + i)
		same()
		if from := states.take(); len(from) == 0 || from[0] <= first {
			t.Errorf("expected the states to be asked for from the last ones on, got %q", from)
		}
		same()
		if from := states.take(); len(from) > 0 {
			t.Errorf("expected nothing to be asked for, got %q", from)
		}
	}

	// What cannot be read is no answer, and is asked for again.
	if _, err := other.Append(t.Context(), listed(acmeB, 1000, 200)); err != nil {
		t.Fatal(err)
	}
	states.fail = true
	if _, err := metaOf(t, s); err == nil || !strings.Contains(err.Error(), "not now") {
		t.Errorf("expected the answer of the engine as the error, got %v", err)
	}
	states.fail = false
	same()
}
