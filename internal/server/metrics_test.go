package server

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestRequestsAreCounted(t *testing.T) {
	reg := prometheus.NewRegistry()
	m := newMetrics(reg)
	mux := http.NewServeMux()
	handle := func(route string, h http.HandlerFunc) { mux.Handle(route, m.instrument(route, h)) }
	handle("/ok", func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte("x"))
		w.WriteHeader(http.StatusTeapot) // too late
	})
	handle("/empty", func(http.ResponseWriter, *http.Request) {})
	handle("/gone", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusGone)
	})
	handle("/broken", func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte("half"))
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Errorf("flush: %v", err)
		}
		panic(http.ErrAbortHandler)
	})
	srv := httptest.NewUnstartedServer(mux)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of the code that came too late
	srv.Start()
	defer srv.Close()
	for _, path := range []string{"/ok", "/ok", "/empty", "/gone", "/broken"} {
		resp, err := http.Get(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if broken := path == "/broken"; (err != nil) != broken {
			t.Errorf("%s: body ended with %v", path, err)
		}
	}
	srv.Close() // waits for the handlers

	want := `
# HELP huggingface_exporter_http_requests_total HTTP requests by route and status code; code is "aborted" if the response was not completed.
# TYPE huggingface_exporter_http_requests_total counter
huggingface_exporter_http_requests_total{code="200",route="/empty"} 1
huggingface_exporter_http_requests_total{code="200",route="/ok"} 2
huggingface_exporter_http_requests_total{code="410",route="/gone"} 1
huggingface_exporter_http_requests_total{code="aborted",route="/broken"} 1
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "huggingface_exporter_http_requests_total"); err != nil {
		t.Error(err)
	}
	if n := testutil.CollectAndCount(m.duration); n != 4 {
		t.Errorf("durations of %d routes, want 4", n)
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
}
