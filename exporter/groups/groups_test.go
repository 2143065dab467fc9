package groups

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/server"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

var repos = []history.Repo{
	{Type: history.Model, Name: "acme/llama-7b"},
	{Type: history.Model, Name: "acme/llama-13b"},
	{Type: history.Dataset, Name: "acme/llama-7b"},
	{Type: history.Model, Name: "quants/llama-7b-gguf"},
	{Type: history.Model, Name: "llama"},
	{Type: "kernel", Name: "acme/llama-7b"},
}

func TestPatterns(t *testing.T) {
	f := func(globs []string, want ...int) {
		t.Helper()
		g := New()
		g.Set([]Definition{{Name: "g", Repos: globs}})
		filter, err := g.current.Load().filter(history.Filter{Groups: []string{"g"}})
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for i, matches := 0, filter.Matcher(); i < len(repos); i++ {
			if matches(repos[i]) {
				got = append(got, i)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: expected the repositories %v, got %v", globs, want, got)
		}
	}
	f([]string{"acme/llama-7b"}, 0, 2, 5)
	f([]string{"model:acme/llama-7b"}, 0)
	f([]string{"model:acme/llama-7b", "kernel:acme/llama-7b"}, 0, 5)
	f([]string{"acme/*"}, 0, 1, 2, 5)
	f([]string{"*/llama-7b*"}, 0, 2, 3, 5)
	f([]string{"dataset:*/*"}, 2)
	f([]string{"*"}, 4) // a glob does not match a slash
	f([]string{"acme/llama-?b", "acme/llama-1[23]b"}, 0, 1, 2, 5)
	f([]string{"Acme/*", "acme/llama", "space:llama"})
	f([]string{"llama", "acme/*", "acme/llama-7b"}, 0, 1, 2, 4, 5)
}

// store has a day of each repository: 1, 2, 4, 8, ... downloads.
func store(t *testing.T) *memtable.Store {
	t.Helper()
	var records []history.Record
	for i, r := range repos {
		records = append(records, history.Record{Repo: r, Total: 1 << i, Day: 19000, Downloads: 1 << i})
	}
	s := memtable.NewStore()
	if _, err := s.Append(t.Context(), history.Batch{Rows: history.RowsOf(history.Version{Source: history.Published, AsOf: 1}, records...)}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAPI(t *testing.T) {
	s, g := store(t), New()
	g.Set([]Definition{{Name: "b", Repos: []string{"*/llama-7b*"}}, {Name: "a", Repos: []string{"acme/*"}}, {Name: "none", Repos: []string{"x"}}})
	api := server.New(g.Reader(s), server.Options{Revision: func() string { return "r" + g.Revision() }})
	get := func(query string, header ...string) *httptest.ResponseRecorder {
		t.Helper()
		r, w := httptest.NewRequest(http.MethodGet, "/api/v1/"+query, nil), httptest.NewRecorder()
		if len(header) > 0 {
			r.Header.Set(header[0], header[1])
		}
		api.ServeHTTP(w, r)
		return w
	}
	type sums struct {
		Group     string
		Downloads int
	}
	f := func(query string, sum int, want ...sums) {
		t.Helper()
		w := get(query)
		var got struct {
			Sum    sums
			Groups []sums
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", query, w.Code, w.Body)
		}
		if got.Sum.Downloads != sum || !slices.Equal(got.Groups, want) {
			t.Errorf("%s: expected %d of %v, got %s", query, sum, want, w.Body)
		}
	}
	// The sum counts each repository once, those in no group too.
	f("overview?group_by=group", 63, sums{"a", 39}, sums{"b", 45})
	f("overview?group_by=group&group=a,b,a", 47, sums{"a", 39}, sums{"b", 45})
	f("overview?group_by=group&group=b&repo_type=model", 9, sums{"b", 9})
	f("overview?group_by=group,org&group=b", 45, sums{"b", 37}, sums{"b", 8})
	f("overview?group=a&group=b", 47, sums{"", 47})
	f("overview?group=none", 0)

	if w := get("records?group=b&org=quants"); !strings.Contains(w.Header().Get("Content-Disposition"), "publisher-analytics_b_") ||
		w.Body.String() != "repoType,repoName,total,timestamp,downloads\nmodel,quants/llama-7b-gguf,8,2022-01-08T00:00:00.000Z,8\n" {
		t.Errorf("got %v %s", w.Header(), w.Body)
	}
	for _, route := range []string{"overview?", "overview?group_by=group&", "repos?", "counts?", "readings?", "records?"} {
		if w := get(route + "group=a,c"); w.Code != http.StatusBadRequest || w.Body.String() != `{"error":"expected a, b or none, got \"c\"","field":"group"}`+"\n" {
			t.Errorf("%s: got %d %s", route, w.Code, w.Body)
		}
		// What is in a group is part of the name of a state.
		tag := get(route + "group=a").Header().Get("ETag")
		if w := get(route+"group=a", "If-None-Match", tag); w.Code != http.StatusNotModified {
			t.Errorf("%s: expected 304, got %d", route, w.Code)
		}
	}
	tag := get("repos?group=a").Header().Get("ETag")
	g.Set([]Definition{{Name: "a", Repos: []string{"acme/llama-7b"}}})
	if w := get("repos?group=a", "If-None-Match", tag); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"matched":3`) {
		t.Errorf("expected the other group, got %d %s", w.Code, w.Body)
	}
	g.Set(nil)
	if w := get("repos?group=a"); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "the configuration has none") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// A name that nobody resolved selects nothing, rather than everything.
func TestNamesMeanNothingToAStore(t *testing.T) {
	if o, err := store(t).Overview(t.Context(), history.OverviewQuery{Filter: history.Filter{Groups: []string{"a"}}}); err != nil || len(o.Groups) > 0 {
		t.Errorf("expected nothing, got %+v, %v", o, err)
	}
}
