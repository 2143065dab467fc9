package localstore

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// quick are options for tests that gain nothing from a synced disk.
var quick = Options{disk: disk{unsynced: true}}

func open(t testing.TB, dir string) *Ledger {
	t.Helper()
	l, err := Open(context.Background(), dir, quick)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func add(t testing.TB, l *Ledger, b history.Batch) history.Change {
	t.Helper()
	c, err := l.Append(context.Background(), b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// batchRepos is how many repositories a dayBatch is of.
const batchRepos = 6

// dayBatch is a day of a few repositories: a record of each, their totals, and
// listings. Batches of later days tell higher totals.
func dayBatch(org string, day int) history.Batch {
	v := history.Version{Source: history.Published, AsOf: history.AsOfTime(history.Day(day + 1).Time())}
	var records []history.Record
	var meta []history.RepoMeta
	for i := range batchRepos {
		r := history.Repo{Type: history.Model, Name: fmt.Sprintf("%s/m%d", org, i)}
		records = append(records, history.Record{Repo: r, Total: int64(100*(day+1) + i), Day: history.Day(day), Downloads: int64(day*10 + i)})
		s := history.NewRepoMeta(r)
		s.Likes, s.LastMonth, s.HubID, s.ListedAsOf = int64(day), int64(i), fmt.Sprintf("%024x", i), v.AsOf+1
		meta = append(meta, s)
	}
	return history.Batch{Rows: history.RowsOf(v, records...), Meta: meta}
}

// listed returns what a listing of noon says.
func listed(r history.Repo, total int64, day history.Day) history.RepoMeta {
	m := history.NewRepoMeta(r)
	m.Total, m.TotalAsOf = total, history.AsOfTime(day.Time().Add(12*time.Hour))
	m.LastMonth, m.Likes, m.ListedAsOf = total/2, 3, m.TotalAsOf
	return m
}

// versionedRecord is a record as it is kept.
type versionedRecord struct {
	Repo      history.Repo
	Day       history.Day
	Downloads int64
	Version   history.Version
}

// contents is all that a table holds.
type contents struct {
	Records  []versionedRecord
	Days     []history.Record // with those that follow from readings
	Meta     []history.RepoMeta
	Readings []history.Reading
}

func contentsOf(t testing.TB, table *memtable.Table) contents {
	t.Helper()
	var c contents
	for rows, err := range table.Records(context.Background(), everything) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows.Len() {
			r := rows.Record(i)
			c.Records = append(c.Records, versionedRecord{r.Repo, r.Day, r.Downloads, rows.Version})
		}
	}
	var err error
	if c.Days, err = history.Collect(table.Records(context.Background(), history.RecordsQuery{Order: history.OrderRepo})); err != nil {
		t.Fatal(err)
	}
	c.Meta = slices.Collect(table.Meta())
	for r, err := range table.Readings(context.Background(), history.ReadingsQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		c.Readings = append(c.Readings, r)
	}
	return c
}

// dirFiles returns the names of all files in the store, temporary ones too.
func dirFiles(t testing.TB, dir string) []string {
	t.Helper()
	var out []string
	for _, sub := range []string{recordsDir, readingsDir} {
		entries, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			out = append(out, filepath.Join(sub, e.Name()))
		}
	}
	return out
}

func copyDir(t testing.TB, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// fileStats are the Stats of a store and how many files of each kind it has.
type fileStats struct {
	history.Stats
	RecordFiles, MetaFiles int
}

func statsOf(l *Ledger) fileStats {
	st, _ := l.Stats(context.Background())
	now := l.current.Load()
	return fileStats{st, len(now.records), len(now.meta)}
}
