package server

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	// stallTimeout bounds how long a client may read nothing of an answer.
	stallTimeout = 2 * time.Minute
	// writeChunk is how much of an answer has to be read within stallTimeout.
	writeChunk = 64 << 10
	// minRate is how many bytes of an answer a client has to take in a second, on average and
	// apart from rateGrace.
	minRate   = 16 << 10
	rateGrace = 30 * time.Second
	// scrapeTimeout bounds a scrape whose client does not say how long it waits itself, and
	// maxScrapeTimeout what it may say.
	scrapeTimeout    = 30 * time.Second
	maxScrapeTimeout = 2 * time.Minute
)

// slowness is which clients give way to others that want their places: those that take fewer
// bytes in a second than rate, once they were waited for as long as after.
type slowness struct {
	rate  float64
	after time.Duration
}

var (
	slowAnswer = slowness{rate: 1 << 20, after: time.Second / 4}
	// An export begins anew when it was broken off, and somebody waits for it at the end of a
	// slow line: it gives way only after the time that any answer has.
	slowExport = slowness{rate: 8 * minRate, after: rateGrace}
)

var errTooSlow = fmt.Errorf("the client takes its answer too slowly: %w", os.ErrDeadlineExceeded)

// pacedWriter ends an answer that its client takes too slowly. A deadline that is set on it
// bounds the whole answer.
type pacedWriter struct {
	http.ResponseWriter
	control *http.ResponseController

	mu  sync.Mutex
	end time.Time // of the answer, zero for none
	cut bool
	// sent are the bytes that the client took in the time waited, besides the write that
	// goes on since writing.
	sent    int64
	waited  time.Duration
	writing time.Time
	slow    slowness
}

// Write implements http.ResponseWriter, in pieces that have a deadline each.
func (w *pacedWriter) Write(b []byte) (n int, err error) {
	for {
		chunk := b[n:min(n+writeChunk, len(b))]
		if !w.begin() {
			return n, errTooSlow
		}
		var m int
		m, err = w.ResponseWriter.Write(chunk)
		w.done(m)
		if n += m; err != nil || n >= len(b) {
			return n, err
		}
	}
}

// begin notes that a write begins, and reports whether it may.
func (w *pacedWriter) begin() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writing = time.Now()
	return w.limit()
}

// limit sets the deadline of the write that goes on, and reports whether it is in the future.
func (w *pacedWriter) limit() bool {
	left := rateGrace + time.Duration(float64(w.sent)/minRate*float64(time.Second)) - w.waited
	deadline := w.writing.Add(min(stallTimeout, left))
	if !w.end.IsZero() && w.end.Before(deadline) {
		deadline = w.end
	}
	if w.cut {
		deadline = time.Unix(1, 0)
	}
	// Where deadlines are not supported there are none.
	_ = w.control.SetWriteDeadline(deadline)
	return time.Now().Before(deadline)
}

func (w *pacedWriter) done(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent += int64(n)
	w.waited += time.Since(w.writing)
	w.writing = time.Time{}
	if !w.cut {
		// HTTP/2 would end the stream at the deadline even with nothing to write.
		_ = w.control.SetWriteDeadline(time.Time{})
	}
}

// SetWriteDeadline bounds the answer.
func (w *pacedWriter) SetWriteDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.end = t
	if !w.writing.IsZero() {
		w.limit()
	}
	return nil
}

// stop ends the answer at once.
func (w *pacedWriter) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = true
	w.limit()
}

// setSlow says from when on the client is slow.
func (w *pacedWriter) setSlow(s slowness) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.slow = s
}

// rate returns how many bytes in a second the client took, infinitely many if it is not slow.
func (w *pacedWriter) rate() float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	waited := w.waited
	if !w.writing.IsZero() {
		waited += time.Since(w.writing)
	}
	if r := float64(w.sent) / waited.Seconds(); waited >= w.slow.after && r < w.slow.rate {
		return r
	}
	return math.Inf(1)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

type paceKey struct{}

// paceOf returns the writer of a request below guard, nil elsewhere.
func paceOf(ctx context.Context) *pacedWriter {
	w, _ := ctx.Value(paceKey{}).(*pacedWriter)
	return w
}

// timed bounds the time that a scrape takes: whoever scrapes waits no longer, and would read
// a page of the past.
func timed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		timeout := scrapeTimeout
		if s, err := strconv.ParseFloat(r.Header.Get("X-Prometheus-Scrape-Timeout-Seconds"), 64); err == nil && s > 0 {
			timeout = time.Duration(min(s, maxScrapeTimeout.Seconds()) * float64(time.Second))
		}
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(timeout))
		next.ServeHTTP(w, r)
	})
}
