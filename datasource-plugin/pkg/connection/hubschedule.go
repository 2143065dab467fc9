package connection

import (
	"errors"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
)

// start begins to load, at the first call.
func (c *hubConnection) start() {
	c.begin.Do(func() {
		c.set(func(s *state) { s.loading, s.since = true, time.Now() })
		c.ended.Go(c.run)
	})
}

// run loads again and again, until the connection is closed.
func (c *hubConnection) run() {
	for {
		c.set(func(s *state) {
			s.loading, s.since, s.next = true, time.Now(), time.Time{}
			c.schedule.ClearWake()
		})
		if !c.schedule.Wait(c.ctx, c.once()) {
			return
		}
	}
}

// once loads once, makes known how that went and returns how long to wait.
func (c *hubConnection) once() time.Duration {
	began := time.Now()
	table, err := c.load(c.ctx, c.now().table)
	if c.ctx.Err() != nil {
		return 0
	}
	now := time.Now()
	took := now.Sub(began).Round(time.Millisecond)
	if err != nil {
		err = c.explain(err)
		wait := c.schedule.Failed(retryAfter(err))
		c.set(func(s *state) { s.loading, s.err, s.failed, s.next = false, err, now, now.Add(wait) })
		c.log.Error("Loading the downloads from the Hub failed; what was loaded before is shown on", "duration", took, "next", wait.Round(time.Second), "error", err)
		return wait
	}
	wait := c.schedule.Succeeded()
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
