package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// synthetic yields n rows over the given number of repositories, by time, and
// then err if it is not nil.
func synthetic(repos int, n int64, err error) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		rows := &history.Rows{}
		for i := range repos {
			rows.Repos = append(rows.Repos, history.RepoTotal{
				Repo:  history.Repo{Type: history.Model, Name: fmt.Sprintf("organisation/some-model-%06d", i)},
				Total: int64(i) * 1000,
			})
		}
		day, repo := history.Day(0), 0
		for left := n; left > 0; left-- {
			rows.Append(uint32(repo), day, int64(repo)*7919%10007)
			if repo++; repo == repos {
				repo, day = 0, day+1
			}
			if rows.Len() == history.BlockRows || left == 1 {
				if !yield(rows, nil) {
					return
				}
				rows.Reset()
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// streaming returns a store whose records are seq.
func streaming(seq history.RowSeq) failing {
	return failing{records: func(context.Context, history.RecordsQuery) history.RowSeq { return seq }}
}

// TestBrokenExport lets a stream fail after more rows than are held back.
func TestBrokenExport(t *testing.T) {
	srv := serve(t, streaming(synthetic(10_000, 280_000, errSecret)), Options{})
	for _, format := range []string{"csv", "jsonl", "parquet"} {
		for _, encoding := range []string{"gzip", "identity"} {
			req, _ := http.NewRequest(http.MethodGet, srv.URL+recordsRoute+"?format="+format, nil)
			req.Header.Set("Accept-Encoding", encoding)
			resp, err := srv.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusOK || err == nil {
				t.Errorf("%s, %s: expected the body to break off, got %d, %d bytes, %v", format, encoding, resp.StatusCode, n, err)
			}
		}
	}
}

// TestBrokenExportHTTP10 does so for a proxy that takes the end of the
// connection for the end of the body.
func TestBrokenExportHTTP10(t *testing.T) {
	f := func(target string, rowErr error, header string, complete bool) {
		t.Helper()
		srv := serve(t, streaming(synthetic(10, 300_000, rowErr)), Options{})
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "GET %s HTTP/1.0\r\n%s\r\n", target, header)
		n, err := io.Copy(io.Discard, conn)
		if (err == nil) != complete {
			t.Errorf("%s %q: expected a complete answer: %v; got %d bytes and %v", target, header, complete, n, err)
		}
	}
	f(recordsRoute, errSecret, "", false)
	f(recordsRoute, errSecret, "Accept-Encoding: gzip\r\n", false)
	f(recordsRoute, nil, "", true)
}

// TestHTTP2 lets an export over HTTP/2 come whole, and another break off.
func TestHTTP2(t *testing.T) {
	f := func(rowErr error, complete bool) {
		t.Helper()
		srv := httptest.NewUnstartedServer(New(streaming(synthetic(10, 300_000, rowErr)), Options{StallTimeout: time.Minute}))
		srv.EnableHTTP2 = true
		srv.StartTLS()
		defer srv.Close()
		c, err := NewClient(srv.URL, srv.Client(), ClientOptions{})
		if err != nil {
			t.Fatal(err)
		}
		resp, err := srv.Client().Head(srv.URL + recordsRoute)
		if err != nil || resp.ProtoMajor != 2 {
			t.Fatalf("expected HTTP/2, got %v, %v", resp, err)
		}
		resp.Body.Close()
		got, err := history.Collect(c.Records(t.Context(), history.RecordsQuery{}))
		if (err == nil) != complete || complete && len(got) != 300_000 {
			t.Errorf("expected a complete answer: %v; got %d rows and %v", complete, len(got), err)
		}
	}
	f(nil, true)
	f(errSecret, false)
}

// TestFailureBeforeTheFirstByte is of a stream that fails while its beginning
// is still held back.
func TestFailureBeforeTheFirstByte(t *testing.T) {
	c := clientOf(t, streaming(synthetic(10, 100, errSecret)))
	_, err := history.Collect(c.Records(context.Background(), history.RecordsQuery{}))
	var e *Error
	if !errors.As(err, &e) || e.Status != http.StatusInternalServerError || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("expected an answer of 500 without what the store says, got %v", err)
	}
}

// TestClientGoes ends the stream of the store when the client has gone.
func TestClientGoes(t *testing.T) {
	before := runtime.NumGoroutine()
	ended := make(chan struct{}, 1)
	store := failing{records: func(ctx context.Context, q history.RecordsQuery) history.RowSeq {
		return func(yield func(*history.Rows, error) bool) {
			defer func() { ended <- struct{}{} }()
			synthetic(10, 1<<62, nil)(yield)
		}
	}}
	srv := serve(t, store, Options{})
	waitFor := func(what string) {
		t.Helper()
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			t.Fatalf("the stream goes on after %s", what)
		}
	}
	for _, encoding := range []string{"gzip", "identity"} {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+recordsRoute, nil)
		req.Header.Set("Accept-Encoding", encoding)
		resp, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, resp.Body, 100_000); err != nil {
			t.Fatal(err)
		}
		cancel()
		waitFor("the end of a request, " + encoding)
		resp.Body.Close()
	}

	// The same through the client: the loop is left, or its context ends.
	c, err := NewClient(srv.URL, srv.Client(), ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for range c.Records(context.Background(), history.RecordsQuery{}) {
		break
	}
	waitFor("the end of a loop")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var last error
	for _, last = range c.Records(ctx, history.RecordsQuery{}) {
		cancel()
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("expected %v, got %v", context.Canceled, last)
	}
	waitFor("the end of a context")

	srv.Close()
	srv.Client().CloseIdleConnections()
	for deadline := time.Now().Add(30 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			t.Fatalf("expected %d goroutines, got %d:\n%s", before, runtime.NumGoroutine(), buf[:runtime.Stack(buf, true)])
		}
	}
}

// TestLeavingAStalledStream leaves the loop while the exporter sends nothing.
func TestLeavingAStalledStream(t *testing.T) {
	store := failing{records: func(ctx context.Context, q history.RecordsQuery) history.RowSeq {
		return func(yield func(*history.Rows, error) bool) {
			for rows := range synthetic(10, 500_000, nil) {
				if !yield(rows, nil) {
					return
				}
			}
			<-ctx.Done()
			yield(nil, ctx.Err())
		}
	}}
	c := clientOf(t, store)
	for _, err := range c.Records(t.Context(), history.RecordsQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
}

// TestStalledClient drops a client that asks for an export and takes nothing.
func TestStalledClient(t *testing.T) {
	ended := make(chan struct{})
	store := failing{records: func(ctx context.Context, q history.RecordsQuery) history.RowSeq {
		return func(yield func(*history.Rows, error) bool) {
			defer close(ended)
			synthetic(10, 1<<62, nil)(yield)
		}
	}}
	srv := serve(t, store, Options{StallTimeout: 50 * time.Millisecond})
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", recordsRoute)
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Fatal("the export waits for a client that takes nothing")
	}
}

// deadlines is a ResponseWriter that remembers the deadlines set.
type deadlines struct {
	httptest.ResponseRecorder
	set []time.Time
}

func (d *deadlines) SetWriteDeadline(t time.Time) error {
	d.set = append(d.set, t)
	return nil
}

// TestStallTimeoutIsOfOneWrite looks at what is left to the next request of a
// connection.
func TestStallTimeoutIsOfOneWrite(t *testing.T) {
	w := &deadlines{ResponseRecorder: *httptest.NewRecorder()}
	before := time.Now()
	New(storeOf(t, sixRows()), Options{StallTimeout: time.Hour}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, recordsRoute, nil))
	if len(w.set) != 2 || w.set[0].Sub(before) < time.Hour || !w.set[1].IsZero() {
		t.Errorf("expected a deadline in an hour and then none, got %v", w.set)
	}
}

// TestExportMemory streams many rows through a server and looks at the heap.
func TestExportMemory(t *testing.T) {
	const (
		rows  = 800_000
		bound = 32 << 20
	)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for _, format := range []string{"csv", "jsonl", "parquet"} {
		for _, encoding := range []string{"gzip", "identity"} {
			var highest uint64
			srv := serve(t, streaming(func(yield func(*history.Rows, error) bool) {
				blocks := 0
				for block := range synthetic(10_000, rows, nil) {
					if blocks++; blocks%50 == 0 {
						highest = max(highest, heap())
					}
					if !yield(block, nil) {
						return
					}
				}
			}), Options{})
			runtime.GC() // what pools hold goes with the second one
			idle := heap()
			req, _ := http.NewRequest(http.MethodGet, srv.URL+recordsRoute+"?format="+format, nil)
			req.Header.Set("Accept-Encoding", encoding)
			resp, err := srv.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if err != nil || n == 0 {
				t.Fatal(n, err)
			}
			grown := int64(highest) - int64(idle)
			t.Logf("%s, %s: %d bytes, %.1f MB above idle", format, encoding, n, float64(grown)/(1<<20))
			if highest == 0 || grown > bound {
				t.Errorf("%s, %s: expected at most %d MB above idle, got %d MB", format, encoding, bound>>20, grown>>20)
			}
		}
	}
}
