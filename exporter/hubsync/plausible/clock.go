package plausible

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

const (
	// maxOffset is how far our clock may be from the Hub's before a log line says so.
	maxOffset = 5 * time.Minute
	// maxAhead is how far the Hub's may be ahead and be believed.
	maxAhead = 24 * time.Hour
)

// firstCounts is when the Hub's histories begin: no answer with counts is older.
var firstCounts = time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)

// Clock has the Hub's time: ours, put right by what the Hub's answers said last. What is
// collected is dated by it, so that a clock of ours that is wrong, or jumps, dates nothing
// into a wrong day.
//
// An answer that is dated in the past is one of that past: a cache may have kept it. One
// that is dated more than a day ahead is implausible, unless our clock is proven wrong.
type Clock struct {
	// Local is our clock.
	Local func() time.Time
	// Built is when the program was made, zero if not known: a clock that is before that
	// is wrong.
	Built time.Time
	log   *slog.Logger

	mu     sync.Mutex
	said   time.Time // by the last answer
	offset time.Duration
	warned bool
}

// NewClock returns a clock that trusts ours until Set.
func NewClock(log *slog.Logger) *Clock { return &Clock{Local: time.Now, Built: built(), log: log} }

// built returns the time of the commit that the program was built from.
func built() time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return time.Time{}
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			at, _ := time.Parse(time.RFC3339, s.Value) // the zero time if it is none
			return at
		}
	}
	return time.Time{}
}

// Set notes the time that an answer of the Hub named, just now. The zero time is none.
func (c *Clock) Set(date time.Time) {
	if date.IsZero() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said, c.offset = date, date.Sub(c.local())
	if c.offset.Abs() <= maxOffset {
		c.warned = false
		return
	}
	if !c.warned {
		c.warned = true
		c.log.Warn("The clocks of this machine and of the Hub differ", "offset", c.offset.Round(time.Second))
	}
}

// local returns our time by the wall clock: the monotonic one does not jump.
func (c *Clock) local() time.Time { return c.Local().Round(0).UTC() }

// Now returns the time by which the last answer is dated. newest returns the newest time of
// what is stored, zero if nothing is; it is asked only if that matters. If the Hub's time is
// implausible, the time is ours, for those who believe the answer all the same; d remembers it.
func (c *Clock) Now(d *Doubt, newest func() time.Time) (time.Time, *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ours := c.local()
	date := ours.Add(c.offset)
	if c.offset.Abs() <= maxAhead || c.offset < 0 && !date.Before(firstCounts) {
		*d = Doubt{}
		return date, nil
	}
	wrong := func(least time.Time) bool { return c.offset > 0 && ours.Before(least) }
	if wrong(c.Built) || wrong(newest().Add(-maxAhead)) {
		*d = Doubt{}
		return date, nil
	}
	what := fmt.Sprintf("expected a response dated about %s (this machine's clock), got one dated %s", ours.Format(layout), c.said.UTC().Format(layout))
	return ours, d.doubt(ReasonTime, what, ours, c.offset.Seconds())
}

// Offset returns by how much the Hub's clock is ahead of ours, as its last answer said.
func (c *Clock) Offset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}
