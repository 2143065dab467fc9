package server

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/apitest"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// TestBrokenExport lets a stream fail after more rows than are held back.
func TestBrokenExport(t *testing.T) {
	srv := serve(t, apitest.Streaming(apitest.Synthetic(10_000, 280_000, apitest.ErrSecret)), Options{})
	for _, format := range []string{"csv", "jsonl", "parquet"} {
		for _, encoding := range []string{"gzip", "identity"} {
			req, _ := http.NewRequest(http.MethodGet, srv.URL+wire.RecordsRoute+"?format="+format, nil)
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
		srv := serve(t, apitest.Streaming(apitest.Synthetic(10, 300_000, rowErr)), Options{})
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
	f(wire.RecordsRoute, apitest.ErrSecret, "", false)
	f(wire.RecordsRoute, apitest.ErrSecret, "Accept-Encoding: gzip\r\n", false)
	f(wire.RecordsRoute, nil, "", true)
}

// TestStalledClient drops a client that asks for an export and takes nothing.
func TestStalledClient(t *testing.T) {
	ended := make(chan struct{})
	store := apitest.Failing{Rows: func(ctx context.Context, q history.RecordsQuery) history.RowSeq {
		return func(yield func(*history.Rows, error) bool) {
			defer close(ended)
			apitest.Synthetic(10, 1<<62, nil)(yield)
		}
	}}
	srv := serve(t, store, Options{StallTimeout: 50 * time.Millisecond})
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", wire.RecordsRoute)
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
	New(apitest.StoreOf(t, apitest.SixRows()), Options{StallTimeout: time.Hour}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, wire.RecordsRoute, nil))
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
			srv := serve(t, apitest.Streaming(func(yield func(*history.Rows, error) bool) {
				blocks := 0
				for block := range apitest.Synthetic(10_000, rows, nil) {
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
			req, _ := http.NewRequest(http.MethodGet, srv.URL+wire.RecordsRoute+"?format="+format, nil)
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
