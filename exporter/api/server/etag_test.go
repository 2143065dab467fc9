package server

import (
	"net/http"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/apitest"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestEntityTags(t *testing.T) {
	store := apitest.StoreOf(t, apitest.SixRows())
	h := New(store, named("r1"))
	tag := func(h http.Handler, target string, header ...string) string {
		t.Helper()
		return do(h, http.MethodGet, target, header...).Header.Get("ETag")
	}
	targets := []string{
		wire.RecordsRoute, wire.RecordsRoute + "?order=repo", wire.RecordsRoute + "?format=jsonl", wire.RecordsRoute + "?format=parquet",
		wire.RecordsRoute + "?from=2021-01-22", wire.RecordsRoute + "?org=a", hubPath, wire.OverviewRoute, wire.OverviewRoute + "?series=true", wire.ReposRoute,
	}
	seen := make(map[string]string)
	for _, target := range targets {
		got := tag(h, target)
		if len(got) < 10 || !strings.HasPrefix(got, `"`) || !strings.HasSuffix(got, `"`) {
			t.Errorf("%s: expected a strong tag, got %q", target, got)
		}
		if again := tag(h, target); again != got {
			t.Errorf("%s: expected %s again, got %s", target, got, again)
		}
		if other, ok := seen[got]; ok {
			t.Errorf("%s and %s have one tag", target, other)
		}
		seen[got] = target
		resp := do(h, http.MethodGet, target, "If-None-Match", got)
		if body := bodyOf(t, resp); resp.StatusCode != http.StatusNotModified || body != "" || resp.Header.Get("ETag") != got {
			t.Errorf("%s: expected 304 with %s and no body, got %d, %s, %q", target, got, resp.StatusCode, resp.Header.Get("ETag"), body)
		}
		if resp := do(h, http.MethodHead, target, "If-None-Match", got); resp.StatusCode != http.StatusNotModified {
			t.Errorf("HEAD %s: expected 304, got %d", target, resp.StatusCode)
		}
	}
	// The format that Accept asks for, the build and the state of the history count.
	records := tag(h, wire.RecordsRoute)
	other, build := named("r1"), named("r1")
	other.Version, build.Build = "1.1", "0a1b2c"
	for what, got := range map[string]string{
		"Accept":   tag(h, wire.RecordsRoute, "Accept", "application/x-ndjson"),
		"Version":  tag(New(store, other), wire.RecordsRoute),
		"Build":    tag(New(store, build), wire.RecordsRoute),
		"Revision": tag(New(store, named("r2")), wire.RecordsRoute),
	} {
		if got == records || got == "" {
			t.Errorf("expected another tag with another %s, got %q", what, got)
		}
	}
	// Without a name of the state there is no tag, and no 304.
	for _, h := range []http.Handler{New(store, Options{}), New(store, named(""))} {
		resp := do(h, http.MethodGet, wire.RecordsRoute, "If-None-Match", "*")
		if resp.StatusCode != http.StatusOK || resp.Header.Get("ETag") != "" {
			t.Errorf("expected 200 without a tag, got %d, %q", resp.StatusCode, resp.Header.Get("ETag"))
		}
	}
	// What is wrong stays wrong.
	for target, status := range map[string]int{
		wire.RecordsRoute + "?from=x":                   http.StatusBadRequest,
		strings.Replace(hubPath, "huggingface", "x", 1): http.StatusNotFound,
	} {
		if resp := do(h, http.MethodGet, target, "If-None-Match", "*"); resp.StatusCode != status || resp.Header.Get("ETag") != "" {
			t.Errorf("%s: expected %d without a tag, got %d, %q", target, status, resp.StatusCode, resp.Header.Get("ETag"))
		}
	}
}

// TestCompressedEntityTag asks over a network, as a cache does.
func TestCompressedEntityTag(t *testing.T) {
	var records []history.Record
	for i := range 100 {
		records = append(records, history.Record{Repo: apitest.SixRows()[0].Repo, Total: 1, Day: history.Day(18000 + i)})
	}
	srv := serve(t, apitest.StoreOf(t, records), named("r1"))
	get := func(header ...string) *http.Response {
		t.Helper()
		req, _ := http.NewRequest(http.MethodGet, srv.URL+wire.RecordsRoute, nil)
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		resp, err := (&http.Transport{DisableCompression: true}).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp
	}
	plain, compressed := get().Header.Get("ETag"), get("Accept-Encoding", "gzip").Header.Get("ETag")
	if plain == "" || compressed == "" || plain == compressed {
		t.Fatalf("expected two tags, got %q and %q", plain, compressed)
	}
	for _, tag := range []string{plain, compressed} {
		resp := get("If-None-Match", tag, "Accept-Encoding", "gzip")
		if resp.StatusCode != http.StatusNotModified || resp.Header.Get("ETag") != tag {
			t.Errorf("expected 304 with %s, got %d with %s", tag, resp.StatusCode, resp.Header.Get("ETag"))
		}
	}
}
