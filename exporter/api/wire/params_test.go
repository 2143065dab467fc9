package wire

import (
	"reflect"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/export/format"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestQueriesAreReadAsWritten(t *testing.T) {
	filters := []history.Filter{
		{},
		{RepoTypes: []history.RepoType{history.Model, "kernel"}, Orgs: []string{"a", "", "b"}},
		{Orgs: []string{""}, Groups: []string{`a,b`, "c"}},
		{Repos: []string{`a/"b"`, "a/b,c", `a\b`, `a\,b`, `\\`, "été/模型", "100%/x", "a&b=c+d #e", "a b", "\xff"}, Search: `,a\,b&%`},
	}
	periods := []history.Period{
		{}, {Kind: history.LastMonth},
		history.RangeOf(18649, 18700), history.RangeOf(history.NoDay, 18700), history.RangeOf(18649, history.NoDay),
		history.RangeOf(history.NoDay, history.NoDay), history.RangeOf(history.MinDay, history.MaxDay), NoDays,
	}
	for _, filter := range filters {
		for _, period := range periods {
			for n := range 16 {
				o := history.OverviewQuery{Filter: filter, Period: period, ByRepoType: n&1 != 0, ByOrg: n&2 != 0, Series: n&4 != 0, ByGroup: n&8 != 0}
				readAsWritten(t, Overview, o)
				r := history.ReposQuery{
					Filter: filter, Period: period, Sort: history.Sort(n % 5), Ascending: n&4 != 0,
					Limit: n + 1, Offset: n * 1000, Trend: n * 10,
				}
				readAsWritten(t, Repos, r)
				e := RecordsQuery{Format: format.Format(n % 5)}
				e.RecordsQuery = history.RecordsQuery{Filter: filter, Period: period, Order: history.Order(n & 1), Stored: n&2 != 0}
				readAsWritten(t, Records, e)
				readAsWritten(t, Counts, filter)
				readAsWritten(t, Readings, history.ReadingsQuery{Filter: filter, Period: period})
			}
		}
	}
}

func readAsWritten[Q any](t *testing.T, params Query[Q], want Q) {
	t.Helper()
	written := params.Encode(want)
	if got, err := params.Decode(written); err != nil {
		t.Errorf("%s: %s", written, err)
	} else if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: expected\n%+v, got\n%+v", written, want, got)
	}
}

func TestListsAndDefaults(t *testing.T) {
	filter := func(query string) history.Filter {
		t.Helper()
		f, err := Counts.Decode(query)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	want := history.Filter{Repos: []string{"a/x", "a/y", "a/z"}, Orgs: []string{"a", ""}}
	for _, query := range []string{
		"repo=a/x&repo=a/y&repo=a/z&org=a&org=",
		"repo=a/x,a/y,a/z&org=a,",
		"repo=a%2Fx%2Ca/y&repo=a/z&org=a,",
	} {
		if got := filter(query); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: expected %+v, got %+v", query, want, got)
		}
	}
	// A backslash before anything else is itself.
	if got := filter(`repo=a%5Cb,c%5C`).Repos; !reflect.DeepEqual(got, []string{`a\b`, `c\`}) {
		t.Errorf("unexpected %q", got)
	}

	f := func(query string, want history.ReposQuery) {
		t.Helper()
		if got, err := Repos.Decode(query); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: expected %+v, got %+v, %v", query, want, got, err)
		}
	}
	f("", history.ReposQuery{Limit: 50})
	f("sort=name", history.ReposQuery{Limit: 50, Sort: history.SortName, Ascending: true})
	f("sort=name&order=desc", history.ReposQuery{Limit: 50, Sort: history.SortName})
	f("sort=removed", history.ReposQuery{Limit: 50, Sort: history.SortRemoved})
	f("sort=total&order=asc", history.ReposQuery{Limit: 50, Sort: history.SortTotal, Ascending: true})
	f("limit=100000&trend=10", history.ReposQuery{Limit: 100000, Trend: 10})
	f("period=range", history.ReposQuery{Limit: 50, Period: history.RangeOf(history.NoDay, history.NoDay)})
	f("period=none", history.ReposQuery{Limit: 50, Period: NoDays})
	f("to=2021-01-22&search=", history.ReposQuery{Limit: 50, Period: history.RangeOf(history.NoDay, 18649)})
}
