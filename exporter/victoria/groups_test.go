package victoria

import "testing"

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
