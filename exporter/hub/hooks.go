package hub

import (
	"strconv"
	"time"
)

// Hooks are called as a Client works, for metrics. Each may be nil; each may be
// called from several goroutines at once and must not block.
type Hooks struct {
	// Request is called after each request, repetitions included.
	Request func(RequestDone)
	// RateLimit is called for each answer of the endpoint that tells its limit.
	RateLimit func(RateLimit)
}

// RequestDone is a request that was answered or failed.
type RequestDone struct {
	Route Route
	// Status is that of the answer, 0 if none came.
	Status int
	// Latency runs until the head of the answer came, redirects included, or
	// until the failure.
	Latency time.Duration
	// Date is the time by the clock of who answered, in whole seconds; zero if
	// it was not told.
	Date time.Time
}

// Code returns the status as a metric's label, "none" if no answer came.
func (r RequestDone) Code() string {
	if r.Status == 0 {
		return "none"
	}
	return strconv.Itoa(r.Status)
}
