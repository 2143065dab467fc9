package memtable

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// parallel runs work on every processor. Each call of next hands out another part
// from..to of 0..n, until there is none.
func parallel(n int, work func(next func() (from, to int, ok bool))) {
	const part = 64
	var taken atomic.Int64
	next := func() (int, int, bool) {
		to := int(taken.Add(part))
		from := to - part
		return from, min(to, n), from < n
	}
	var done sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (n+part-1)/part) {
		done.Go(func() { work(next) })
	}
	done.Wait()
}
