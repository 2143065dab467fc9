package memtable

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history/storetest"
)

var readingsRepo = history.Repo{Type: history.Model, Name: "acme/m"}

// randomReadings are answers of some years, with dips, corrections, gaps and archives.
func randomReadings(rng *rand.Rand) []history.Reading {
	var out []history.Reading
	day, total := history.Day(18000+rng.IntN(1000)), rng.Int64N(5000)
	for range 50 + rng.IntN(300) {
		day += history.Day(1 + rng.IntN(1+rng.IntN(4)))
		total += rng.Int64N(200)
		shown := total
		switch rng.IntN(20) {
		case 0:
			shown = rng.Int64N(total + 1)
		case 1:
			total -= rng.Int64N(total/2 + 1)
		case 2:
			day += history.Day(rng.IntN(450))
		}
		origin := history.Listing
		if rng.IntN(6) == 0 {
			origin = history.Archive
		}
		for range 1 + rng.IntN(2) {
			asOf := history.AsOfTime(day.Time()) + history.AsOf(rng.Int64N(24*3600))*1e6
			out = append(out, history.NewReading(readingsRepo, asOf, origin, shown, rng.Int64N(6000), rng.Int64N(9)))
		}
	}
	return out
}

func readingsOf(all []history.Reading) history.Batch {
	return history.Batch{Readings: func(yield func(history.Reading, error) bool) {
		for _, r := range all {
			if !yield(r, nil) {
				return
			}
		}
	}}
}

// knownCounters are the counters that a store answers of its repository.
func knownCounters(t *testing.T, s *Store) (counters history.Counters) {
	t.Helper()
	for c, err := range s.Counts(t.Context(), history.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		counters = c.Counters
	}
	return counters
}

// known is all that a store answers of its repository: counters, days, and readings.
func known(t *testing.T, s *Store) (counters history.Counters, days, readings string) {
	t.Helper()
	var d, r strings.Builder
	for rows, err := range s.Records(t.Context(), history.RecordsQuery{Versions: true}) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows.Len() {
			fmt.Fprintln(&d, rows.Record(i), rows.Version)
		}
	}
	for reading, err := range s.Readings(t.Context(), history.ReadingsQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&r, reading)
	}
	return knownCounters(t, s), d.String(), r.String()
}

// TestReadingsInAnyOrder appends random readings at once, one by one as they came, and in
// another order in parts. What is known is the same, counters never fall on the way, and
// archives do not move them.
func TestReadingsInAnyOrder(t *testing.T) {
	t.Parallel()
	histories := 60
	if storetest.FullSize() {
		histories = 400
	}
	for seed := range uint64(histories) {
		rng := rand.New(rand.NewPCG(seed, 5))
		all := randomReadings(rng)
		add := func(s *Store, part []history.Reading) {
			t.Helper()
			if _, err := s.Append(t.Context(), readingsOf(part)); err != nil {
				t.Fatal(err)
			}
		}
		atOnce, inOrder, shuffled, collected := NewStore(), NewStore(), NewStore(), NewStore()
		add(atOnce, all)
		counters, days, readings := known(t, atOnce)

		slices.SortStableFunc(all, func(a, b history.Reading) int { return int(a.AsOf/1e6 - b.AsOf/1e6) })
		was := history.Counters{Downloads: history.Unknown}
		for i := range all {
			add(inOrder, all[i:i+1])
			now := knownCounters(t, inOrder)
			if now.Downloads < was.Downloads || now.Removed < was.Removed || now.Backdated < was.Backdated {
				t.Fatalf("history %d: a counter fell from %+v to %+v with reading %d", seed, was, now, i)
			}
			was = now
		}
		add(collected, slices.DeleteFunc(slices.Clone(all), func(r history.Reading) bool { return r.Origin == history.Archive }))
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for len(all) > 0 {
			n := 1 + rng.IntN(len(all))
			add(shuffled, all[:n])
			all = all[n:]
		}
		for name, s := range map[string]*Store{"one by one": inOrder, "in another order": shuffled} {
			if c, d, r := known(t, s); c != counters || d != days || r != readings {
				t.Fatalf("history %d, appended %s: got %+v, want %+v; same days %t, same readings %t", seed, name, c, counters, d == days, r == readings)
			}
		}
		if c := knownCounters(t, collected); c != counters {
			t.Fatalf("history %d: without archives got %+v, want %+v", seed, c, counters)
		}
	}
}
