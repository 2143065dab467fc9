package victoria

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// TestDayMap compares them with a map.
func TestDayMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var runs dayMap[int]
		want := make(map[history.Day]int)
		for range rng.IntN(300) {
			d := history.Day(rng.IntN(1000))
			if rng.IntN(20) == 0 {
				d = history.MaxDay - d
			}
			v := rng.IntN(3)
			*runs.at(d) += v
			if want[d] += v; want[d] == 0 {
				delete(want, d)
			}
			if got := runs.get(d); got != want[d] {
				t.Fatalf("day %d: expected %d, got %d", d, want[d], got)
			}
		}
		if got := runs.get(history.MaxDay - 5000); got != 0 {
			t.Fatalf("expected nothing of a day that is not there, got %d", got)
		}
		var days []history.Day
		for d, v := range runs.all() {
			days = append(days, d)
			if *v != want[d] {
				t.Fatalf("day %d: expected %d, got %d", d, want[d], *v)
			}
		}
		if !slices.Equal(days, slices.Sorted(maps.Keys(want))) {
			t.Fatalf("expected the days of %v in order, got %v", want, days)
		}
	}
}
