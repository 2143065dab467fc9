package backendtest

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// listen serves a handler on a free port of this machine, and returns its URL.
func listen(t testing.TB, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s.URL
}

// answering answers every request alike.
func answering(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// refused returns the URL of a port where nobody listens.
func refused(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// hung takes requests and answers none.
func hung() http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
}

// TestFaultsAreOneSentence checks what a user reads, wherever it is read: in the
// settings, in a panel, and behind the CSV link.
func TestFaultsAreOneSentence(t *testing.T) {
	real := serve(t, smallHistory(t)).url
	p := startPlugin(t, real)
	f := func(what, url string, status int, wants ...string) {
		t.Helper()
		p.settings = exporterAt(url)
		p.settings.UID = what
		p.settings.JSONData = []byte(`{"connection":"exporter","timeout":1}`)

		h, err := p.CheckHealth(t.Context(), p.settings)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if h.Status != backend.HealthStatusError {
			t.Errorf("%s: expected the check to fail, got %s: %s", what, h.Status, h.Message)
		}
		var details struct{ Error struct{ Kind, Text string } }
		if err := json.Unmarshal(h.JSONDetails, &details); err != nil {
			t.Errorf("%s: details %s: %v", what, h.JSONDetails, err)
		}
		r := p.ask(t, `{"queryType":"overview"}`)
		if r.Error == nil {
			t.Fatalf("%s: expected the query to fail, got none", what)
		}
		if int(r.Status) != status || r.ErrorSource != backend.ErrorSourceDownstream {
			t.Errorf("%s: expected status %d of downstream, got %d of %q", what, status, r.Status, r.ErrorSource)
		}
		csv, err := p.get(t, "export.csv?from=2021-11-01&to=2021-11-30", nil)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		var told struct{ Error string }
		if err := json.Unmarshal(csv.body, &told); err != nil || csv.status != status {
			t.Errorf("%s: expected status %d with JSON, got %d: %s", what, status, csv.status, csv.body)
		}
		for _, want := range wants {
			for where, text := range map[string]string{"the check": h.Message, "the panel": r.Error.Error(), "the link": told.Error} {
				if !strings.Contains(text, want) || strings.Contains(text, "\n") {
					t.Errorf("%s: %s: expected one line with %q, got %q", what, where, want, text)
				}
			}
		}
	}
	const gateway, timeout = http.StatusBadGateway, http.StatusGatewayTimeout
	f("a path that is none", real+"/wrong", gateway, real+"/wrong", "404", "check the URL")
	f("nobody there", refused(t), gateway, "connection refused", "check the URL")
	f("a host without address", "http://exporter.invalid:9090", gateway, "exporter.invalid", "check the URL")
	f("an exporter that hangs", listen(t, hung()), timeout, "no answer came")
	f("a page for people", listen(t, answering(200, "text/html", "<h1>Welcome</h1>")), gateway, "page for people", "check the URL")
	f("a password that is missing", listen(t, answering(401, "text/plain", "Unauthorized")), gateway, "401", "check user and password")
	f("a user who may not", listen(t, answering(403, "text/plain", "Forbidden")), gateway, "403")
	f("a proxy with nothing behind it", listen(t, answering(502, "text/html", "<h1>Bad gateway</h1>")), gateway, "502")
	f("an answer that is none", listen(t, answering(200, "application/json", "{")), gateway, "http://127.0.0.1")
}

// TestOtherVersion is about the check alone: answers of a later API may still do.
func TestOtherVersion(t *testing.T) {
	f := func(what string, h http.Handler, want string) {
		t.Helper()
		p := startPlugin(t, listen(t, h))
		r, err := p.CheckHealth(t.Context(), p.settings)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if r.Status != backend.HealthStatusError || !strings.Contains(r.Message, want) {
			t.Errorf("%s: expected an error with %q, got %s: %s", what, want, r.Status, r.Message)
		}
	}
	f("a later API", answering(200, "application/json", `{"api":2,"version":"9.0.0","revision":null,"repos":1,"records":1,"recorded":null}`), "9.0.0")
	f("before there was a status", answering(404, "application/json", `{"error":"expected /api/v1/overview, /api/v1/repos or /api/v1/records"}`), "update the exporter")
}

func TestWrongSettings(t *testing.T) {
	p := startPlugin(t, "ftp://example.com")
	h, err := p.CheckHealth(t.Context(), p.settings)
	if err != nil || h.Status != backend.HealthStatusError || !strings.Contains(h.Message, "ftp://example.com") {
		t.Errorf("expected a check that quotes the URL, got %v, %+v", err, h)
	}
	if r := p.ask(t, `{"queryType":"overview"}`); r.Error == nil || r.Status != http.StatusBadRequest || !strings.Contains(r.Error.Error(), "url") {
		t.Errorf("expected status 400 that names the setting url, got %d: %v", r.Status, r.Error)
	}
}
