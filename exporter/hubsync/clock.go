package hubsync

import (
	"log/slog"
	"sync"
	"time"
)

// maxOffset is how far our clock may be from the Hub's before a log line says so.
const maxOffset = 5 * time.Minute

// Clock has the Hub's time: ours, put right by what the Hub's answers said last. What is
// collected is dated by it, so that a clock of ours that is wrong, or jumps, dates nothing
// into a wrong day.
type Clock struct {
	log *slog.Logger
	now func() time.Time

	mu     sync.Mutex
	offset time.Duration
	warned bool
}

// NewClock returns a clock that trusts ours until Set.
func NewClock(log *slog.Logger) *Clock { return &Clock{log: log, now: time.Now} }

// Set puts the clock right by the time that an answer of the Hub named, just now. The zero
// time is none.
func (c *Clock) Set(date time.Time) {
	if date.IsZero() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = date.Sub(c.now().Round(0)) // of the wall clock: the monotonic one does not jump
	if c.offset.Abs() <= maxOffset {
		c.warned = false
		return
	}
	if !c.warned {
		c.warned = true
		c.log.Warn("This machine's clock is far from the Hub's; what is collected is dated by the Hub's", "offset", c.offset.Round(time.Second))
	}
}

// Now returns the Hub's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now().Round(0).Add(c.offset).UTC()
}

// Offset returns by how much the Hub's clock is ahead of ours.
func (c *Clock) Offset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}
