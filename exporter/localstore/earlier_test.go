package localstore

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
)

// TestEarlierFiles opens a store of before State.RemovedAsOf was kept, and
// continues it. Its second export told a total that had fallen by 7.
func TestEarlierFiles(t *testing.T) {
	dir := t.TempDir()
	copyDir(t, "testdata/earlier", dir)
	l := open(t, dir)
	anvil := history.Repo{Type: history.Model, Name: "acme/anvil"}
	row := func(want history.RepoRow) {
		t.Helper()
		page, err := l.Repos(context.Background(), history.ReposQuery{Sort: history.SortRemoved, Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		if page.Matched != 3 || !reflect.DeepEqual(page.Rows, []history.RepoRow{want}) {
			t.Errorf("expected, of 3, %+v, got, of %d, %+v", want, page.Matched, page.Rows)
		}
	}
	want := history.RepoRow{
		Repo: anvil, Total: 93, Downloads: 10 + 15 + 7,
		Recorded: history.Days{From: 19723, To: 19725}, Removed: 7,
	}
	row(want)
	told := history.NewRepoMeta(anvil)
	told.Total, told.TotalAsOf = 90, history.AsOfTime(time.Date(2024, 1, 5, 6, 0, 0, 0, time.UTC))
	if c := add(t, l, history.Batch{Meta: []history.RepoMeta{told}}); c.Removed != 3 {
		t.Errorf("expected 3 downloads to be taken back, got %+v", c)
	}
	want.Total, want.Removed, want.RemovedAsOf = 90, 10, told.TotalAsOf
	row(want)
	l = open(t, dir)
	row(want)
	if err := l.Compact(context.Background()); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir)
	row(want)
}

// TestPreviousLayout opens a store that the version before wrote: with
// corrections and a repository that moved to another name. It gives the same
// export, byte for byte, and the same counters as that version, also once it is compacted.
func TestPreviousLayout(t *testing.T) {
	dir := t.TempDir()
	for _, sub := range []string{recordsDir, readingsDir} {
		copyDir(t, filepath.Join("testdata/previous", sub), filepath.Join(dir, sub))
	}
	l := open(t, dir)
	f := func(when string) {
		t.Helper()
		want, err := os.ReadFile("testdata/previous/export.csv")
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if _, err := hubcsv.Write(&got, l.Records(t.Context(), history.RecordsQuery{})); err != nil {
			t.Fatal(err)
		}
		if got.String() != string(want) {
			t.Errorf("%s: expected an export of %d bytes, got another one of %d", when, len(want), got.Len())
		}
		metrics, err := os.ReadFile("testdata/previous/metrics.txt")
		if err != nil {
			t.Fatal(err)
		}
		wantLines := strings.Split(strings.TrimSpace(string(metrics)), "\n")
		lines := metricLines(t, l)
		slices.Sort(wantLines)
		slices.Sort(lines)
		if !slices.Equal(lines, wantLines) {
			t.Errorf("%s: expected\n%s\ngot\n%s", when, strings.Join(wantLines, "\n"), strings.Join(lines, "\n"))
		}
	}
	f("opened")
	if err := l.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	f("compacted")
	l = open(t, dir)
	if s := statsOf(l); s.RecordFiles != 1 || s.MetaFiles != 1 {
		t.Errorf("expected two files, got %+v", s)
	}
	f("opened again")
}

// metricLines are the counts as lines of the metrics page.
func metricLines(t *testing.T, l *Ledger) []string {
	t.Helper()
	var lines []string
	for c, err := range l.Counts(t.Context(), history.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		line := func(name string, v int64) {
			lines = append(lines, fmt.Sprintf("huggingface_repo_%s{repo_type=%q,org=%q,repo=%q} %d", name, c.Repo.Type, c.Repo.Org(), c.Repo.Name, v))
		}
		if c.Downloads != history.Unknown {
			line("downloads_total", c.Downloads)
		}
		if c.Removed > 0 {
			line("downloads_corrected_total", c.Removed)
		}
		if c.LastMonth != history.Unknown {
			line("downloads_last_month", c.LastMonth)
		}
		if c.Likes != history.Unknown {
			line("likes", c.Likes)
		}
	}
	return lines
}
