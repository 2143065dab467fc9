package server

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync"
)

// pipes is a network listener whose connections are in memory, so that their time
// is that of the test.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) dial() net.Conn {
	here, there := net.Pipe()
	p.conns <- there
	return here
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// newTestServer returns a server of the default configuration.
func newTestServer(t *testing.T, pprof bool) *Server {
	t.Helper()
	s, err := New(Options{
		Load:  func() (*config.Config, error) { return config.Default(), nil },
		Shard: hubsync.Shard{Count: 1}, Pprof: pprof, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Who sends slowly, or takes nothing, does not hold a connection for long.
func TestSlowClients(t *testing.T) {
	f := func(name, send string, read bool, within time.Duration, want string) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := newTestServer(t, false).httpServer()
				l := newPipes()
				served := make(chan error, 1)
				go func() { served <- srv.Serve(l) }()
				conn := l.dial()
				begin := time.Now()
				go func() { _, _ = io.WriteString(conn, send) }()
				var got []byte
				if read {
					got, _ = io.ReadAll(conn) // until the server closes it
				} else {
					time.Sleep(within + time.Second)
					got, _ = io.ReadAll(conn) // what is left
				}
				if d := time.Since(begin); read && (d < within-time.Second || d > within+time.Second) {
					t.Errorf("the connection was closed after %s, expected about %s", d, within)
				}
				if !strings.Contains(string(got), want) || want == "" && len(got) > 0 {
					t.Errorf("got %q, want %q", got, want)
				}
				conn.Close()
				srv.Close()
				<-served
			})
		})
	}
	f("a head that does not end", "GET / HTTP/1.1\r\nHost: h\r\nX-A: ", true, readHeaderTimeout, "")
	f("a body that does not come", "POST /-/reload HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nx", true, bodyTimeout, "408 Request Timeout")
	f("chunks that do not come", "GET /api/v1/status HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", true, bodyTimeout, `{"error":"expected the body`)
	f("a connection left alone", "GET /-/healthy HTTP/1.1\r\nHost: h\r\n\r\n", true, idleTimeout, "is running")
	f("an answer that nobody takes", "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n", false, stallTimeout, "")
	f("a body that is too large", "POST /-/reload HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("x", maxBody+1), true, 500*time.Millisecond, "413 Request Entity Too Large")
	f("a head that is too large", "GET / HTTP/1.1\r\nHost: h\r\nX-A: "+strings.Repeat("x", 2*maxHeaderBytes)+"\r\n\r\n", true, 500*time.Millisecond, "431 Request Header Fields Too Large")
}

// A body that comes is no reason to refuse, and the connection serves on.
func TestBodiesAreTaken(t *testing.T) {
	s := httptest.NewServer(newTestServer(t, false).Handler())
	defer s.Close()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	for range 3 {
		fmt.Fprintf(conn, "POST /-/reload HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", maxBody, strings.Repeat("x", maxBody))
		resp, err := http.ReadResponse(in, nil)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%v, %v", resp, err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
	}
}

// A long answer comes whole, in pieces.
func TestLongAnswers(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 3*writeChunk/16) + "end"
	s := httptest.NewServer(guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n, err := io.WriteString(w, long); n != len(long) || err != nil {
			t.Errorf("wrote %d of %d, %v", n, len(long), err)
		}
		if n, err := w.Write(nil); n != 0 || err != nil {
			t.Errorf("wrote %d of nothing, %v", n, err)
		}
	})))
	defer s.Close()
	resp, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, err := io.ReadAll(resp.Body); err != nil || string(got) != long {
		t.Errorf("got %d bytes of %d, %v", len(got), len(long), err)
	}
}

// ask lets a server answer without a network.
func ask(s *Server, method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

// A page of another site cannot make a browser change anything here.
func TestCrossSiteRequests(t *testing.T) {
	s := newTestServer(t, true)
	f := func(method, path string, want int, header ...string) {
		t.Helper()
		w := ask(s, method, path, header...)
		if w.Code != want || want == http.StatusForbidden && !strings.Contains(w.Body.String(), "expected POST from the same origin") {
			t.Errorf("%s %s with %q: got %d, want %d\n%s", method, path, header, w.Code, want, w.Body)
		}
	}
	const reload = "/-/reload"
	f("POST", reload, 200)
	f("POST", reload, 200, "Sec-Fetch-Site", "same-origin", "Origin", "http://example.com")
	f("POST", reload, 200, "Sec-Fetch-Site", "none")
	f("POST", reload, 200, "Origin", "http://example.com") // the host of the request
	f("POST", reload, 403, "Sec-Fetch-Site", "cross-site")
	f("POST", reload, 403, "Sec-Fetch-Site", "same-site", "Origin", "http://example.com")
	f("POST", reload, 403, "Origin", "http://evil.example")
	f("POST", reload, 403, "Origin", "null")
	f("POST", "/debug/pprof/symbol", 403, "Origin", "http://evil.example")
	f("GET", "/-/healthy", 200, "Sec-Fetch-Site", "cross-site") // a link
	f("GET", reload, 405)
}

// The headers are on what the routes answer and on what is answered before them, as the
// toolkit refuses who has no password.
func TestSecurityHeadersOnEveryAnswer(t *testing.T) {
	f := func(request string, status string, before http.Handler) {
		t.Helper()
		listeners, err := Listen([]string{"127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		l := listeners[0]
		h := newTestServer(t, false).httpServer()
		if before != nil {
			h.Handler = before
		}
		served := make(chan error, 1)
		go func() { served <- h.Serve(l) }()
		defer func() { h.Close(); <-served }()
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		go func() { _, _ = io.WriteString(conn, request+"Host: h\r\nConnection: close\r\n\r\n") }()
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || !strings.HasPrefix(resp.Status, status) {
			t.Errorf("%q: got %q, %v, want %s", request, resp.Status, err, status)
		}
		for name, want := range securityHeaders {
			if got := resp.Header.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("%q: the header %s is %q, want %q", request, name, got, want)
			}
		}
	}
	f("GET /-/healthy HTTP/1.1\r\n", "200", nil)
	f("GET /none HTTP/1.1\r\n", "404", nil)
	f("GET //metrics HTTP/1.1\r\n", "307", nil)
	f("GET /-/reload HTTP/1.1\r\n", "405", nil)
	f("OPTIONS * HTTP/1.1\r\n", "400", nil)
	f("GET / HTTP/1.1\r\nX-A: "+strings.Repeat("x", 2*maxHeaderBytes)+"\r\n", "431", nil)
	f("GET / HTTP/9.1\r\n", "505", nil)
	f("GET / HTTP/1.1\r\nno header\r\n", "400", nil)
	f("GET / HTTP/1.1\r\nTransfer-Encoding: x\r\n", "501", nil)
	f("GET /metrics HTTP/1.1\r\n", "401", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
	}))
}

func TestLimiter(t *testing.T) {
	limit := 2
	var log strings.Builder
	l := &limiter{
		limit: func() int { return limit }, what: "exports", status: http.StatusTooManyRequests, retryAfter: 5,
		field: "web.max_exports", log: slog.New(slog.NewTextHandler(&log, nil)),
	}
	entered, leave := make(chan struct{}), make(chan struct{})
	h := l.wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/stay" {
			entered <- struct{}{}
			<-leave
		}
	}))
	ask := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	ended := make(chan struct{})
	for range limit {
		go func() { ask("/stay"); ended <- struct{}{} }()
		<-entered
	}
	refused := func() {
		t.Helper()
		w := ask("/api/v1/records")
		var answer struct{ Error string }
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "5" || w.Header().Get("Content-Type") != "application/json" ||
			json.Unmarshal(w.Body.Bytes(), &answer) != nil || answer.Error != "2 exports are in progress, which is the limit; retry in 5 s" {
			t.Errorf("got %d, %v\n%s", w.Code, w.Header(), w.Body)
		}
		if w := ask("/metrics"); w.Code != http.StatusTooManyRequests || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
			t.Errorf("got %d, %v\n%s", w.Code, w.Header(), w.Body)
		}
	}
	refused()
	refused() // who was refused holds no place
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "Too many exports at once") || !strings.Contains(got, "limit=2 field=web.max_exports") {
		t.Errorf("of four refusals in a row the log says\n%s", got)
	}
	limit = 3
	if w := ask("/x"); w.Code != http.StatusOK {
		t.Errorf("a limit that was raised: got %d", w.Code)
	}
	limit = 0
	if w := ask("/x"); w.Code != http.StatusOK {
		t.Errorf("no limit: got %d", w.Code)
	}
	limit = 2
	leave <- struct{}{}
	<-ended
	if w := ask("/x"); w.Code != http.StatusOK {
		t.Errorf("when one has ended: got %d", w.Code)
	}
	leave <- struct{}{}
	<-ended
	if n := len(l.active); n != 0 {
		t.Errorf("%d are active at the end", n)
	}
}
