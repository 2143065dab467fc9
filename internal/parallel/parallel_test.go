package parallel

import (
	"errors"
	"io"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
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

// TestAhead leaves loops in all ways; the bubble of synctest fails if a goroutine stays.
func TestAhead(t *testing.T) {
	f := func(leaveAt, want int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			n := 0
			for v := range Ahead(func(yield func(int) bool) {
				for i := 0; i < 10 && yield(i); i++ {
				}
			}, 2) {
				if v != n {
					t.Errorf("expected %d, got %d", n, v)
				}
				if n++; n == leaveAt {
					break
				}
			}
			if n != want {
				t.Errorf("left at %d: expected %d elements, got %d", leaveAt, want, n)
			}
		})
	}
	f(0, 10)
	f(1, 1)
	f(9, 9)
	f(10, 10)
}

func TestWriter(t *testing.T) {
	f := func(fails int, want error) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			var got []byte
			calls := 0
			w := NewWriter(writerFunc(func(b []byte) (int, error) {
				if calls++; calls == fails {
					return 0, want
				}
				got = append(got, b...)
				return len(b), nil
			}), 8)
			var text, all []byte
			var err error
			for i := byte('a'); i < 'k' && err == nil; i++ {
				text = append(text[:0], i)
				all = append(all, i)
				text, err = w.Swap(text)
			}
			if e := w.Close(); err == nil {
				err = e
			}
			if !errors.Is(err, want) {
				t.Errorf("expected the error %v, got %v", want, err)
			}
			if want == nil && string(got) != string(all) {
				t.Errorf("expected %q, got %q", all, got)
			}
		})
	}
	f(0, nil)
	f(1, io.ErrClosedPipe)
	f(5, io.ErrClosedPipe)
	f(10, io.ErrClosedPipe)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
