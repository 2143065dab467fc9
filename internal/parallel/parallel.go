// Package parallel spreads work over all processors.
package parallel

import (
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
)

// Run cuts 0..n into parts of the given size and calls work on every processor, each
// with an iterator over the parts (from, to) that no other call has got. It returns
// when all calls have.
func Run(n, size int, work func(parts iter.Seq2[int, int])) {
	var next atomic.Int64
	parts := func(yield func(from, to int) bool) {
		for {
			to := int(next.Add(int64(size)))
			if from := to - size; from >= n || !yield(from, min(to, n)) {
				return
			}
		}
	}
	var done sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (n+size-1)/size) {
		done.Go(func() { work(parts) })
	}
	done.Wait()
}
