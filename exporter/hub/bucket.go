package hub

import "time"

// bucket is what is left of a rate limit: what the last answers said, minus the
// requests since. Until an answer came nothing is known and nothing held back.
type bucket struct {
	known            bool
	limit, remaining int64 // limit is 0 if unknown
	reset            time.Time
	window           time.Duration // 0 if unknown

	inFlight int64     // requests sent and not answered yet
	next     time.Time // when the next may go while few are left
	paused   time.Time // until when none may go, whatever is left
}

// resetMargin is waited beyond the end of a window, which answers round to seconds.
const resetMargin = time.Second

// reserve counts a request and returns 0, or returns how long to wait before asking
// again. While less than a tenth of the limit is left, what is left is spread
// over the rest of the window, so that other users of the token find something.
func (b *bucket) reserve(now time.Time) time.Duration {
	if wait := b.paused.Sub(now); wait > 0 {
		return wait
	}
	b.roll(now)
	if b.known {
		left := b.reset.Add(resetMargin).Sub(now)
		if b.remaining <= 0 {
			return left
		}
		if b.remaining <= b.limit/10 {
			if wait := b.next.Sub(now); wait > 0 {
				return wait
			}
			b.next = now.Add(left / time.Duration(b.remaining))
		}
		b.remaining--
	}
	b.inFlight++
	return 0
}

// roll opens the next window if the known one is over.
func (b *bucket) roll(now time.Time) {
	if !b.known || now.Before(b.reset.Add(resetMargin)) {
		return
	}
	b.next = time.Time{}
	if b.limit == 0 || b.window == 0 {
		b.known = false
		return
	}
	over := now.Sub(b.reset)
	b.reset = b.reset.Add(over - over%b.window + b.window)
	b.remaining = max(b.limit-b.inFlight, 0)
}

// observe applies what an answer said. Within a window the lower number holds:
// the Hub knows of other users of the token, we of requests still on the way.
func (b *bucket) observe(limit RateLimit, now time.Time) {
	reset := now.Add(limit.Reset)
	tolerance := 5 * time.Second
	if limit.Window > 0 {
		tolerance = min(tolerance, limit.Window/4)
	}
	if b.known && reset.Sub(b.reset).Abs() <= tolerance {
		b.remaining = min(b.remaining, limit.Remaining)
	} else {
		b.remaining = max(limit.Remaining-b.inFlight, 0)
		b.next = time.Time{}
	}
	b.known, b.reset = true, reset
	b.limit, b.window = limit.Limit, limit.Window
}
