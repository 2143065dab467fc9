package hub

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

// Limiters keep count of what the Hub still allows, for each endpoint and token.
// Clients that are given the same Limiters share it: all organizations that are
// read with one token, and all that are read without any.
type Limiters struct {
	mu       sync.Mutex
	limiters map[limiterKey]*limiter
}

type limiterKey struct {
	endpoint string
	token    [sha256.Size]byte
}

// NewLimiters returns Limiters that know nothing yet.
func NewLimiters() *Limiters {
	return &Limiters{limiters: map[limiterKey]*limiter{}}
}

func (l *Limiters) limiter(e Endpoint, t Token) *limiter {
	key := limiterKey{endpoint: e.String(), token: t.fingerprint()}
	l.mu.Lock()
	defer l.mu.Unlock()
	m, ok := l.limiters[key]
	if !ok {
		m = &limiter{buckets: map[string]*bucket{}, routes: map[Route]string{}}
		l.limiters[key] = m
	}
	return m
}

// maxBuckets bounds how many buckets a server can make us remember.
const maxBuckets = 16

// limiter holds back the requests of one token.
type limiter struct {
	mu      sync.Mutex
	buckets map[string]*bucket
	routes  map[Route]string // the bucket of a route, once an answer named it
}

// bucketOf returns the bucket of a route. l.mu is held.
func (l *limiter) bucketOf(r Route) *bucket {
	name, ok := l.routes[r]
	if !ok {
		name = r.bucket()
	}
	return l.named(name)
}

func (l *limiter) named(name string) *bucket {
	if l.buckets[name] == nil {
		l.buckets[name] = &bucket{}
	}
	return l.buckets[name]
}

// acquire waits until a request on that route may go. done ends it, with what the answer
// said of the limit, if anything. If the wait took longer than longest in all, acquire
// returns at once how long; nothing was acquired then. waiting is called before each wait.
// Otherwise the error is the cause of ctx's end.
func (l *limiter) acquire(ctx context.Context, r Route, longest time.Duration, waiting func(time.Duration)) (done func(RateLimit, bool), wait time.Duration, err error) {
	started := time.Now()
	for {
		if err := context.Cause(ctx); err != nil {
			return nil, 0, err
		}
		now := time.Now()
		l.mu.Lock()
		b := l.bucketOf(r)
		wait := b.reserve(now)
		l.mu.Unlock()
		if wait <= 0 {
			return func(limit RateLimit, ok bool) { l.release(r, b, limit, ok) }, 0, nil
		}
		if now.Sub(started)+wait > longest {
			return nil, wait, nil
		}
		waiting(wait)
		if err := httpx.Sleep(ctx, wait); err != nil {
			return nil, 0, err
		}
	}
}

// release ends a request that b was asked for.
func (l *limiter) release(r Route, b *bucket, limit RateLimit, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b.inFlight--
	if !ok || l.buckets[limit.Bucket] == nil && len(l.buckets) >= maxBuckets {
		return
	}
	l.routes[r] = limit.Bucket
	l.named(limit.Bucket).observe(limit, time.Now())
}

// pause holds back every request of the route's bucket for d, at most an hour:
// then asking once more is no offence.
func (l *limiter) pause(r Route, d time.Duration) {
	until := time.Now().Add(min(d, maxWindow))
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.bucketOf(r); until.After(b.paused) {
		b.paused = until
	}
}
