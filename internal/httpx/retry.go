package httpx

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Retryable is an error of a request that may succeed when it is sent again.
type Retryable interface {
	error
	// Retry reports whether it may, and how long the server asks to wait, 0 if it does
	// not say.
	Retry() (after time.Duration, ok bool)
}

// Retry says how often and when a failed request is sent again. Pauses double from First
// up to Max, unless the server asks for another one.
type Retry struct {
	First, Max time.Duration
	// Tries bounds how often it is sent, Within when the last try may begin; 0 is no bound.
	Tries  int
	Within time.Duration
	// MaxWait is the longest wait that a server may ask for, 0 for no bound.
	MaxWait time.Duration
	// Notify is called before each pause; it may be nil.
	Notify func(err error, wait time.Duration)
}

// Do calls op until it succeeds, its error is not worth a repetition, or the bounds are
// reached. It returns the result and the error of the last call, or the cause of ctx's
// end where that came during a pause.
func Do[T any](ctx context.Context, r Retry, op func() (T, error)) (T, error) {
	pauses := NewBackOff(r.First, r.Max, backoff.DefaultRandomizationFactor)
	started := time.Now()
	for try := 1; ; try++ {
		result, err := op()
		if err == nil {
			return result, nil
		}
		e, ok := errors.AsType[Retryable](err)
		if !ok || try == r.Tries {
			return result, err
		}
		wait, ok := e.Retry()
		if !ok || r.MaxWait > 0 && wait > r.MaxWait {
			return result, err
		}
		if pause := pauses.NextBackOff(); wait == 0 {
			wait = pause
		}
		if r.Within > 0 && time.Since(started)+wait > r.Within {
			return result, err
		}
		if r.Notify != nil {
			r.Notify(err, wait)
		}
		if err := Sleep(ctx, wait); err != nil {
			return result, err
		}
	}
}

// NewBackOff returns pauses that double from first up to maximum, each varied by the part
// jitter to either side.
func NewBackOff(first, maximum time.Duration, jitter float64) *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval, b.Multiplier, b.RandomizationFactor = first, maximum, 2, jitter
	return b
}

// Sleep waits for d, or returns the cause of ctx's end at once.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// maxRetryAfter bounds a wait that a server asks for, so that no arithmetic on it
// overflows.
const maxRetryAfter = 365 * 24 * time.Hour

// RetryAfter reads the header Retry-After: seconds, or a date, which is compared with the
// answer's own Date where it has one, so that a wrong clock here does no harm. Without
// it, or if it is over, the duration is 0.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.ParseFloat(v, 64); err == nil {
		if !(n > 0) {
			return 0
		}
		return time.Duration(min(n, maxRetryAfter.Seconds()) * float64(time.Second))
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	if sent, err := http.ParseTime(h.Get("Date")); err == nil {
		now = sent
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}
