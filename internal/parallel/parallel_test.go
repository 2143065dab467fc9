package parallel

import (
	"iter"
	"sync/atomic"
	"testing"
)

func TestRun(t *testing.T) {
	f := func(n, size int) {
		t.Helper()
		seen := make([]atomic.Int32, n)
		Run(n, size, func(parts iter.Seq2[int, int]) {
			for from, to := range parts {
				if to-from > size || to <= from || from%size != 0 {
					t.Errorf("a part from %d to %d of %d in parts of %d", from, to, n, size)
				}
				for i := from; i < to; i++ {
					seen[i].Add(1)
				}
			}
		})
		for i := range seen {
			if got := seen[i].Load(); got != 1 {
				t.Errorf("%d of %d in parts of %d: expected it once, got it %d times", i, n, size, got)
			}
		}
	}
	f(0, 1)
	f(1, 1)
	f(1, 64)
	f(1000, 1)
	f(1000, 64)
	f(1024, 64)
}
