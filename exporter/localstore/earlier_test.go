package localstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
)

// TestEarlierFiles opens a store of before the age of a correction was kept, and continues
// it. Its second export told a total that had fallen by 7.
func TestEarlierFiles(t *testing.T) {
	dir := t.TempDir()
	copyDir(t, "testdata/earlier", dir)
	l := open(t, dir)
	anvil := history.Repo{Type: history.Model, Name: "acme/anvil"}
	want := history.RepoRow{
		Repo: anvil, Total: 93, Downloads: 10 + 15 + 7,
		Recorded: history.Days{From: 19723, To: 19725}, Removed: 7,
	}
	row := func() {
		t.Helper()
		page, err := l.Repos(context.Background(), history.ReposQuery{Sort: history.SortRemoved, Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		if page.Matched != 3 || !reflect.DeepEqual(page.Rows, []history.RepoRow{want}) {
			t.Errorf("expected, of 3, %+v, got, of %d, %+v", want, page.Matched, page.Rows)
		}
	}
	row()
	// A fall of 3 more, seen again three days later.
	told := listed(anvil, 90, 19727)
	add(t, l, history.Batch{Meta: []history.RepoMeta{told}})
	want.Total = 90
	row()
	confirmed := listed(anvil, 90, 19730)
	if c := add(t, l, history.Batch{Meta: []history.RepoMeta{confirmed}}); c.Removed != 3 {
		t.Errorf("expected 3 downloads to be taken back, got %+v", c)
	}
	want.Removed, want.RemovedAsOf = 10, confirmed.TotalAsOf
	want.Recorded.To = 19729
	row()
	l = open(t, dir)
	row()
	if err := l.Compact(context.Background()); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir)
	row()
}

// previousStore returns a directory as the version wrote it that kept no readings: with
// corrections and a repository that moved to another name.
func previousStore(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, sub := range []string{recordsDir, reposDir} {
		copyDir(t, filepath.Join("testdata/previous", sub), filepath.Join(dir, sub))
	}
	return dir
}

// TestPreviousLayout opens a store of the previous layout. It gives the same export, byte for
// byte, and the same counters as that version, also once it is compacted.
func TestPreviousLayout(t *testing.T) {
	dir := previousStore(t)
	l, err := Open(t.Context(), dir, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
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
	f("opened to read")
	if _, err := os.Stat(filepath.Join(dir, reposDir)); err != nil {
		t.Errorf("opened to read, the directory changed: %v", err)
	}
	l = open(t, dir)
	f("opened")
	if err := l.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	f("compacted")
	if _, err := os.Stat(filepath.Join(dir, reposDir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("written, expected the directory %s to be called %s, got %v", reposDir, readingsDir, err)
	}
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
			line("downloads_removed_total", c.Removed)
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

// TestPreviousGoesOn appends listings to a store of the previous layout. Its counters go on
// from where they were: they never fall, and rise by what the totals rise by.
func TestPreviousGoesOn(t *testing.T) {
	dir := previousStore(t)
	l := open(t, dir)
	first := make(map[history.Repo]history.Day)
	for m := range l.Table().Meta() {
		first[m.Repo] = history.DayOf(m.TotalAsOf.Time()) + 1
	}
	page, err := l.Repos(t.Context(), history.ReposQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range page.Rows {
		first[r.Repo] = max(first[r.Repo], r.Recorded.To+1)
	}
	counts := func() map[history.Repo]history.Counts {
		t.Helper()
		all := make(map[history.Repo]history.Counts)
		for c, err := range l.Counts(t.Context(), history.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			all[c.Repo] = c
		}
		return all
	}
	before := counts()
	for i := range history.Day(10) {
		var meta []history.RepoMeta
		for r, c := range before {
			if c.Downloads != history.Unknown {
				m := listed(r, c.AllTime+5*int64(i+1), first[r]+i)
				m.LastMonth = 1000
				meta = append(meta, m)
			}
		}
		add(t, l, history.Batch{Meta: meta})
		for when := range 2 {
			for r, c := range counts() {
				want := before[r]
				if c.Downloads != history.Unknown {
					want.Downloads += 5 * int64(i+1)
					want.AllTime += 5 * int64(i+1)
					want.LastMonth, want.Likes = 1000, 3
				}
				if c != want {
					t.Fatalf("listing %d, look %d: expected %+v, got %+v", i, when, want, c)
				}
			}
			l = open(t, dir)
		}
	}
	// Each of the days between the listings has what was downloaded, unless its total was
	// below one of before.
	for r, c := range before {
		if c.Downloads == history.Unknown || c.Removed > 0 {
			continue
		}
		days, err := history.Collect(l.Records(t.Context(), history.RecordsQuery{
			Filter: history.Filter{RepoTypes: []history.RepoType{r.Type}, Repos: []string{r.Name}}, Period: history.RangeOf(first[r], first[r]+10),
		}))
		if err != nil || len(days) != 9 {
			t.Fatalf("%s: expected 9 days, got %v, %v", r, days, err)
		}
		for _, d := range days {
			if d.Downloads != 5 {
				t.Errorf("expected 5 downloads a day, got %+v", d)
			}
		}
	}
}

// TestPreviousInBothDirectories asserts that files of the earlier version beside those of this
// one are not passed over.
func TestPreviousInBothDirectories(t *testing.T) {
	dir := previousStore(t)
	l := open(t, dir)
	if err := l.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := os.Mkdir(filepath.Join(dir, reposDir), 0o700); err != nil {
		t.Fatal(err)
	}
	open(t, dir).Close() // an empty one says nothing
	copyDir(t, "testdata/previous/"+reposDir, filepath.Join(dir, reposDir))
	_, err := Open(t.Context(), dir, quick)
	if want := "expected the files of an earlier version in " + filepath.Join(dir, reposDir) + " and none in " + readingsDir; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("expected an error with %q, got %v", want, err)
	}
}
