package frames

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/groups"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// textOf writes a list, of pointers too.
func textOf(t *testing.T, list any) string {
	t.Helper()
	b, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestGroups(t *testing.T) {
	g := groups.New()
	g.Set([]groups.Definition{{Name: "all", Repos: []string{"*", "*/*"}}, {Name: "alphas", Repos: []string{"*/alpha"}}, {Name: "none", Repos: []string{"x"}}})
	s := g.Reader(world(t))
	names := []string{"all", "alphas"}
	equal := func(what string, got, want any) {
		t.Helper()
		if a, b := textOf(t, got), textOf(t, want); a != b {
			t.Errorf("%s: got %s, want %s", what, a, b)
		}
	}

	totals := ask{Type: query.TypeOverview, Format: query.Totals, GroupBy: query.GroupByGroup, Period: query.AllTime}
	f := answer(t, s, totals)[0]
	equal("groups", field[string](t, f, "group"), names)
	equal("repositories", field[int64](t, f, "repos"), []int64{5, 2})
	equal("downloads", field[*int64](t, f, "downloads"), []int64{101_099, 100_092})

	// Shares are of all repositories, each counted once: groups overlap.
	totals.Value = query.Share
	f = answer(t, s, totals)[0]
	equal("groups", field[string](t, f, "group"), names)
	if shares := field[float64](t, f, "share"); shares[0] != 100 || shares[1] < 99 || shares[1] >= 100 {
		t.Errorf("got the shares %v", shares)
	}
	totals.Value, totals.Filter.Groups = query.Downloads, []string{"alphas"}
	equal("a filter", field[string](t, answer(t, s, totals)[0], "group"), names[1:])

	series := answer(t, s, ask{Type: query.TypeOverview, Format: query.TimeSeries, GroupBy: query.GroupByGroup, Period: query.AllTime, Interval: query.Daily})
	var labels []string
	for _, f := range series {
		labels = append(labels, f.Fields[1].Labels["group"])
	}
	if !slices.Equal(labels, names) {
		t.Errorf("got series of the groups %q", labels)
	}

	next := answer(t, s, ask{Type: query.TypeForecast, GroupBy: query.GroupByGroup, Limit: 10})[0]
	equal("forecasts", field[string](t, next, "group"), names)
	equal("next milestones", field[int64](t, next, "milestone"), []int64{10_000_000, 10_000_000})

	variable := ask{Type: query.TypeVariable, Values: query.Groups, Period: query.AllTime, Limit: 10}
	equal("values", field[string](t, answer(t, s, variable)[0], "value"), names)
	variable.Filter = history.Filter{Search: "LPH"}
	equal("values with a search", field[string](t, answer(t, s, variable)[0], "value"), names[1:])
}

// Of a group without records the Hub's own numbers of its repositories are shown.
func TestGroupsWithoutRecords(t *testing.T) {
	g := groups.New()
	g.Set([]groups.Definition{{Name: "a", Repos: []string{"acme/*"}}, {Name: "b", Repos: []string{"acme/one"}}})
	store := memtable.NewStore()
	for i, r := range []history.Repo{{Type: history.Model, Name: "acme/one"}, {Type: history.Model, Name: "acme/two"}} {
		m := history.NewRepoMeta(r)
		m.LastMonth, m.Total, m.ListedAsOf, m.TotalAsOf = int64(10*(i+1)), 100, 1, 1
		if _, err := store.Append(t.Context(), history.Batch{Meta: []history.RepoMeta{m}}); err != nil {
			t.Fatal(err)
		}
	}
	s := g.Reader(store)
	f := answer(t, s, ask{Type: query.TypeOverview, Format: query.Totals, GroupBy: query.GroupByGroup, Period: query.LastMonth})[0]
	if got, want := textOf(t, field[*int64](t, f, "downloads")), "[30,10]"; got != want {
		t.Errorf("got the downloads %s, want %s", got, want)
	}
}
