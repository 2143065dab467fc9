package hub

import (
	"testing"
	"time"
)

func TestBucket(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	limit := func(remaining, limit int64, reset, window int) RateLimit {
		return RateLimit{
			Bucket: "api", Remaining: remaining, Limit: limit,
			Reset: time.Duration(reset) * time.Second, Window: time.Duration(window) * time.Second,
		}
	}
	// f takes from a bucket until it makes wait, and checks how many it gave and
	// for how long it then holds back.
	f := func(b *bucket, now time.Time, taken int, wait time.Duration) {
		t.Helper()
		for n := range 100 {
			if got := b.reserve(now); got != 0 {
				if n != taken || got != wait {
					t.Errorf("expected %d requests and a wait of %s, got %d and %s", taken, wait, n, got)
				}
				return
			}
			b.inFlight = 0 // answered at once
		}
		if taken != 100 {
			t.Errorf("expected %d requests, got no end of them", taken)
		}
	}

	f(&bucket{}, at(0), 100, 0) // nothing is known

	var b bucket
	b.observe(limit(3, 0, 60, 0), at(0)) // no limit told: nothing to spread by
	f(&b, at(0), 3, 61*time.Second)
	f(&b, at(59), 0, 2*time.Second)
	f(&b, at(61), 100, 0) // the window is over, the next one not known

	b = bucket{}
	b.observe(limit(25, 20, 60, 300), at(0))
	f(&b, at(0), 24, 30500*time.Millisecond) // the first of the last two goes, the other in the middle of the rest
	f(&b, at(30.5), 1, 30500*time.Millisecond)
	f(&b, at(61), 19, 299*time.Second/2+500*time.Millisecond) // the next window: 20, of which two are spread
	f(&b, at(61+300*10), 19, 299*time.Second/2+500*time.Millisecond)

	// The lower number holds within a window, the told one in a new window.
	b = bucket{}
	b.observe(limit(50, 100, 60, 300), at(0))
	for range 20 {
		b.reserve(at(0))
	}
	b.observe(limit(45, 100, 59, 300), at(1)) // 15 are on the way still
	if b.remaining != 30 {
		t.Errorf("expected 30 left, got %d", b.remaining)
	}
	b.observe(limit(20, 100, 57, 300), at(3)) // others used some
	if b.remaining != 20 {
		t.Errorf("expected 20 left, got %d", b.remaining)
	}
	b.inFlight = 5
	b.observe(limit(99, 100, 300, 300), at(61))
	if b.remaining != 94 {
		t.Errorf("expected 94 left, got %d", b.remaining)
	}

	b = bucket{paused: at(10)}
	f(&b, at(4), 0, 6*time.Second)
	f(&b, at(10), 100, 0)
}

func TestLimiterForgetsNoBucket(t *testing.T) {
	l := NewLimiters().limiter(Endpoint{}, Token{})
	for i := range 100 {
		done, wait, err := l.acquire(t.Context(), RouteModels, 0, func(time.Duration) {})
		if wait != 0 || err != nil {
			t.Fatal(wait, err)
		}
		done(RateLimit{Bucket: string(rune('a'+i%26)) + string(rune('a'+i/26)), Remaining: 1000, Reset: time.Minute}, true)
	}
	if len(l.buckets) > maxBuckets {
		t.Errorf("expected at most %d buckets, got %d", maxBuckets, len(l.buckets))
	}
}
