package dashboards

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
)

// asked is a query of a dashboard that goes to our data source.
type asked struct {
	where string
	query object
}

// ours returns all queries of a dashboard to our data source: those of panels, of
// annotations and of variables.
func (d *dashboard) ours() []asked {
	if d.source() != pluginID {
		return nil
	}
	var out []asked
	for _, p := range d.shown() {
		for _, target := range p.Targets {
			if refOf(target).Type == pluginID {
				out = append(out, asked{"panel " + p.Title + ", query " + member(target, "refId"), target})
			}
		}
	}
	for _, a := range d.Annotations.List {
		out = append(out, asked{"annotation " + a.Name, a.Target})
	}
	for _, v := range d.Templating.List {
		// The plugin's frontend knows some values without a question.
		if q, ok := v.Query.(object); ok && v.Type == "query" && q["values"] != "period" && q["values"] != "source" {
			out = append(out, asked{"variable " + v.Name, q})
		}
	}
	return out
}

// wide is a time range of a dashboard.
var wide = backend.TimeRange{
	From: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
	To:   time.Date(2026, 5, 29, 23, 59, 59, 0, time.UTC),
}

// decode replaces the variables of a query and decodes it as the plugin does.
func decode(q object, c choice) (query.Query, error) {
	text, err := json.Marshal(c.inQuery(q))
	if err != nil {
		return nil, err
	}
	return query.Decode(backend.DataQuery{
		RefID: member(q, "refId"), QueryType: member(q, "queryType"), JSON: text,
		TimeRange: wide, Interval: time.Hour, MaxDataPoints: 1000,
	})
}

func TestQueriesDecode(t *testing.T) {
	count := 0
	for _, d := range boards(t) {
		for _, a := range d.ours() {
			for _, c := range d.choices() {
				count++
				q, err := decode(a.query, c)
				if err != nil {
					t.Errorf("%s: %s with %v: %v", d.file, a.where, c, err)
					continue
				}
				checkFilter(t, d.file+": "+a.where, a.query, c, q.Base())
			}
		}
	}
	if count < 150 {
		t.Errorf("expected two dashboards with some fifteen queries each, five choices of each, got %d", count)
	}
}

// checkFilter looks whether what was chosen arrives: a variable in a query selects,
// and All selects everything.
func checkFilter(t *testing.T, where string, asked object, c choice, q query.Common) {
	t.Helper()
	f := func(name, variable string, got []string) {
		t.Helper()
		items, _ := asked[name].([]any)
		var want []string
		if slices.Contains(items, any("$"+variable)) {
			want = c.chosen(variable)
		}
		slices.Sort(want)
		got = slices.Sorted(slices.Values(got))
		if !slices.Equal(got, want) {
			t.Errorf("%s with %v: expected %s %q, got %q", where, c, name, want, got)
		}
	}
	var types []string
	for _, r := range q.Filter.RepoTypes {
		types = append(types, string(r))
	}
	f("repoTypes", "repo_type", types)
	f("orgs", "org", q.Filter.Orgs)
	f("repos", "repo", q.Filter.Repos)
	if member(asked, "search") == "$search" && q.Filter.Search != c["search"][0] {
		t.Errorf("%s with %v: expected search %q, got %q", where, c, c["search"][0], q.Filter.Search)
	}
	if member(asked, "period") == "$period" && string(q.Period) != c["period"][0] {
		t.Errorf("%s with %v: expected period %q, got %q", where, c, c["period"][0], q.Period)
	}
}

// What the variables choose has to count in each panel and annotation.
func TestQueriesUseTheVariables(t *testing.T) {
	f := func(file string, names map[string]string, except ...string) {
		t.Helper()
		for _, a := range board(t, file).ours() {
			if strings.HasPrefix(a.where, "variable ") || slices.ContainsFunc(except, func(e string) bool { return strings.Contains(a.where, e) }) {
				continue
			}
			for name, variable := range names {
				switch v := a.query[name].(type) {
				case string:
					if v == variable {
						continue
					}
				case []any:
					if slices.Equal(v, []any{variable}) {
						continue
					}
				}
				t.Errorf("%s: %s: expected %s to be %s, got %v", file, a.where, name, variable, a.query[name])
			}
		}
	}
	f(fileAnalytics, map[string]string{"orgs": "$org", "repoTypes": "$repo_type", "search": "$search"})
	// A rank is one among all of the organization.
	f(fileRepository, map[string]string{"repos": "$repo", "repoTypes": "$repo_type"}, "panel Rank,")
}
