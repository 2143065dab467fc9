package report

import (
	"context"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/groups"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// A narrow terminal gets a coarser trend and shorter names, and no wider lines.
func TestOverviewFitsTheTerminal(t *testing.T) {
	store := memtable.NewStore()
	name := "org/" + strings.Repeat("long-", 15) + "name"
	var records []history.Record
	for day := range history.Day(60) {
		records = append(records, history.Record{Repo: history.Repo{Type: history.Model, Name: name}, Total: 12345678, Day: 19000 + day, Downloads: int64(day)})
	}
	v := history.Version{Source: history.Published, AsOf: 1}
	if _, err := store.Append(t.Context(), history.Batch{Rows: history.RowsOf(v, records...)}); err != nil {
		t.Fatal(err)
	}
	f := func(width, wantLine int, wantEnd string, wantTrend int) {
		t.Helper()
		var b strings.Builder
		if err := Overview(t.Context(), &b, groups.New().Reader(store), history.Filter{}, Screen{Table, width}); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		last := lines[len(lines)-1]
		if n := utf8.RuneCountInString(last); n != wantLine {
			t.Errorf("width %d: a line of %d characters, want %d: %s", width, n, wantLine, last)
		}
		fields := strings.Fields(last)
		if got := fields[1]; !strings.HasPrefix(got, "org/long-") || !strings.HasSuffix(got, wantEnd) {
			t.Errorf("width %d: got name %s, want one that ends in %s", width, got, wantEnd)
		}
		if got := utf8.RuneCountInString(fields[len(fields)-1]); got != wantTrend {
			t.Errorf("width %d: got %d points, want %d: %s", width, got, wantTrend, last)
		}
	}
	f(200, 155, name, 30)
	f(150, 140, "-name", 15) // two days a point
	f(120, 120, "…", 10)
	f(80, 80, "…", 10)
}

func TestOverviewOfGroups(t *testing.T) {
	store := memtable.NewStore()
	var records []history.Record
	for i, name := range []string{"org/a", "org/b", "other/a"} {
		records = append(records, history.Record{Repo: history.Repo{Type: history.Model, Name: name}, Total: 1 << i, Day: 19000, Downloads: 1 << i})
	}
	if _, err := store.Append(t.Context(), history.Batch{Rows: history.RowsOf(history.Version{Source: history.Published, AsOf: 1}, records...)}); err != nil {
		t.Fatal(err)
	}
	g := groups.New()
	g.Set([]groups.Definition{{Name: "org", Repos: []string{"org/*"}}, {Name: "a", Repos: []string{"*/a"}}})
	f := func(format Format, filter history.Filter, want string) {
		t.Helper()
		var b strings.Builder
		if err := Overview(t.Context(), &b, g.Reader(store), filter, Screen{format, 200}); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); !strings.Contains(got, want) {
			t.Errorf("expected\n%s\nin\n%s", want, got)
		}
	}
	f(Table, history.Filter{}, `
TYPE   REPOS  TOTAL  ALL TIME  LAST MONTH  CHANGE
model      3      7         7           7       -

Groups, which may share repositories

GROUP  REPOS  TOTAL  ALL TIME  LAST MONTH  CHANGE
a          2      5         5           5       -
org        2      3         3           3       -
`)
	f(Table, history.Filter{Groups: []string{"a"}, Orgs: []string{"org"}}, "\na          1      1 ")
	f(JSON, history.Filter{}, `"groups": [
    {
      "group": "a",
      "repos": 2,`)
}

// growing is a history that gets a repository of a new type after each question.
type growing struct {
	*memtable.Store
	t *testing.T
}

func (g growing) Overview(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
	o, err := g.Store.Overview(ctx, q)
	types := []history.RepoType{history.Space, history.Dataset, history.Model} // the last one is the first in answers
	n := min(len(o.Groups), len(types)-1)
	r := history.Record{Repo: history.Repo{Type: types[n], Name: "org/a"}, Total: int64(n + 7), Day: 19000, Downloads: int64(n + 7)}
	if _, err := g.Append(ctx, history.Batch{Rows: history.RowsOf(history.Version{Source: history.Published, AsOf: 1}, r)}); err != nil {
		g.t.Error(err)
	}
	return o, err
}

func TestOverviewOfAChangingHistory(t *testing.T) {
	store := growing{memtable.NewStore(), t}
	if _, err := store.Overview(t.Context(), history.OverviewQuery{ByRepoType: true}); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	// The dataset comes between the questions for all time and for the last month.
	if err := Overview(t.Context(), &b, groups.New().Reader(store), history.Filter{}, Screen{Format: CSV}); err != nil {
		t.Fatal(err)
	}
	if want := "repo_type,repos,total,all_time,last_month,before,change\nspace,1,7,7,7,,\n"; b.String() != want {
		t.Errorf("got %s, want %s", b.String(), want)
	}
}
