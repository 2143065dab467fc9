package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// do lets a handler answer, without a network.
func do(h http.Handler, method, target string, header ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// bodyOf reads the body of an answer.
func bodyOf(t testing.TB, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// serve starts a server over loopback.
func serve(t testing.TB, store history.Reader, o Options) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(New(store, o))
	t.Cleanup(srv.Close)
	return srv
}

// named are options of a store whose state has a name.
func named(revision string) Options {
	return Options{Version: "1.0", Revision: func() string { return revision }}
}
