package api

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// FuzzParams reads anything as the parameters of a query: they are refused by an
// error that is for the client, or they are a query that, written, is read as the
// same.
func FuzzParams(f *testing.F) {
	for _, query := range []string{
		"",
		"from=2021-01-22&to=2021-11-29&repo_type=model,dataset&org=a&org=&repo=a%2Fb",
		`repo=a%5C,b,c%5C%5C&search=x&period=last_month&group_by=org,repo_type&series=true`,
		"sort=name&order=asc&limit=100000&trend=10&offset=5",
		"order=repo&versions=true&period=none",
		"%zz=1;&=&&a",
		"to=" + strings.Repeat("%03", 300),
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		check := func(read func(*params) any, write func(any) url.Values) {
			t.Helper()
			p := readParams(query)
			q := read(p)
			if err := p.done(); err != nil {
				if bad, ok := errors.AsType[*fault](err); !ok || bad.status != http.StatusBadRequest || len(bad.text) > 2000 {
					t.Errorf("%q: got the error %v", query, err)
				}
				return
			}
			text := write(q).Encode()
			p = readParams(text)
			again := read(p)
			if err := p.done(); err != nil || !reflect.DeepEqual(q, again) {
				t.Errorf("%q is read as %+v, and written as %q, which is read as %+v, %v", query, q, text, again, err)
			}
		}
		check(func(p *params) any { return readOverview(p) }, func(q any) url.Values { return writeOverview(q.(history.OverviewQuery)) })
		check(func(p *params) any { return readRepos(p) }, func(q any) url.Values { return writeRepos(q.(history.ReposQuery)) })
		check(func(p *params) any { return readRecords(p) }, func(q any) url.Values { return writeRecords(q.(history.RecordsQuery)) })
	})
}

// safeFile is what the name of a downloaded file may be made of.
var safeFile = regexp.MustCompile(`^publisher-analytics[A-Za-z0-9._-]*$`)

// FuzzRequest answers any request: with an answer, or with an error in JSON; and
// never with a header that the client made up, or a file name that leads elsewhere.
func FuzzRequest(f *testing.F) {
	const hub = "/organizations/huggingface/settings/publisher-analytics/download-breakdown"
	f.Add(http.MethodGet, recordsRoute, "repo=huggingface/CodeBERTa-small-v1", "text/csv;q=0.5, */*;q=0.1", `W/"a", "b"`, "gzip")
	f.Add(http.MethodHead, reposRoute, "limit=1&trend=3", "", "*", "gzip;q=0")
	f.Add(http.MethodGet, overviewRoute, "series=true", "application/json", `"`, "br")
	f.Add(http.MethodGet, hub, "", "", "", "")
	f.Add(http.MethodPost, statusRoute, "", "", "", "identity")
	f.Add(http.MethodGet, recordsRoute, "org=..%2F..%2Fetc&repo_type=%0d%0aX-A:1&format=jsonl", "a/b/c", "", "")
	f.Add(http.MethodGet, "/organizations/..%2f%00/settings/publisher-analytics/download-breakdown", "", "", "", "")
	store := storeOf(f, sixRows())
	h := New(store, Options{Revision: named("r1")})
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
			if resp.Header.Get("Content-Type") != jsonType {
				break // the mux's own, for a path that is none of the API's
			}
			var e errorJSON
			if err := json.Unmarshal(w.Body.Bytes(), &e); method != http.MethodHead && resp.Header.Get("Content-Encoding") == "" && (err != nil || e.Error == "") {
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

// FuzzClient reads anything as an answer of an exporter: it is an error, or what
// a Store may answer.
func FuzzClient(f *testing.F) {
	h := New(storeOf(f, sixRows()), Options{Revision: named("r1")})
	for kind, target := range []string{
		overviewRoute + "?series=true&group_by=org",
		reposRoute + "?trend=3",
		recordsRoute + "?nothing",
	} {
		f.Add(uint8(kind), bodyOf(f, do(h, http.MethodGet, target)))
	}
	f.Add(uint8(0), `{"groups":[{"total":-9,"series":[{"day":"9999-12-31"}]}]}`)
	f.Add(uint8(1), `{"rows":[{"trend":[null,1,-1]}],"matched":-1}`)
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		switch kind % 3 {
		case 0:
			var j overviewJSON
			if readJSON(strings.NewReader(text), 1<<20, &j) == nil {
				j.overview(history.OverviewQuery{Series: true, ByOrg: true})
			}
		case 1:
			var j reposJSON
			if readJSON(strings.NewReader(text), 1<<20, &j) == nil {
				j.page(history.ReposQuery{Trend: 3})
			}
		case 2:
			err := readError(recordsRoute, &http.Response{StatusCode: http.StatusBadRequest}, strings.NewReader(text))
			if e, ok := errors.AsType[*Error](err); !ok || e.Status != http.StatusBadRequest {
				t.Errorf("%q: got %v", text, err)
			}
		}
	})
}
