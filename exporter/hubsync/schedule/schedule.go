//gosec:disable G115 G404 -- a share of 32 bits; jitter guards nothing

// Package schedule says when the Hub is asked: again and again, soon after a failure, and
// never by all at the same moment.
package schedule

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

const (
	// maxFirst is how long after the start something is asked for first.
	maxFirst = 10 * time.Second
	// jitter is the part by which pauses vary to either side.
	jitter = 0.1
	// firstRetry is the pause after a first failure; it doubles up to the interval.
	firstRetry = time.Minute
)

// Schedule has the pauses between repetitions of one piece of work. Wake may be called from
// any goroutine, the other methods from the one that does the work.
type Schedule struct {
	interval time.Duration
	retries  *backoff.ExponentialBackOff
	asked    time.Time
	wake     chan struct{}
}

// New returns the schedule of work that is done every interval.
func New(interval time.Duration) *Schedule {
	return &Schedule{
		interval: interval,
		retries:  httpx.NewBackOff(min(firstRetry, interval), interval, jitter),
		wake:     make(chan struct{}, 1),
	}
}

// First returns the pause before the first time, which depends on a name, so that not all
// begin at once.
func (s *Schedule) First(name string) time.Duration {
	h := fnv.New32a()
	h.Write([]byte(name))
	return min(time.Duration(uint64(h.Sum32())*uint64(maxFirst)>>32), s.interval)
}

// Asked notes that the Hub is asked now.
func (s *Schedule) Asked() { s.asked = time.Now() }

// UntilDue returns how long it is until the Hub is due to be asked again, 0 if it is due.
func (s *Schedule) UntilDue() time.Duration { return max(s.interval-time.Since(s.asked), 0) }

// Succeeded returns the pause after a success: about the interval.
func (s *Schedule) Succeeded() time.Duration {
	s.retries.Reset()
	return time.Duration(float64(s.interval) * (1 + jitter*(2*rand.Float64()-1)))
}

// Failed returns the pause after a failure. It is at least as long as the server asks to
// wait, but no longer than the interval.
func (s *Schedule) Failed(retryAfter time.Duration) time.Duration {
	return min(max(s.retries.NextBackOff(), retryAfter), s.interval)
}

// Wake ends the pause that goes on, or the next one.
func (s *Schedule) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // it ends anyway
	}
}

// ClearWake takes back a Wake that has not ended a pause yet.
func (s *Schedule) ClearWake() {
	select {
	case <-s.wake:
	default:
	}
}

// Wait pauses for d or until Wake, and reports whether the work goes on: false once ctx
// has ended.
func (s *Schedule) Wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
	case <-s.wake:
	}
	return true
}
