package connection

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
)

const (
	// jitter is the part by which pauses vary to either side, so that the data
	// sources of many do not ask at once.
	jitter = 0.1
	// firstRetry is how long after a first failure the next try begins; the pause
	// doubles up to the refresh interval.
	firstRetry = time.Minute
)

func jittered(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (1 + jitter*(2*rand.Float64()-1)))
}

// newRetry returns the pauses after failures.
func newRetry(interval time.Duration) backoff.BackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.Multiplier, b.RandomizationFactor, b.MaxInterval = firstRetry, 2, jitter, interval
	return b
}

// start begins to load, at the first call.
func (c *hubConnection) start() {
	c.begin.Do(func() {
		c.set(func(s *state) { s.loading, s.since = true, time.Now() })
		c.ended.Go(c.run)
	})
}

// run loads again and again, until the connection is closed.
func (c *hubConnection) run() {
	retry := newRetry(c.refresh)
	for {
		c.set(func(s *state) {
			s.loading, s.since, s.next = true, time.Now(), time.Time{}
			select {
			case <-c.wake:
			default:
			}
		})
		wait := c.once(retry)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-c.wake:
			timer.Stop()
		case <-c.ctx.Done():
			timer.Stop()
			return
		}
	}
}

// once loads once, makes known how that went and returns how long to wait.
func (c *hubConnection) once(retry backoff.BackOff) time.Duration {
	began := time.Now()
	table, err := c.load(c.ctx, c.now().table)
	if c.ctx.Err() != nil {
		return 0
	}
	now := time.Now()
	took := now.Sub(began).Round(time.Millisecond)
	if err != nil {
		err = c.explain(err)
		wait := min(max(retry.NextBackOff(), retryAfter(err)), c.refresh)
		c.set(func(s *state) { s.loading, s.err, s.failed, s.next = false, err, now, now.Add(wait) })
		c.log.Error("Loading the downloads from the Hub failed; what was loaded before is shown on", "duration", took, "next", wait.Round(time.Second), "error", err)
		return wait
	}
	retry.Reset()
	wait := jittered(c.refresh)
	c.set(func(s *state) {
		s.loading, s.err, s.next = false, nil, now.Add(wait)
		s.table, s.collected = table, began
	})
	c.log.Info("Loaded the downloads from the Hub", "duration", took, "next", wait.Round(time.Second),
		"repos", table.NumRepos(), "records", table.NumRecords(), "bytes", table.MemoryBytes())
	return wait
}

// retryAfter is how long the Hub asked to wait, 0 if it did not.
func retryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*hub.Error](err); ok {
		return e.RetryAfter
	}
	return 0
}
