package victoria

import (
	"iter"
	"maps"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// runDays is how many days lie side by side.
const runDays = 64

// dayRuns has something of days, which mostly follow one another: a map of days, in less
// time. The zero value has nothing; what is the zero value of T is not there.
type dayRuns[T comparable] struct {
	runs map[history.Day]*[runDays]T // by their first day
	// run is the one that was used last.
	first history.Day
	run   *[runDays]T
}

// at returns the place of a day.
func (t *dayRuns[T]) at(d history.Day) *T {
	if first := d - d%runDays; t.run == nil || first != t.first {
		if t.first, t.run = first, t.runs[first]; t.run == nil {
			if t.runs == nil {
				t.runs = make(map[history.Day]*[runDays]T)
			}
			t.run = new([runDays]T)
			t.runs[first] = t.run
		}
	}
	return &t.run[d-t.first]
}

// get returns what there is of a day.
func (t *dayRuns[T]) get(d history.Day) T {
	if run := t.runs[d-d%runDays]; run != nil {
		return run[d%runDays]
	}
	var none T
	return none
}

// all returns what is there, ascending by day.
func (t *dayRuns[T]) all() iter.Seq2[history.Day, *T] {
	return func(yield func(history.Day, *T) bool) {
		var none T
		for _, first := range slices.Sorted(maps.Keys(t.runs)) {
			run := t.runs[first]
			for i := range run {
				if run[i] != none && !yield(first+history.Day(i), &run[i]) {
					return
				}
			}
		}
	}
}
