package server

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// limiter admits as many requests at once as its limits say, which may change. Where there is
// no place left, the slowest client gives its own to one that comes.
type limiter struct {
	limit func() int // 0 is no limit
	// memory bounds what the requests reserve, in bytes; 0 is no bound, and with nil they
	// reserve nothing here.
	memory func() int64
	// what names the requests, field the setting of the limit; status and retryAfter, in
	// seconds, are of the answer to those over it.
	what, field        string
	status, retryAfter int
	// slow is which clients give their places to others.
	slow slowness

	log    *slog.Logger
	logged atomic.Int64 // when a refusal was last logged, in Unix seconds

	mu       sync.Mutex
	active   map[*place]bool
	reserved int64
	freed    chan struct{} // closed when a place was left
}

// place is that of a request in a limiter.
type place struct {
	limiter *limiter
	pace    *pacedWriter // nil: it stays
	bytes   int64
	leaving bool
}

const (
	// logInterval is the time in seconds between two log lines about refused requests.
	logInterval = 60
	// placeTimeout bounds how long a request waits for the place of a slow client.
	placeTimeout = 5 * time.Second
	// placePause is the time between two looks for a client that has become slow.
	placePause = 50 * time.Millisecond
)

type placeKey struct{}

// wrap returns a handler that refuses requests over the limit.
func (l *limiter) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := &place{limiter: l, pace: paceOf(r.Context())}
		if p.pace != nil {
			p.pace.setSlow(l.slow)
		}
		limit := l.limit()
		if !l.take(p, 0, func() bool { return limit <= 0 || len(l.active) < limit }) {
			l.warn("limit", limit, "field", l.field)
			refuse(w, r, l.status, l.retryAfter, fmt.Sprintf("%d %s are in progress, which is the limit; retry in %d s", limit, l.what, l.retryAfter))
			return
		}
		defer l.leave(p)
		if l.memory != nil {
			r = r.WithContext(context.WithValue(r.Context(), placeKey{}, p))
		}
		next.ServeHTTP(w, r)
	})
}

// reserve asks for memory for a request, which it keeps to its end, and reports whether it
// got it. One request alone gets as much as it wants.
func reserve(ctx context.Context, bytes int64) bool {
	p, ok := ctx.Value(placeKey{}).(*place)
	if !ok {
		return true
	}
	l := p.limiter
	most := l.memory()
	ok = l.take(p, bytes, func() bool { return most <= 0 || l.reserved == 0 || l.reserved+bytes <= most })
	if !ok {
		l.warn("limit", most, "field", "web.max_export_bytes")
	}
	return ok
}

// take gives a request its place, or more memory, as soon as there is room.
func (l *limiter) take(p *place, bytes int64, room func() bool) bool {
	timeout := time.After(placeTimeout)
	for {
		l.mu.Lock()
		if room() {
			if l.active == nil {
				l.active, l.freed = make(map[*place]bool), make(chan struct{})
			}
			l.active[p] = true
			p.bytes += bytes
			l.reserved += bytes
			l.mu.Unlock()
			return true
		}
		again := placeTimeout
		switch l.evict(p) {
		case noneSlow:
			again = placePause
		case noneGivesWay:
			l.mu.Unlock()
			return false
		}
		freed := l.freed
		l.mu.Unlock()
		select {
		case <-freed:
		case <-time.After(again):
		case <-timeout:
			return false
		}
	}
}

// eviction is what evict did.
type eviction int

const (
	noneGivesWay eviction = iota // soon enough to wait for it
	noneSlow                     // by now
	evicted
)

// evict ends the answer of the slowest client, whose place will be free then.
func (l *limiter) evict(asks *place) (done eviction) {
	var slowest *place
	least := math.Inf(1)
	for p := range l.active {
		if p.pace == nil || p == asks {
			continue
		}
		if p.leaving || l.slow.after <= placeTimeout {
			done = noneSlow
		}
		if p.leaving {
			continue
		}
		if r := p.pace.rate(); r < least {
			slowest, least = p, r
		}
	}
	if slowest == nil {
		return done
	}
	slowest.leaving = true
	slowest.pace.stop()
	return evicted
}

func (l *limiter) leave(p *place) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.active, p)
	l.reserved -= p.bytes
	close(l.freed)
	l.freed = make(chan struct{})
}

// warn logs a refusal, not more often than each logInterval.
func (l *limiter) warn(args ...any) {
	now, logged := time.Now().Unix(), l.logged.Load()
	if now-logged >= logInterval && l.logged.CompareAndSwap(logged, now) {
		l.log.Warn("Too many "+l.what+" at once: rejecting requests over the limit; raise it, or find the client that sends them", args...)
	}
}
