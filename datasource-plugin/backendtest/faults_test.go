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

	"github.com/huggingface-exporter/huggingface_exporter/exporter/rowstream"
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
	f("an exporter that hangs", listen(t, hung()), timeout, "no response in time")
	f("a page for people", listen(t, answering(200, "text/html", "<h1>Welcome</h1>")), gateway, "an HTML page", "check the URL")
	f("a password that is missing", listen(t, answering(401, "text/plain", "Unauthorized")), gateway, "401", "check user and password")
	f("a user who may not", listen(t, answering(403, "text/plain", "Forbidden")), gateway, "403")
	f("a proxy with nothing behind it", listen(t, answering(502, "text/html", "<h1>Bad gateway</h1>")), gateway, "502")
	f("an answer that is none", listen(t, answering(200, "application/json", "{")), gateway, "http://127.0.0.1")
}

// TestOtherVersion asks exporters that are younger or older than the plugin.
func TestOtherVersion(t *testing.T) {
	f := func(what string, h http.Handler, wants ...string) {
		t.Helper()
		p := startPlugin(t, listen(t, h))
		r, err := p.CheckHealth(t.Context(), p.settings)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if r.Status != backend.HealthStatusError {
			t.Errorf("%s: expected the check to fail, got %s: %s", what, r.Status, r.Message)
		}
		said := map[string]string{"the check": r.Message}
		for _, queryJSON := range []string{`{"queryType":"overview"}`, `{"queryType":"repos"}`, `{"queryType":"export"}`} {
			if a := p.ask(t, queryJSON); a.Error != nil {
				said["the panel of "+queryJSON] = a.Error.Error()
			}
		}
		csv, err := p.get(t, "export.csv?from=2021-11-01&to=2021-11-30", nil)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		said["the link"] = string(csv.body)
		if len(said) != 5 || csv.status != http.StatusBadGateway {
			t.Errorf("%s: expected errors in the check, three panels and the link, got %q and status %d", what, said, csv.status)
		}
		for where, text := range said {
			for _, want := range wants {
				if !strings.Contains(text, want) {
					t.Errorf("%s: %s: expected %q, got %q", what, where, want, text)
				}
			}
		}
	}
	f("a later API", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "2")
		answering(200, r.Header.Get("Accept"), `{"api":2,"version":"9.0.0","revision":null,"repos":1,"records":1,"recorded":null}`)(w, r)
	}), "uses version 2 of the API", "update the plugin")
	f("before there were these routes", answering(404, "application/json", `{"error":"expected /api/v0/overview"}`), "older than this plugin", "update the exporter")
}

// TestOtherRecords has records come in another form than the plugin reads. What a
// frame without one of the columns is told is a matter of framecsv.
func TestOtherRecords(t *testing.T) {
	f := func(mediaType, body string, wants ...string) {
		t.Helper()
		p := startPlugin(t, listen(t, answering(200, mediaType, body)))
		r := p.ask(t, `{"queryType":"export"}`)
		csv, err := p.get(t, "export.csv?from=2021-11-01&to=2021-11-30", nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.Error == nil || r.Status != http.StatusBadGateway || csv.status != http.StatusBadGateway {
			t.Fatalf("expected status 502 of query and link, got %d, %v and %d: %s", r.Status, r.Error, csv.status, csv.body)
		}
		for _, text := range []string{r.Error.Error(), string(csv.body)} {
			for _, want := range wants {
				if !strings.Contains(text, want) {
					t.Errorf("%s: expected %q, got %q", mediaType, want, text)
				}
			}
		}
	}
	f(rowstream.ContentType, "HFXROWS\x02\x00\x00", "byte 0", "HFXROWS", "check the URL, and that the versions of exporter and plugin match")
	f(rowstream.ContentType, "HFXROWS\x01\x00\x05", "the number of rows before, 0, got 5", "check the URL, and that the versions of exporter and plugin match")
	f("text/csv", "repoType,repoName,timestamp,downloads\n", "text/csv", "check the URL")
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
