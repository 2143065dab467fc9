package victoria_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/victoria"
)

// Exports of ever more days tell mostly the same numbers again, now and then without a
// day, with another number, late, or after something observed. What is written of them
// is less; what is known afterwards, versions included, is the same as in memory.
func TestConfirmedExportsKeepTheirVersions(t *testing.T) {
	f := func(seed uint64) {
		t.Helper()
		rng := rand.New(rand.NewPCG(seed, 7))
		inMemory, s := memtable.NewStore(), open(t)
		counts := make(map[history.Repo][]int64)
		repos := []history.Repo{acmeA, acmeB, {Type: history.Dataset, Name: "acme/a"}}
		for step := range 14 {
			source := history.Published
			if rng.IntN(5) == 0 {
				source = history.Observed
			}
			asOf := history.AsOf(step)
			if rng.IntN(4) == 0 {
				asOf = history.AsOf(rng.IntN(step + 1)) // it comes late
			}
			var records []history.Record
			for _, r := range repos[:1+rng.IntN(len(repos))] {
				for range 1 + rng.IntN(5) {
					counts[r] = append(counts[r], rng.Int64N(50))
				}
				first, without, other := 0, -1, -1
				if rng.IntN(4) == 0 {
					first = rng.IntN(len(counts[r]))
				}
				if rng.IntN(4) == 0 {
					without = rng.IntN(len(counts[r]))
				}
				if rng.IntN(3) == 0 {
					other = rng.IntN(len(counts[r]))
				}
				for d := first; d < len(counts[r]); d++ {
					if d == other {
						counts[r][d] = rng.Int64N(50)
					}
					if d != without {
						records = append(records, history.Record{Repo: r, Total: history.Unknown, Day: history.Day(20000 + d), Downloads: counts[r][d]})
					}
				}
			}
			for _, to := range []history.Appender{inMemory, s} {
				b := history.Batch{Rows: history.RowsOf(history.Version{Source: source, AsOf: asOf}, records...)}
				if _, err := to.Append(t.Context(), b); err != nil {
					t.Fatal(err)
				}
			}
			want, got := everyFact(t, inMemory), everyFact(t, s)
			if !slices.Equal(got, want) {
				t.Fatalf("history %d, export %d: expected\n%v\ngot\n%v", seed, step, want, got)
			}
		}
	}
	for seed := range uint64(6) {
		f(seed)
	}
}

func everyFact(t *testing.T, s history.Appender) []string {
	t.Helper()
	var out []string
	for rows, err := range s.Records(t.Context(), history.RecordsQuery{Order: history.OrderRepo, Stored: true}) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows.Len() {
			r := rows.Record(i)
			out = append(out, fmt.Sprint(r.Repo, r.Day, r.Downloads, rows.Version))
		}
	}
	return out
}

// An export that brings one new day of a long history writes that day, and not all the
// others again.
func TestAnotherExportWritesWhatIsNew(t *testing.T) {
	o := optionsFor(theEngine(t))
	s := reopen(t, o)
	const days = 300
	export := func(n int, asOf history.AsOf) history.Batch {
		var records []history.Record
		for d := range n {
			records = append(records, history.Record{Repo: acmeA, Total: int64(n), Day: history.Day(20000 + d), Downloads: int64(d)})
		}
		return history.Batch{Rows: history.RowsOf(history.Version{Source: history.Published, AsOf: asOf}, records...)}
	}
	for i := range 3 {
		if _, err := s.Append(t.Context(), export(days+i, history.AsOf(i))); err != nil {
			t.Fatal(err)
		}
	}
	if got := samplesOf(t, o, "huggingface_history_downloads"); got != days+2 {
		t.Errorf("expected a sample for each of %d days, got %d", days+2, got)
	}
	// An export of an age in between does not win over what was confirmed after it.
	old := export(days, 1)
	v := history.Version{Source: history.Published, AsOf: 1}
	old.Rows = history.RowsOf(v, history.Record{Repo: acmeA, Total: history.Unknown, Day: 20000, Downloads: 99})
	c, err := s.Append(t.Context(), old)
	if err != nil || c.Outdated != 1 {
		t.Errorf("expected it to be outdated, got %+v, %v", c, err)
	}
}

// samplesOf counts the samples of a series name in the engine.
func samplesOf(t *testing.T, o victoria.Options, name string) int {
	t.Helper()
	n := 0
	for _, line := range exportOf(t, o, name) {
		n += len(line.Values)
	}
	return n
}
