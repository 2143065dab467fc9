package victoria_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/victoria"
)

// all is what a store answers, to compare it with another.
func all(t *testing.T, s interface {
	history.Reader
	history.Appender
}) []string {
	t.Helper()
	out := append(everyFact(t, s), answersOf(t, s)...)
	o, err := s.Overview(t.Context(), history.OverviewQuery{ByRepoType: true, ByOrg: true, Series: true})
	if err != nil {
		t.Fatal(err)
	}
	out = append(out, fmt.Sprintf("%+v", o))
	for c, err := range s.Counts(t.Context(), history.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%+v", c))
	}
	return out
}

// What is forgotten is so for every process, and may come back: after each step all answers
// are those of a history in memory.
func TestForget(t *testing.T) {
	forgotten := history.Forgotten{}
	f := func(seed uint64) {
		t.Helper()
		rng := rand.New(rand.NewPCG(seed, 9))
		o := optionsFor(theEngine(t))
		inMemory := memtable.NewStore()
		by := []*victoria.Store{reopen(t, o), reopen(t, keeping(o))}
		repos := []history.Repo{acmeA, acmeB, {Type: history.Dataset, Name: "globex/a"}, {Type: history.Model, Name: "legacy"}}
		for step := range 12 {
			s := by[rng.IntN(2)]
			if step%3 == 2 {
				q := history.ForgetQuery{Origin: []history.Origin{0, 0, history.Archive, history.Listing, history.Export}[rng.IntN(5)]}
				if rng.IntN(2) == 0 {
					q.Period = history.RangeOf(history.Day(20000+rng.IntN(20)), history.Day(20010+rng.IntN(20)))
				}
				if rng.IntN(2) == 0 {
					q.Filter.Orgs = []string{repos[rng.IntN(len(repos))].Org()}
				} else {
					q.Filter.Repos = []string{repos[rng.IntN(len(repos))].Name}
				}
				want, err := inMemory.Forget(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				would, err := by[0].Forget(t.Context(), q, true)
				if err != nil || would != want {
					t.Errorf("history %d, step %d: %+v would forget %+v, %v, want %+v", seed, step, q, would, err, want)
				}
				if got, err := s.Forget(t.Context(), q, false); err != nil || got != want {
					t.Errorf("history %d, step %d: %+v forgot %+v, %v, want %+v", seed, step, q, got, err, want)
				}
				forgotten.Repos, forgotten.Records, forgotten.Readings = forgotten.Repos+want.Repos, forgotten.Records+want.Records, forgotten.Readings+want.Readings
			} else {
				var records []history.Record
				var readings []history.Reading
				for _, r := range repos {
					for range rng.IntN(6) {
						day := history.Day(20000 + rng.IntN(30))
						readings = append(readings, reading(r, history.Archive<<rng.IntN(3), day, int64(day-20000)*10+rng.Int64N(9)))
					}
					for d := range history.Day(rng.IntN(20)) {
						records = append(records, history.Record{Repo: r, Total: rng.Int64N(300), Day: 20000 + d, Downloads: int64(d)})
					}
				}
				source := history.Published - history.Source(rng.IntN(2))
				b := readingsOf(readings...)
				if rng.IntN(2) == 0 {
					b.Rows = history.RowsOf(history.Version{Source: source, AsOf: history.AsOfTime(history.Day(20010 + step).Time())}, records...)
				}
				for _, to := range []history.Appender{inMemory, s} {
					if _, err := to.Append(t.Context(), b); err != nil {
						t.Fatal(err)
					}
				}
			}
			for i, s := range by {
				if got, want := all(t, s), all(t, inMemory); !slices.Equal(got, want) {
					t.Fatalf("history %d, step %d, store %d: got\n%s\nwant\n%s", seed, step, i, strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			}
		}
	}
	for seed := range uint64(6) {
		f(seed)
	}
	if forgotten.Repos < 5 || forgotten.Records < 50 || forgotten.Readings < 20 {
		t.Errorf("expected much to be forgotten, got %+v", forgotten)
	}
}

// Forgetting that breaks off leaves all as it was, and may be done again.
func TestForgetThatBreaksOff(t *testing.T) {
	f := func(allowed int64) {
		t.Helper()
		var writes atomic.Int64
		var failing atomic.Bool
		o := hook(t, func(w http.ResponseWriter, r *http.Request) bool {
			if !failing.Load() || !strings.HasSuffix(r.URL.Path, "/import") || writes.Add(1) <= allowed {
				return false
			}
			http.Error(w, "no more room", http.StatusBadRequest)
			return true
		})
		s, other := reopen(t, keeping(o)), reopen(t, keeping(direct(t, o)))
		for day := range history.Day(3) {
			b := readingsOf(reading(acmeA, history.Listing, 20000+day, 100+10*int64(day)), reading(acmeB, history.Listing, 20000+day, 500))
			if _, err := s.Append(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
		was := all(t, other)
		failing.Store(true)
		q := history.ForgetQuery{Filter: history.Filter{Repos: []string{acmeA.Name}}}
		if _, err := s.Forget(t.Context(), q, false); err == nil || !strings.Contains(err.Error(), "no more room") {
			t.Fatalf("after %d writes: expected the answer of the engine as the error, got %v", allowed, err)
		}
		for _, by := range []*victoria.Store{s, other, reopen(t, direct(t, o))} {
			if got := all(t, by); !slices.Equal(got, was) {
				t.Errorf("after %d writes: got\n%s\nwant\n%s", allowed, strings.Join(got, "\n"), strings.Join(was, "\n"))
			}
		}
		failing.Store(false)
		if gone, err := s.Forget(t.Context(), q, false); err != nil || gone != (history.Forgotten{Repos: 1, Records: 2, Readings: 3}) {
			t.Errorf("got %+v, %v", gone, err)
		}
		wantSums(t, other, 1, 2, 0)
	}
	f(0) // nothing
	f(1) // all but that it counts
}
