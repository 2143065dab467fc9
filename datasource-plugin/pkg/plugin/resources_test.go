package plugin

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/groups"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestResourceRefusals(t *testing.T) {
	d := newTestDatasource(t, &fakeConn{store: smallStore(t)})
	f := func(method, url string, status int, field, want string) *response {
		t.Helper()
		r := &response{}
		if err := call(t.Context(), d, r, method, url); err != nil {
			t.Fatalf("%s %s: %v", method, url, err)
		}
		if len(r.parts) != 1 || r.status() != status || r.header("Content-Type") != "application/json" {
			t.Fatalf("%s %s: expected one part of JSON with status %d, got %d, status %d, type %q",
				method, url, status, len(r.parts), r.status(), r.header("Content-Type"))
		}
		e := decodeJSON[errorJSON](t, r.body())
		if e.Field != field || !strings.Contains(e.Error, want) {
			t.Errorf("%s %s: expected %q of field %q, got %+v", method, url, want, field, e)
		}
		return r
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "HEAD", "get", ""} {
		if r := f(method, "export.csv", http.StatusMethodNotAllowed, "", "expected GET"); r.header("Allow") != "GET" {
			t.Errorf("%s: expected the header Allow to be GET, got %q", method, r.header("Allow"))
		}
	}
	f("GET", "", http.StatusNotFound, "", `got ""`)
	f("GET", "export", http.StatusNotFound, "", "export.csv")
	f("GET", "Repos", http.StatusNotFound, "", `"Repos"`)
	f("GET", "repos/acme/rocket", http.StatusNotFound, "", `"repos/acme/rocket"`)
	f("GET", "../repos", http.StatusNotFound, "", `"../repos"`)
	f("GET", strings.Repeat("x", 10_000), http.StatusNotFound, "", "...")

	f("GET", "repos?limit=51", http.StatusBadRequest, "limit", "50")
	f("GET", "organizations?nonsense=1", http.StatusBadRequest, "nonsense", "nonsense")
	f("GET", "export.csv?from=yesterday", http.StatusBadRequest, "from", `"yesterday"`)
	f("GET", "export.csv?sep=pipe", http.StatusBadRequest, "sep", `"pipe"`)
	f("GET", "export.csv?%zz", http.StatusBadRequest, "", "%zz")
}

func TestLookups(t *testing.T) {
	g := groups.New()
	g.Set([]groups.Definition{{Name: "all", Repos: []string{"*", "*/*"}}, {Name: "rockets", Repos: []string{"*/rocket"}}, {Name: "none", Repos: []string{"x"}}})
	d := newTestDatasource(t, &fakeConn{store: g.Reader(smallStore(t))})
	f := func(url string, matched int, want ...string) {
		t.Helper()
		r := get(t, d, url)
		got := decodeJSON[itemsJSON](t, r.body())
		values := []string{}
		for _, item := range got.Items {
			values = append(values, item.Value+"|"+item.Text+"|"+string(item.RepoType))
		}
		if want == nil {
			want = []string{}
		}
		if r.status() != http.StatusOK || got.Matched != matched || !reflect.DeepEqual(values, want) {
			t.Errorf("%s: expected %d matched and %q, got status %d, %d and %q", url, matched, want, r.status(), got.Matched, values)
		}
		if r.header("Cache-Control") != "no-store" || r.header("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: expected an answer that is not kept, got headers %v", url, r.parts[0].Headers)
		}
	}
	// The most downloaded first.
	f("repos", 4, "acme/rocket|acme/rocket|model", "acme/roads|acme/roads|dataset", "gpt|gpt|model", "umbrella/rain|umbrella/rain|model")
	f("repos?limit=1&offset=1", 4, "acme/roads|acme/roads|dataset")
	f("repos?offset=4", 4)
	f("repos?search=RO&org=acme", 2, "acme/rocket|acme/rocket|model", "acme/roads|acme/roads|dataset")
	f("repos?search=ro&repo_type=dataset&org=acme", 1, "acme/roads|acme/roads|dataset")
	f("repos?search=nothing", 0)

	f("organizations", 3, "|(no organization)|", "acme|acme|", "umbrella|umbrella|")
	f("organizations?search=UMB", 1, "umbrella|umbrella|")
	f("organizations?search=rocket", 0) // is the name of a repository
	f("organizations?repo_type=dataset", 1, "acme|acme|")
	f("organizations?limit=1&offset=2", 3, "umbrella|umbrella|")
	f("organizations?offset=9", 3)

	f("groups", 2, "all|all|", "rockets|rockets|")
	f("groups?search=ROCK", 1, "rockets|rockets|")
	f("groups?org=umbrella", 1, "all|all|")
	f("repos?group=rockets", 1, "acme/rocket|acme/rocket|model")

	f("repo-types", 2, "model|model|", "dataset|dataset|")
	f("/repo-types/?org=umbrella", 1, "model|model|")
}

func TestLookupErrors(t *testing.T) {
	failing := &fakeStore{repos: func(context.Context, history.ReposQuery) (history.ReposPage, error) {
		return history.ReposPage{}, backend.DownstreamError(errors.New("the exporter is gone"))
	}, overview: func(context.Context, history.OverviewQuery) (history.Overview, error) {
		panic("boom")
	}}
	d := newTestDatasource(t, &fakeConn{store: failing})
	f := func(url string, status int, want string) {
		t.Helper()
		r := get(t, d, url)
		if e := decodeJSON[errorJSON](t, r.body()); r.status() != status || !strings.Contains(e.Error, want) {
			t.Errorf("%s: expected status %d and %q, got %d and %+v", url, status, want, r.status(), e)
		}
	}
	f("repos", http.StatusBadGateway, "the exporter is gone")
	f("organizations", http.StatusInternalServerError, "this is a bug")
	f("repo-types", http.StatusInternalServerError, "this is a bug")
}
