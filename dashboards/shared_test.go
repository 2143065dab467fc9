package dashboards

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A public dashboard has no variables: all of it is fixed, to the data source that is
// provisioned. Grafana sends its queries as they are stored.
func TestSharedBoardIsFixed(t *testing.T) {
	d := board(t, fileShared)
	if len(d.Templating.List) > 0 || len(d.Links) > 0 || len(d.Annotations.List) > 0 {
		t.Errorf("expected neither variables nor links nor annotations, got %v, %v and %v", d.Templating.List, d.Links, d.Annotations.List)
	}
	if found := regexp.MustCompile(`\$\w+|\$\{[^}]*\}`).FindAllString(string(content(t, fileShared)), -1); len(found) > 0 {
		t.Errorf("expected no variables, got %q", found)
	}
	want := ref{Type: pluginID, UID: "publisher-analytics"}
	if !strings.Contains(string(content(t, "provisioning/datasources/huggingface.yaml")), "uid: "+want.UID+"\n") {
		t.Errorf("expected a provisioned data source with the uid %s", want.UID)
	}
	for _, p := range d.Panels {
		if deref(p.Datasource) != want || slices.ContainsFunc(p.Targets, func(q object) bool { return refOf(q) != want }) {
			t.Errorf("panel %q: expected the data source %+v, got %+v and %v", p.Title, want, p.Datasource, p.Targets)
		}
	}
}

// The shared dashboard shows what the one with variables shows if nothing is chosen: its
// panels are the same, but for the links to what the public may not see.
func TestSharedBoardIsTheOtherOne(t *testing.T) {
	others := map[int]panel{}
	for _, p := range board(t, fileAnalytics).Panels {
		others[p.ID] = p
	}
	c := choice{"period": {"last_month"}, "org": {all}, "repo_type": {all}, "search": {""}, "sort": {"downloads"}, "order": {"auto"}, "offset": {"0"}}
	for _, p := range board(t, fileShared).Panels {
		other := others[p.ID]
		if p.Type != other.Type || looks(t, p) != looks(t, other) {
			t.Errorf("panel %q: expected the type, options and colors of panel %q, got\n%s %s, want\n%s %s", p.Title, other.Title, p.Type, looks(t, p), other.Type, looks(t, other))
		}
		got, err := decode(p.Targets[0], choice{})
		if err != nil {
			t.Errorf("panel %q: %v", p.Title, err)
			continue
		}
		asked := other.Targets[0]
		if asked["limit"] == any(100.0) {
			asked["limit"] = 50 // there are no pages
		}
		want, err := decode(asked, c)
		if err != nil {
			t.Fatal(err)
		}
		if g, w := written(t, got), written(t, want); g != w {
			t.Errorf("panel %q: expected the query of panel %q, got\n%s, want\n%s", p.Title, other.Title, g, w)
		}
	}
}

// looks returns how a panel looks, without links and the texts that say the period.
func looks(t *testing.T, p panel) string {
	t.Helper()
	for i, o := range p.FieldConfig.Overrides {
		p.FieldConfig.Overrides[i].Properties = slices.DeleteFunc(slices.Clone(o.Properties), func(q struct {
			ID    string
			Value any
		},
		) bool {
			return q.ID == "links" || o.Matcher.Options == "url"
		})
	}
	text := written(t, []any{p.FieldConfig, p.Options, p.Transformations})
	return strings.ReplaceAll(text, "${period:text}", "Last month")
}

func written(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
