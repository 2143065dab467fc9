package memtable

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// randomTable draws few repositories, days and versions, so that tables collide.
func randomTable(t *testing.T, rng *rand.Rand) *Table {
	t.Helper()
	orgs := []string{"", "a/", "b/"}
	type key struct {
		repo int
		day  history.Day
		v    history.Version
	}
	seen := make(map[key]bool)
	var blocks []*history.Rows
	dictionary := []history.RepoTotal{}
	for i := range 6 {
		dictionary = append(dictionary, history.RepoTotal{
			Repo:  history.Repo{Type: []history.RepoType{history.Model, history.Dataset}[i%2], Name: orgs[i%3] + fmt.Sprint(i/2)},
			Total: history.Unknown,
		})
	}
	for range rng.IntN(5) {
		rows := &history.Rows{Repos: dictionary, Version: history.Version{
			Source: history.Source(1 + rng.IntN(3)),
			AsOf:   history.AsOf(rng.IntN(4) * 60_000_000),
		}}
		for range rng.IntN(80) {
			k := key{rng.IntN(len(dictionary)), history.Day(18000 + rng.IntN(150)), rows.Version}
			if !seen[k] {
				seen[k] = true
				rows.Append(uint32(k.repo), k.day, int64(rng.IntN(4)))
			}
		}
		blocks = append(blocks, rows)
	}
	var meta []history.RepoMeta
	for range rng.IntN(4) {
		s := history.NewRepoMeta(dictionary[rng.IntN(len(dictionary))].Repo)
		s.Total, s.TotalAsOf = int64(rng.IntN(10)), history.AsOf(1+rng.IntN(3))
		if rng.IntN(4) == 0 {
			s.GoneAsOf, s.MovedTo = history.AsOf(1+rng.IntN(4)), []string{"", "a/1"}[rng.IntN(2)]
		}
		if rng.IntN(2) == 0 {
			s.Likes, s.LastMonth, s.ListedAsOf, s.HubID = int64(rng.IntN(3)), int64(rng.IntN(3)), history.AsOf(1+rng.IntN(3)), "id"
		}
		meta = append(meta, s)
	}
	n, err := Build(context.Background(), func(yield func(*history.Rows, error) bool) {
		for _, b := range blocks {
			if !yield(b, nil) {
				return
			}
		}
	}, meta)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// content returns all that a table knows, as text.
func content(t *testing.T, n *Table) string {
	t.Helper()
	var b strings.Builder
	for s := range n.Meta() {
		fmt.Fprintf(&b, "%+v\n", s)
	}
	for rows, err := range n.Records(context.Background(), history.RecordsQuery{Order: history.OrderRepo, Stored: true}) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows.Len() {
			fmt.Fprintf(&b, "%+v %+v\n", rows.Record(i), rows.Version)
		}
	}
	return b.String()
}

// checkSums compares the sums that a table keeps with those of its records.
func checkSums(t *testing.T, n *Table) {
	t.Helper()
	e := editGroups(nil)
	for _, c := range n.cols {
		e.addColumn(c)
	}
	want := newTable(n.cols, e.list())
	for i, g := range want.groups {
		if !reflect.DeepEqual(g, n.groups[i]) {
			t.Fatalf("group %v: sums are not those of its records:\n%+v\n%+v", g.key, n.groups[i], g)
		}
	}
	if len(want.groups) != len(n.groups) || want.records != n.records || want.recorded != n.recorded {
		t.Fatalf("got %d groups, %d records, %v; want %d, %d, %v",
			len(n.groups), n.records, n.recorded, len(want.groups), want.records, want.recorded)
	}
}

func TestUnionDoesNotDependOnOrder(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		parts := []*Table{randomTable(t, rng), randomTable(t, rng), randomTable(t, rng)}
		first := parts[0].Union(parts[1]).Union(parts[2])
		want := content(t, first)
		checkSums(t, first)
		for _, order := range [][3]int{{1, 0, 2}, {2, 1, 0}, {0, 2, 1}} {
			n := parts[order[0]].Union(parts[order[1]].Union(parts[order[2]]))
			checkSums(t, n)
			if got := content(t, n); got != want {
				t.Fatalf("seed %d, order %v: got\n%s\nwant\n%s", seed, order, got, want)
			}
		}
		if got := first.Union(parts[seed%3]); got != first {
			t.Fatalf("seed %d: a table merged again made a new one", seed)
		}
	}
}

func TestAppendDelta(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 2))
		old, new := randomTable(t, rng), randomTable(t, rng)
		merged, delta, change := old.Append(new)
		checkSums(t, merged)
		checkSums(t, delta)
		checkSums(t, old) // is what it was
		checkSums(t, new)
		if got, want := content(t, old.Union(delta)), content(t, merged); got != want {
			t.Fatalf("seed %d: old and delta are\n%s\nnot what was merged\n%s", seed, got, want)
		}
		if sum := change.New + change.Changed + change.Unchanged + change.Outdated; sum != change.Records {
			t.Fatalf("seed %d: %+v: the parts sum up to %d", seed, change, sum)
		}
		again, delta, change := merged.Append(new)
		if again != merged || !delta.IsEmpty() || change.New+change.Changed+change.Removed != 0 {
			t.Fatalf("seed %d: appended again: delta %d repos, %+v; want nothing new", seed, delta.NumRepos(), change)
		}
	}
}

func TestBuildNamesLinesOfContradictions(t *testing.T) {
	m := history.Repo{Type: history.Model, Name: "a/m"}
	rows := &history.Rows{
		Repos:     []history.RepoTotal{{Repo: m, Total: 9}},
		Version:   history.Version{Source: history.Published, AsOf: 1},
		FirstLine: 2,
	}
	rows.Append(0, 18649, 4)
	rows.Append(0, 18650, 5)
	rows.Append(0, 18649, 4) // equal: collapses
	rows.Append(0, 18650, 7)
	rows.Append(0, 18650, 8)
	_, err := Build(context.Background(), func(yield func(*history.Rows, error) bool) { yield(rows, nil) }, nil)
	if _, ok := errors.AsType[*history.InputErrors](err); !ok {
		t.Fatalf("got %v, want InputErrors", err)
	}
	want := "line 5 (against line 3), column downloads: expected one number for model a/m on 2021-01-23, which was 5, got \"7\"\n" +
		"line 6 (against line 3), column downloads: expected one number for model a/m on 2021-01-23, which was 5, got \"8\""
	if err.Error() != want {
		t.Errorf("got\n%s\nwant\n%s", err, want)
	}
}

// The dictionary of the last block has the totals, also if that has no rows, and they are as
// old as the newest rows of their repositories.
func TestBuildTakesTheLastTotals(t *testing.T) {
	model := func(name string) history.Repo { return history.Repo{Type: history.Model, Name: name} }
	first := []history.RepoTotal{{Repo: model("a"), Total: 9}, {Repo: model("b"), Total: 7}, {Repo: model("c"), Total: 6}}
	last := []history.RepoTotal{{Repo: model("a"), Total: 5}, {Repo: model("b"), Total: history.Unknown}, {Repo: model("c"), Total: 4}}
	published := func(asOf history.AsOf) history.Version {
		return history.Version{Source: history.Published, AsOf: asOf}
	}
	table, err := Build(t.Context(), func(yield func(*history.Rows, error) bool) {
		_ = yield(&history.Rows{Repos: first, Repo: []uint32{0, 1}, Day: []history.Day{3, 3}, Downloads: []int64{1, 2}, Version: published(20)}, nil) &&
			yield(&history.Rows{Repos: first, Repo: []uint32{0}, Day: []history.Day{2}, Downloads: []int64{8}, Version: published(10)}, nil) &&
			yield(&history.Rows{Repos: last, Version: published(10)}, nil)
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for m := range table.Meta() {
		got = append(got, fmt.Sprint(m.Repo, m.Total, m.TotalAsOf))
	}
	want := []string{fmt.Sprint(model("a"), 5, 20), fmt.Sprint(model("b"), history.Unknown, 0)}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestBuildRefusesImpossibleRows(t *testing.T) {
	f := func(day history.Day, downloads int64, want string) {
		t.Helper()
		repo := history.Repo{Type: history.Model, Name: "a/m"}
		_, err := Build(context.Background(), history.RowsOf(history.Version{Source: history.Observed},
			history.Record{Repo: repo, Total: history.Unknown, Day: day, Downloads: downloads}), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("day %d, downloads %d: got error %v, want one with %q", day, downloads, err, want)
		}
	}
	f(18000, -1, `column downloads: expected a number from 0 up, got "-1"`)
	f(-1, 1, `column timestamp: expected a day from 1970-01-01 to 9999-12-31`)
	f(history.MaxDay+1, 1, `column timestamp`)
}

func TestRecordsByDayOfManyRepos(t *testing.T) {
	f := func(repos int) {
		t.Helper()
		rows := &history.Rows{Version: history.Version{Source: history.Published, AsOf: 1}}
		for i := range repos {
			rows.Repos = append(rows.Repos, history.RepoTotal{Repo: history.Repo{Type: history.Model, Name: fmt.Sprintf("o/%06d", i)}, Total: 1})
			rows.Append(uint32(i), history.Day(18000+i%100), int64(i))
			rows.Append(uint32(i), history.Day(18100+i%3), int64(i))
		}
		n, err := Build(context.Background(), func(yield func(*history.Rows, error) bool) { yield(rows, nil) }, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := history.Collect(n.Records(context.Background(), history.RecordsQuery{}))
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 2*repos {
			t.Fatalf("got %d records, want %d", len(got), 2*repos)
		}
		if !slices.IsSortedFunc(got, func(a, b history.Record) int {
			if a.Day != b.Day {
				return int(a.Day - b.Day)
			}
			return a.Repo.Compare(b.Repo)
		}) {
			t.Errorf("%d repositories: records are not ordered by day and repository", repos)
		}
	}
	// So many that the days of a window are not spread out at once: half of them, as few
	// as are near at hand, fewer than that.
	f(nearSpread / 8 / windowDays * 2)
	f(nearSpread / 8 / minSpreadDays * 2)
	f(maxSpread / 8 / minSpreadDays * 2)
}

// Rows that come in runs, and those that come apart, make the same table, and name
// the same lines where they contradict each other.
func TestBuildOfRunsAndOfRowsApart(t *testing.T) {
	repos := []history.RepoTotal{
		{Repo: history.Repo{Type: history.Model, Name: "a/m"}, Total: 9},
		{Repo: history.Repo{Type: history.Model, Name: "a/n"}, Total: 8},
	}
	type line struct {
		repo uint32
		day  history.Day
		n    int64
	}
	var lines []line
	for d := range history.Day(100) {
		lines = append(lines, line{0, 18000 + d, int64(d)})
	}
	for d := range history.Day(100) {
		lines = append(lines, line{1, 18000 + d, int64(d) * 3})
	}
	build := func(block int, lines []line) (*Table, error) {
		return Build(context.Background(), func(yield func(*history.Rows, error) bool) {
			for i := 0; i < len(lines); i += block {
				r := &history.Rows{Repos: repos, FirstLine: int64(i) + 2, Version: history.Version{Source: history.Published, AsOf: 5}}
				for _, l := range lines[i:min(i+block, len(lines))] {
					r.Append(l.repo, l.day, l.n)
				}
				if !yield(r, nil) {
					return
				}
			}
		}, nil)
	}
	one, err := build(1, lines) // a block a row: never a run
	if err != nil {
		t.Fatal(err)
	}
	want := content(t, one)
	f := func(name string, lines []line, fault string) {
		t.Helper()
		for _, block := range []int{1, 7, 50, 1000} {
			n, err := build(block, lines)
			switch {
			case fault != "" && (err == nil || err.Error() != fault):
				t.Errorf("%s, blocks of %d: got error %v, want %s", name, block, err, fault)
			case fault == "" && err != nil:
				t.Errorf("%s, blocks of %d: %v", name, block, err)
			case fault == "" && content(t, n) != want:
				t.Errorf("%s, blocks of %d: got\n%s\nwant\n%s", name, block, content(t, n), want)
			}
		}
	}
	f("in runs", lines, "")
	f("a run, then equal rows again", append(slices.Clone(lines), lines[10:60]...), "")
	f("the second half first", append(slices.Clone(lines[50:]), lines[:50]...), "")
	f("a run, then one that contradicts it", append(slices.Clone(lines), line{0, 18030, 7}),
		`line 202 (against line 32), column downloads: expected one number for model a/m on 2019-05-14, which was 30, got "7"`)
	f("one row, then a run that contradicts it", append([]line{{1, 18005, 1}}, lines...),
		`line 108 (against line 2), column downloads: expected one number for model a/n on 2019-04-19, which was 1, got "15"`)
}
