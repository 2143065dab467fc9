package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// sums are what an export comes to, however it is kept.
type sums struct{ repos, records, totals, downloads int64 }

// runRead reads an export from a file: the exporter into columns, the standard
// library into maps, DuckDB into a table in memory.
func runRead(b *bench) ([]verdict, error) {
	var out []verdict
	for _, c := range []struct {
		order  csvOrder
		words  string
		target float64
	}{
		{byRepo, "rows grouped by repo", 8},
		{byDay, "rows in day order", 4},
		{shuffled, "rows shuffled", 4},
	} {
		path, err := b.path(c.order)
		if err != nil {
			return nil, err
		}
		v, err := readOne(b, "read CSV into columns, "+c.words, path, c.target)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.order, err)
		}
		out = append(out, v...)
	}
	return out, nil
}

func readOne(b *bench, what, path string, target float64) ([]verdict, error) {
	d, err := openDuck(b.threads)
	if err != nil {
		return nil, err
	}
	defer d.close()

	// What the last run read is kept until it is compared.
	var table *memtable.Table
	var maps map[history.Repo]*csvRepo
	ours := contestant{name: "exporter", run: func() (err error) {
		table, err = readColumns(path)
		return err
	}}
	std := contestant{name: "encoding/csv with maps", run: func() error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		maps, err = readCSVMaps(f)
		return err
	}}
	db := contestant{name: "DuckDB read_csv", run: func() error { return d.readCSV("records", path) }}

	for _, c := range []contestant{ours, std, db} {
		if err := c.run(); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	want := sumMaps(maps)
	inDuck, err := sumDuck(d)
	if err != nil {
		return nil, err
	}
	if got := sumTable(table); got != want || inDuck != want {
		return nil, fmt.Errorf("expected equal sums, got %+v from the exporter, %+v from encoding/csv, %+v from DuckDB", got, want, inDuck)
	}
	// Let go at once, so that one's data is not another's garbage to collect.
	ours.after = func() error { table = nil; return nil }
	std.after = func() error { maps = nil; return nil }
	db.after = func() error { return d.exec("DROP TABLE records") }
	table, maps = nil, nil

	t, err := race(wallTime, b.rounds, ours, std, db)
	if err != nil {
		return nil, err
	}
	return []verdict{atLeast(what, target, t[0], t[1]), atLeast(what, target, t[0], t[2])}, nil
}

func sumTable(t *memtable.Table) sums {
	s := sums{repos: int64(t.NumRepos()), records: t.NumRecords()}
	for st := range t.Meta() {
		s.totals += st.Total
	}
	for _, g := range t.Overview(history.OverviewQuery{}).Groups {
		s.downloads += g.Downloads
	}
	return s
}

func sumMaps(m map[history.Repo]*csvRepo) sums {
	s := sums{repos: int64(len(m))}
	for _, r := range m {
		s.totals += r.total
		s.records += int64(len(r.days))
		for _, n := range r.days {
			s.downloads += n
		}
	}
	return s
}

func sumDuck(d *duck) (sums, error) {
	var s sums
	err := d.query(`SELECT count(*), CAST(sum(total) AS BIGINT), CAST(sum(n) AS BIGINT), CAST(sum(downloads) AS BIGINT)
		FROM (SELECT max(total) AS total, count(*) AS n, sum(downloads) AS downloads FROM records GROUP BY repo_type, repo)`,
		[]any{&s.repos, &s.totals, &s.records, &s.downloads}, func() {})
	return s, err
}

// readColumns reads a CSV file as the command import does.
func readColumns(path string) (*memtable.Table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return memtable.Build(context.Background(), hubcsv.Read(f, hubcsv.Options{File: path, Version: published}), nil)
}

// published is the version of records that are read from a CSV file.
var published = history.Version{Source: history.Published, AsOf: history.AsOfTime(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}
