package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/apitest"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/server"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// TestHTTP2 lets an export over HTTP/2 come whole, and another break off.
func TestHTTP2(t *testing.T) {
	f := func(rowErr error, complete bool) {
		t.Helper()
		srv := httptest.NewUnstartedServer(server.New(apitest.Streaming(apitest.Synthetic(10, 300_000, rowErr)), server.Options{StallTimeout: time.Minute}))
		srv.EnableHTTP2 = true
		srv.StartTLS()
		defer srv.Close()
		c, err := New(srv.URL, srv.Client(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		resp, err := srv.Client().Head(srv.URL + wire.RecordsRoute)
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
	f(apitest.ErrSecret, false)
}

// TestFailureBeforeTheFirstByte is of a stream that fails while its beginning
// is still held back.
func TestFailureBeforeTheFirstByte(t *testing.T) {
	c := clientOf(t, apitest.Streaming(apitest.Synthetic(10, 100, apitest.ErrSecret)))
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
	store := apitest.Failing{Rows: func(ctx context.Context, q history.RecordsQuery) history.RowSeq {
		return func(yield func(*history.Rows, error) bool) {
			defer func() { ended <- struct{}{} }()
			apitest.Synthetic(10, 1<<62, nil)(yield)
		}
	}}
	srv := serve(t, store, server.Options{})
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
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+wire.RecordsRoute, nil)
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
	c, err := New(srv.URL, srv.Client(), Options{})
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
	store := apitest.Failing{Rows: func(ctx context.Context, q history.RecordsQuery) history.RowSeq {
		return func(yield func(*history.Rows, error) bool) {
			for rows := range apitest.Synthetic(10, 500_000, nil) {
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
