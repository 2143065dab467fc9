package main

import (
	"fmt"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// contestant is one way to do the work of a row.
type contestant struct {
	name string
	// run does the work once. Only it is timed.
	run func() error
	// after, if set, clears away what a run left, for example a file.
	after func() error
}

// timing is what the rounds of a contestant came to, for one run each.
type timing struct {
	name                string
	median, least, most time.Duration
}

// clock tells a time that only grows.
type clock func() time.Duration

var start = time.Now()

// wallTime is the time that passes.
func wallTime() time.Duration { return time.Since(start) }

// cpuTime is what this process has used of all processors, for itself and in
// the kernel.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(fmt.Sprintf("getrusage: %v", err))
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

const (
	// A measurement repeats short runs until it is at least this long, so that
	// neither the clock nor a single interruption decides.
	minMeasured = 100 * time.Millisecond
	maxRepeats  = 1 << 16
)

// race lets the contestants run by turns, for the given number of rounds and a
// first one that is not counted, and returns their times in the same order. By
// turns, so that whatever else slows the machine down meets all of them.
func race(now clock, rounds int, contestants ...contestant) ([]timing, error) {
	repeats := make([]int, len(contestants))
	for i := range contestants {
		d, err := measure(now, &contestants[i], 1)
		if err != nil {
			return nil, err
		}
		repeats[i] = int(min(maxRepeats, 1+minMeasured/max(d, 1)))
		if d >= minMeasured {
			repeats[i] = 1
		}
	}
	times := make([][]time.Duration, len(contestants))
	for range rounds {
		for i := range contestants {
			d, err := measure(now, &contestants[i], repeats[i])
			if err != nil {
				return nil, err
			}
			times[i] = append(times[i], d/time.Duration(repeats[i]))
		}
	}
	out := make([]timing, len(contestants))
	for i, t := range times {
		slices.Sort(t)
		out[i] = timing{name: contestants[i].name, median: (t[(len(t)-1)/2] + t[len(t)/2]) / 2, least: t[0], most: t[len(t)-1]}
	}
	return out, nil
}

// measure returns how long n runs take together.
func measure(now clock, c *contestant, n int) (time.Duration, error) {
	runtime.GC() // what others left is not this one's to sweep
	var total time.Duration
	for range n {
		begin := now()
		err := c.run()
		total += now() - begin
		if err == nil && c.after != nil {
			err = c.after()
		}
		if err != nil {
			return 0, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return total, nil
}

// heapLive returns the bytes of the objects that are reachable.
func heapLive() int64 {
	runtime.GC()
	runtime.GC() // the second one sees what finalizers of the first let go
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
