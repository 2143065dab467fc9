package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// endless answers without end.
var endless = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	for b := make([]byte, 4*writeChunk); ; {
		if _, err := w.Write(b); err != nil {
			return
		}
	}
})

// served serves a handler below guard to clients of the test's own time until f returns.
func served(t *testing.T, h http.Handler, f func(l *pipes)) {
	synctest.Test(t, func(*testing.T) {
		srv := &http.Server{Handler: guard(h)}
		l := newPipes()
		done := make(chan error, 1)
		go func() { done <- srv.Serve(l) }()
		f(l)
		srv.Close()
		<-done
	})
}

// take asks for a path and reads so many bytes each second, up to most, until there are no
// more or the answer breaks off.
func take(l *pipes, header string, rate, most int64) (n int64, took time.Duration) {
	conn := l.dial()
	defer conn.Close()
	go fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n", header)
	begin := time.Now()
	for n < most {
		m, err := io.CopyN(io.Discard, conn, rate)
		if n += m; err != nil {
			break
		}
		time.Sleep(time.Second)
	}
	return n, time.Since(begin)
}

// Who takes too little in a second does not hold an answer for long, who takes enough may
// take as long as it likes, and a scrape ends when nobody waits for it any more.
func TestPace(t *testing.T) {
	f := func(name string, h http.Handler, header string, rate, most int64, from, to time.Duration) {
		t.Run(name, func(t *testing.T) {
			served(t, h, func(l *pipes) {
				if n, took := take(l, header, rate, most); took < from || took > to {
					t.Errorf("the answer ended after %d bytes and %s, expected %s to %s", n, took, from, to)
				}
			})
		})
	}
	const minute = time.Minute
	f("3 KiB a second", endless, "", 3<<10, 1<<40, rateGrace, 2*rateGrace)
	f("1 byte a second", endless, "", 1, 1<<40, rateGrace, rateGrace+time.Second)
	f("12 KiB a second", endless, "", 12<<10, 1<<40, rateGrace, 5*rateGrace)
	f("20 KiB a second", endless, "", 20<<10, 20<<20, 1024*time.Second, 1025*time.Second)
	f("a scrape", timed(endless), "", 1<<20, 1<<40, scrapeTimeout, scrapeTimeout+time.Second)
	f("a scrape that waits for 5 s", timed(endless), "X-Prometheus-Scrape-Timeout-Seconds: 5\r\n", 1<<20, 1<<40, 5*time.Second, 6*time.Second)
	f("a scrape that waits for an hour", timed(endless), "X-Prometheus-Scrape-Timeout-Seconds: 3600\r\n", 1<<20, 1<<40, maxScrapeTimeout, maxScrapeTimeout+time.Second)
	f("a scrape that waits for ever", timed(endless), "X-Prometheus-Scrape-Timeout-Seconds: +Inf\r\n", 1<<20, 1<<40, maxScrapeTimeout, maxScrapeTimeout+time.Second)
	f("a scrape that waits for none", timed(endless), "X-Prometheus-Scrape-Timeout-Seconds: NaN\r\n", 1<<20, 1<<40, scrapeTimeout, scrapeTimeout+time.Second)
	f("a whole minute at a good rate", endless, "", 2<<20, 120<<20, minute, minute+time.Second)
}

// The place of the slowest client goes to one that asks; quick ones keep theirs.
func TestSlowClientsGiveWay(t *testing.T) {
	l := &limiter{limit: func() int { return 3 }, what: "scrapes", field: "web.max_requests", status: 503, retryAfter: 1, slow: slowAnswer, log: slog.New(slog.DiscardHandler)}
	short := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/quick" {
			_, _ = io.WriteString(w, "here")
			return
		}
		endless(w, r)
	})
	served(t, l.wrap(short), func(p *pipes) {
		ended := make(chan int64, 3)
		for _, rate := range []int64{40 << 10, 30 << 10, 4 << 20} {
			go func() { _, _ = take(p, "", rate, 10*rate); ended <- rate }()
		}
		time.Sleep(5 * time.Second)
		for range 2 {
			conn := p.dial()
			go fmt.Fprint(conn, "GET /quick HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || resp.StatusCode != http.StatusOK {
				t.Fatalf("got %v, %v", resp, err)
			}
			conn.Close()
		}
		// The second needs no place of another.
		if first := <-ended; first != 30<<10 {
			t.Errorf("the client of %d bytes a second gave way", first)
		}
		if n, _ := l.held(); n != 2 {
			t.Errorf("%d are active", n)
		}
		<-ended
		<-ended
	})
}

// An export is not broken off for others while its client reads nothing for some seconds, by
// any limit, and they hear so at once; later its place is theirs.
func TestExportsKeepTheirPlaces(t *testing.T) {
	limit := func(slow slowness) *limiter {
		return &limiter{limit: func() int { return 1 }, what: "exports", status: 429, slow: slow, log: slog.New(slog.DiscardHandler)}
	}
	exports, requests := limit(slowExport), limit(slowAnswer)
	requests.limit = func() int { return 2 }
	served(t, requests.wrap(exports.wrap(endless)), func(p *pipes) {
		var clients sync.WaitGroup
		defer clients.Wait()
		begin := time.Now()
		clients.Go(func() {
			conn := p.dial()
			defer conn.Close()
			go fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			time.Sleep(10 * time.Second)
			if n, err := io.CopyN(io.Discard, conn, 2<<20); err != nil {
				t.Errorf("the first ended after %d bytes: %v", n, err)
			}
			time.Sleep(time.Until(begin.Add(rateGrace - time.Second/2)))
			if n, err := io.CopyN(io.Discard, conn, 2<<20); err != nil {
				t.Errorf("the first ended after 2 MiB and %d bytes: %v", n, err)
			}
		})
		ask := func(h http.Handler, from, to time.Duration, want int) {
			t.Helper()
			time.Sleep(time.Until(begin.Add(from)))
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
			if took := time.Since(begin); w.Code != want || took > to {
				t.Errorf("after %s: got %d, expected %d", took, w.Code, want)
			}
		}
		here := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
		ask(exports.wrap(here), 9*time.Second, 9*time.Second, 429)
		requests.limit = func() int { return 1 }
		ask(requests.wrap(here), 9*time.Second, 20*time.Second, 429)
		ask(exports.wrap(here), 29*time.Second, 29*time.Second, 429)
	})
	exports = limit(slowExport)
	served(t, exports.wrap(endless), func(p *pipes) {
		ended := make(chan struct{})
		go func() { take(p, "", 30<<10, 1<<40); close(ended) }()
		time.Sleep(rateGrace + time.Second)
		w := httptest.NewRecorder()
		exports.wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if w.Code != http.StatusOK {
			t.Errorf("got %d while a client of 30 KiB a second has the place", w.Code)
		}
		<-ended
	})
}

// held returns how many places are taken, and the bytes that are reserved.
func (l *limiter) held() (places int, bytes int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.active), l.reserved
}

// Exports that take much memory wait for slow ones to give theirs back, and are refused
// where these are quick.
func TestReserve(t *testing.T) {
	l := &limiter{
		limit: func() int { return 0 }, memory: func() int64 { return 100 }, what: "exports", field: "web.max_exports", status: 429, retryAfter: 5,
		slow: slowExport, log: slog.New(slog.DiscardHandler),
	}
	got := make(chan bool, 1)
	h := l.wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got <- reserve(r.Context(), 70); r.Header.Get("Stay") != "" {
			endless(w, r)
		}
	}))
	served(t, h, func(p *pipes) {
		var clients sync.WaitGroup
		defer clients.Wait()
		clients.Go(func() { take(p, "Stay: 1\r\n", 2<<20, 60<<20) })
		if !<-got {
			t.Error("the first got no memory")
		}
		time.Sleep(5 * time.Second)
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		if <-got {
			t.Error("the second got the memory of a quick one")
		}
		time.Sleep(2 * time.Minute)
		if _, bytes := l.held(); bytes != 0 {
			t.Errorf("%d bytes are reserved of none", bytes)
		}
		clients.Go(func() { take(p, "Stay: 1\r\n", 30<<10, 60<<20) })
		<-got
		time.Sleep(rateGrace)
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		ok := <-got
		if _, bytes := l.held(); !ok || bytes != 0 {
			t.Errorf("got no memory of a slow one, or %d bytes stay reserved", bytes)
		}
	})
	if !reserve(context.Background(), 1<<40) {
		t.Error("a request without a place is refused")
	}
}
