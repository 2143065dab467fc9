package server

import (
	"encoding/json"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/apitest"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
)

// safeFile is what the name of a downloaded file may be made of.
var safeFile = regexp.MustCompile(`^publisher-analytics[A-Za-z0-9._-]*$`)

// FuzzRequest answers any request: with an answer, or with an error in JSON; and
// never with a header that the client made up, or a file name that leads elsewhere.
func FuzzRequest(f *testing.F) {
	const hub = "/organizations/huggingface/settings/publisher-analytics/download-breakdown"
	f.Add(http.MethodGet, wire.RecordsRoute, "repo=huggingface/CodeBERTa-small-v1", "text/csv;q=0.5, */*;q=0.1", `W/"a", "b"`, "gzip")
	f.Add(http.MethodHead, wire.ReposRoute, "limit=1&trend=3", "", "*", "gzip;q=0")
	f.Add(http.MethodGet, wire.OverviewRoute, "series=true", "application/json", `"`, "br")
	f.Add(http.MethodGet, hub, "", "", "", "")
	f.Add(http.MethodPost, wire.StatusRoute, "", "", "", "identity")
	f.Add(http.MethodGet, wire.RecordsRoute, "org=..%2F..%2Fetc&repo_type=%0d%0aX-A:1&format=jsonl", "a/b/c", "", "")
	f.Add(http.MethodGet, "/organizations/..%2f%00/settings/publisher-analytics/download-breakdown", "", "", "", "")
	store := apitest.StoreOf(f, apitest.SixRows())
	h := New(store, named("r1"))
	f.Fuzz(func(t *testing.T, method, path, query, accept, match, encoding string) {
		u, err := url.Parse(path)
		if err != nil || !strings.HasPrefix(path, "/") {
			return
		}
		u.RawQuery = query
		if _, err := url.ParseRequestURI(u.RequestURI()); err != nil {
			return // net/http does not take it
		}
		r := (&http.Request{
			Method: method, URL: u, RequestURI: u.RequestURI(), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Host: "h",
			Header: http.Header{"Accept": {accept}, "If-None-Match": {match}, "Accept-Encoding": {encoding}},
		}).WithContext(t.Context())
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		resp := w.Result()
		switch resp.StatusCode {
		case http.StatusOK, http.StatusNotModified:
		case http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
			// The mux cleans paths; it stays on the host.
			if to := resp.Header.Get("Location"); !strings.HasPrefix(to, "/") || len(to) > 1 && (to[1] == '/' || to[1] == '\\') {
				t.Errorf("%s %q: sent to %q", method, path, to)
			}
		case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotAcceptable:
			if resp.Header.Get("Content-Type") != wire.JSONType {
				break // the mux's own, for a path that is none of the API's
			}
			var e wire.Fault
			if err := json.Unmarshal(w.Body.Bytes(), &e); method != http.MethodHead && resp.Header.Get("Content-Encoding") == "" && (err != nil || e.Message == "") {
				t.Errorf("%s %q: %d with %q, %v", method, path, resp.StatusCode, w.Body, err)
			}
			if resp.Header.Get("Content-Disposition") != "" {
				t.Errorf("%s %q: an error is offered as a file", method, path)
			}
		default:
			t.Errorf("%s %q?%q: got %d\n%s", method, path, query, resp.StatusCode, w.Body)
		}
		for name, values := range resp.Header {
			if v := strings.Join(values, ","); strings.ContainsAny(v, "\r\n\x00") || strings.ContainsAny(name, "\r\n: ") {
				t.Errorf("%s %q?%q: the header %q: %q", method, path, query, name, v)
			}
		}
		if d := resp.Header.Get("Content-Disposition"); d != "" {
			kind, params, err := mime.ParseMediaType(d)
			if err != nil || kind != "attachment" || !safeFile.MatchString(params["filename"]) || strings.Contains(params["filename"], "..") {
				t.Errorf("%s %q?%q: offered as %q", method, path, query, d)
			}
		}
	})
}
