package victoria

import (
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestPlaces(t *testing.T) {
	const last = history.Day(20000)
	f := func(d history.Day, n seq, era int) {
		t.Helper()
		ms, label := place(d, last, n)
		if (label != "") != (era > 0) {
			t.Errorf("day %d: expected era %d, got %q", d, era, label)
		}
		if ms >= (int64(last)+1)*msPerDay {
			t.Errorf("day %d: expected a time that the engine takes, got %d", d, ms)
		}
		if gotDay, gotSeq := placed(ms, era); gotDay != d || gotSeq != n {
			t.Errorf("day %d, number %d: came back as day %d, number %d", d, n, gotDay, gotSeq)
		}
	}
	f(0, 1, 0)
	f(last, maxSeq, 0)
	f(last+1, 1, 1)
	f(2*eraDays, maxSeq, 2)
	f(history.MaxDay, maxSeq, int(history.MaxDay)/eraDays)
}

func TestWide(t *testing.T) {
	f := func(want int64, add ...int64) {
		t.Helper()
		var s wide
		for _, v := range add {
			s.add(v, 1)
		}
		if got := s.count(); got != want {
			t.Errorf("sum of %d: expected %d, got %d", add, want, got)
		}
		for _, v := range add[1:] {
			s.add(v, -1)
		}
		if got := s.count(); got != add[0] {
			t.Errorf("expected %d to be left of %d, got %d", add[0], add, got)
		}
	}
	const most = 1<<63 - 1
	f(0, 0)
	f(1<<33-2, 1<<32-1, 1<<32-1)
	f(most, most)
	f(most, most-1, 1)
	f(most, 1, most)
	f(most, most, most, most)
}
