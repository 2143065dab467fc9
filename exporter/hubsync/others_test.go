package hubsync

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// Rows of another organization are stored unless it is collected itself; names without an
// organization always are.
func TestRowsOfOthers(t *testing.T) {
	w := newWorld(t, options{plan: fakehub.Team, source: SourceAnalytics})
	const header = "repoType,repoName,total,timestamp,downloads\n"
	failing(fakehub.Analytics, fakehub.Body("text/csv", header+
		"model,other/m,10,2026-03-01,10\n"+
		"model,o/m,10,2026-03-01,10\n"+
		"model,legacy,5,2026-03-01,5\n"+
		"model,Other/n,3,2026-03-01,3\n"+
		"model,third/m,7,2026-03-01,7\n"+
		"model,O/n,2,2026-03-01,2\n"+
		"model,other/m,10,2026-02-28,0\n"))(w.hub)
	report := w.collect(2, 6)
	if got, want := w.records(), "O/n 1:2p\nlegacy 1:5p\no/m 1:10p\nthird/m 1:7p"; got != want {
		t.Errorf("records are %s, want %s", got, want)
	}
	if got, want := report.Others, (OtherRows{Legacy: 1, Stored: 1, LeftOut: 3}); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
	for what, want := range map[string]string{"legacy": "1", "stored": "1", "left_out": "3"} {
		w.expectMetric(fmt.Sprintf("huggingface_exporter_collection_other_rows_total{org=%q,what=%q}", "o", what), want)
	}
}

// What is passed on is what a dictionary and lines of its own say, however the rows lie.
func TestFilterKeepsTotalsAndLines(t *testing.T) {
	c := NewCollector(Options{Org: "o", Log: slog.New(slog.DiscardHandler), Collected: func(org string) bool { return org == "x" }})
	repos := []history.RepoTotal{}
	for _, name := range []string{"o/a", "x/b", "o/c", "x/d"} {
		repos = append(repos, history.RepoTotal{Repo: history.Repo{Type: history.Model, Name: name}, Total: 1})
	}
	settled := append([]history.RepoTotal{}, repos...)
	settled[2].Total = 9
	blocks := []history.Rows{
		{Repos: repos[:1], Repo: []uint32{0, 0}, FirstLine: 2},
		{Repos: repos, Repo: []uint32{1, 2, 0, 3, 2, 1}, FirstLine: 4},
		{Repos: settled, FirstLine: 10},
	}
	f := filter{c: c, o: new(OtherRows)}
	var got []string
	for r, err := range f.rows(func(yield func(*history.Rows, error) bool) {
		for i := range blocks {
			b := &blocks[i]
			b.Day, b.Downloads = make([]history.Day, len(b.Repo)), make([]int64, len(b.Repo))
			if !yield(b, nil) {
				return
			}
		}
	}) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range r.Len() {
			got = append(got, fmt.Sprintf("%d %s", r.Line(i), r.Record(i).Repo.Name))
		}
		repos = r.Repos
	}
	if got, want := strings.Join(got, ", "), "2 o/a, 3 o/a, 5 o/c, 6 o/a, 8 o/c"; got != want {
		t.Errorf("passed on %s, want %s", got, want)
	}
	if len(repos) != 2 || repos[1] != settled[2] || f.o.LeftOut != 3 {
		t.Errorf("the last dictionary is %v, and %+v were counted", repos, f.o)
	}
}

// So it is with listings.
func TestListingsOfOthers(t *testing.T) {
	w := newWorld(t, options{source: SourceListings})
	failing(fakehub.Models, fakehub.Body("application/json",
		`[{"id":"o/m","downloadsAllTime":5},{"id":"other/m","downloadsAllTime":6},{"id":"third/m","downloadsAllTime":7},{"id":"legacy","downloadsAllTime":8}]`))(w.hub)
	report := w.collect(2, 6)
	if got, want := report.Others, (OtherRows{Legacy: 1, Stored: 1, LeftOut: 1}); got != want || report.Repos != 3 {
		t.Errorf("counted %+v of %d repositories, want %+v of 3", got, report.Repos, want)
	}
	if got := w.exposed(); strings.Contains(got, "other/m") || !strings.Contains(got, "third/m 7") {
		t.Errorf("exposed is %s", got)
	}
}
