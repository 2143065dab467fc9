package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/exposition"
)

// The listener is up while the store is loaded.
func TestAnswersBeforeTheStoreIsLoaded(t *testing.T) {
	s := newTestServer(t, false)
	h := s.Handler()
	f := func(method, path string, wantCode int, want string) {
		t.Helper()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		if w.Code != wantCode || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s %s: got %d\n%s\nwant %d, %q", method, path, w.Code, w.Body, wantCode, want)
		}
		if strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/org") {
			var body struct{ Error string }
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || body.Error == "" {
				t.Errorf("%s: not an error in JSON: %s", path, w.Body)
			}
			if w.Header().Get("Retry-After") == "" {
				t.Errorf("%s: no Retry-After", path)
			}
		}
	}
	f("GET", "/-/healthy", 200, "is running")
	f("GET", "/-/ready", 503, "not ready")
	f("GET", "/metrics", 200, "huggingface_exporter_build_info")
	f("GET", "/", 200, "is being loaded")
	f("POST", "/-/reload", 200, "reloaded")
	for _, path := range []string{"/api/v1/status", "/api/v1/overview", "/api/v1/repos", "/api/v1/records", "/api/v1/readings", "/organizations/o/settings/publisher-analytics/download-breakdown"} {
		f("GET", path, 503, "being loaded")
	}
	s.loaded.Store(true)
	f("GET", "/-/ready", 200, "is ready")
	s.draining.Store(true)
	f("GET", "/-/ready", 503, "not ready")
	f("GET", "/-/healthy", 200, "is running")
}

// Every route is counted under its pattern, so that no request makes a series.
func TestRoutesAreCountedByPattern(t *testing.T) {
	s := newTestServer(t, false)
	h := s.Handler()
	for _, path := range []string{"/a", "/b", "/organizations/one/settings/publisher-analytics/download-breakdown", "/organizations/two/settings/publisher-analytics/download-breakdown"} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{
		`huggingface_exporter_http_requests_total{code="404",route="other"} 2`,
		`huggingface_exporter_http_requests_total{code="503",route="/organizations/{org}/settings/publisher-analytics/download-breakdown"} 2`,
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("/metrics has no %s", want)
		}
	}
}

func TestPageOptions(t *testing.T) {
	c, err := config.Parse("c.yaml", []byte("metrics: {include: ['a/.*', 'b/.*'], exclude: ['a/x'], max_repos: 7, families: {likes: false, removed: false}}"), exposition.Families()...)
	if err != nil {
		t.Fatal(err)
	}
	o := pageOptions(&c.Metrics)
	if got, want := len(o.Families), len(exposition.Families())-2; got != want || o.Families[0] != "downloads" {
		t.Errorf("families %q, want all but two", o.Families)
	}
	if o.MaxRepos != 7 {
		t.Errorf("max repos %d, want 7", o.MaxRepos)
	}
	if !o.Include.MatchString("b/x") || o.Include.MatchString("c/x") || !o.Exclude.MatchString("a/x") || o.Exclude.MatchString("a/y") {
		t.Errorf("include %v, exclude %v", o.Include, o.Exclude)
	}

	all := pageOptions(&config.Default(exposition.Families()...).Metrics)
	if len(all.Families) != len(exposition.Families()) || all.Include != nil || all.Exclude != nil || all.MaxRepos != exposition.DefaultMaxRepos {
		t.Errorf("the defaults are %+v", all)
	}
	none, err := config.Parse("c.yaml", []byte("metrics: {families: {downloads: false, removed: false, backdated: false, all_time: false, last_month: false, likes: false, org_repos: false, group_downloads: false, group_all_time: false, group_repos: false}}"), exposition.Families()...)
	if err != nil {
		t.Fatal(err)
	}
	if f := pageOptions(&none.Metrics).Families; f == nil || len(f) != 0 {
		t.Errorf("no family: got %#v, want an empty list", f)
	}
}

func TestCollectionsPageWithoutOrganizations(t *testing.T) {
	s := newTestServer(t, false)
	if w := ask(s, http.MethodGet, collectionsRoute); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "names no organization") {
		t.Errorf("%d\n%s", w.Code, w.Body)
	}
	if w := ask(s, http.MethodGet, collectionsRoute, "Accept", "application/json"); strings.TrimSpace(w.Body.String()) != `{"organizations":[]}` {
		t.Errorf("%d\n%s", w.Code, w.Body)
	}
}

// Without an option there are no profiles.
func TestNoPprofByDefault(t *testing.T) {
	s := newTestServer(t, false)
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/cmdline"} {
		if w := ask(s, http.MethodGet, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: got %d", path, w.Code)
		}
	}
	s = newTestServer(t, true)
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap?debug=1", "/debug/pprof/goroutine", "/debug/pprof/cmdline"} {
		if w := ask(s, http.MethodGet, path); w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("%s: got %d, %d bytes", path, w.Code, w.Body.Len())
		}
	}
	if w := ask(s, http.MethodGet, "/"); !strings.Contains(w.Body.String(), `href="debug/pprof/"`) {
		t.Errorf("no link to the profiles:\n%s", w.Body)
	}
}

// What the collecting of an organization depends on changes the key of its job, nothing
// else does, and no token shows in it.
func TestJobKeys(t *testing.T) {
	const base = "hub: {endpoint: 'https://h', token: hf_all, max_response_bytes: 2000000, timeouts: {connect: 2s, headers: 3s, idle: 4s}, " +
		"organizations: [{name: o, source: auto, interval: 1h, token: hf_own}, {name: p}]}"
	collects := newTestServer(t, false).collects
	of := func(text string) any {
		t.Helper()
		c, err := config.Parse("/dir/c.yaml", []byte(text))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		jobs, err := collects.Jobs(&c.Hub)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		return jobs[0].Key
	}
	key := of(base)
	if shown := fmt.Sprintf("%v %+v", key, key); strings.Contains(shown, "hf_") {
		t.Errorf("the key shows a token: %s", shown)
	}
	seen := []any{key}
	for _, change := range []struct{ from, to string }{
		{"https://h", "https://i"},
		{"token: hf_all", "token: hf_other"},
		{"token: hf_all", "token_file: hf_all"},
		{"token: hf_all", "token_file: /dir/hf_all2"},
		{"2000000", "2000001"},
		{"connect: 2s", "connect: 3s"},
		{"headers: 3s", "headers: 4s"},
		{"idle: 4s", "idle: 5s"},
		{"name: o", "name: O"},
		{"source: auto", "source: listings"},
		{"interval: 1h", "interval: 61m"},
		{"token: hf_own", "token: hf_else"},
		{"token: hf_own", "token_file: hf_own"},
		{", token: hf_own", ""},
		{"max_response", "proxy_url: 'http://p', max_response"},
		{"max_response", "tls_config: {server_name: f}, max_response"},
		{"max_response", "tls_config: {server_name: g}, max_response"},
		{"max_response", "http_headers: {X: {secrets: [a]}}, max_response"},
		{"max_response", "http_headers: {X: {secrets: [b]}}, max_response"},
	} {
		text := strings.Replace(base, change.from, change.to, 1)
		if text == base {
			t.Fatalf("%q does not occur", change.from)
		}
		other := of(text)
		if slices.ContainsFunc(seen, func(k any) bool { return reflect.DeepEqual(k, other) }) {
			t.Errorf("%q instead of %q makes no difference", change.to, change.from)
		}
		seen = append(seen, other)
	}
	for _, same := range []string{base, base + "\nfiles: [a.csv]", strings.Replace(base, "{name: p}", "{name: q, interval: 1m}", 1)} {
		if !reflect.DeepEqual(of(same), key) {
			t.Errorf("%q: the key changed", same)
		}
	}
}
