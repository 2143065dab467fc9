package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// runOverview asks for the downloads of each day by repo type, all time: what
// the overview of a dashboard shows.
func runOverview(b *bench) ([]verdict, error) {
	table, err := b.table()
	if err != nil {
		return nil, err
	}
	d, err := b.duckdb()
	if err != nil {
		return nil, err
	}
	small := b.data
	small.repos = max(2, b.repos/10)
	tenth, err := memtable.Build(context.Background(), small.rows(byRepo), nil)
	if err != nil {
		return nil, err
	}

	var ours, theirs, ofTenth []typeDay
	atFull := contestant{name: "exporter", run: func() error { ours = overviewOf(table); return nil }}
	atTenth := contestant{name: "exporter, a tenth of the records", run: func() error { ofTenth = overviewOf(tenth); return nil }}
	db := contestant{name: "DuckDB over its own table", run: func() (err error) {
		theirs, err = overviewInDuck(d)
		return err
	}}
	t, err := race(wallTime, b.rounds, atFull, atTenth, db)
	if err != nil {
		return nil, err
	}
	if len(ours) == 0 || !slices.Equal(ours, theirs) {
		return nil, fmt.Errorf("expected the same %d days from the exporter and %d from DuckDB", len(ours), len(theirs))
	}
	if len(ofTenth) == 0 {
		return nil, fmt.Errorf("expected days of %d repositories, got none", small.repos)
	}
	what := "overview, all time, each day by repo type"
	return []verdict{
		atLeast(fmt.Sprintf("%s, %s records", what, millions(table.NumRecords())), 100, t[0], t[2]),
		within(fmt.Sprintf("the same, against %s records", millions(tenth.NumRecords())), 1.5, t[0], t[1]),
	}, nil
}

// typeDay is the downloads of a repo type on a day.
type typeDay struct {
	repoType history.RepoType
	history.DayDownloads
}

func overviewOf(t *memtable.Table) []typeDay {
	o := t.Overview(history.OverviewQuery{ByRepoType: true, Series: true})
	var out []typeDay
	for _, g := range o.Groups {
		for _, n := range g.Series {
			out = append(out, typeDay{g.RepoType, n})
		}
	}
	return out
}

func overviewInDuck(d *duck) ([]typeDay, error) {
	var out []typeDay
	var typ string
	var day int32
	var n int64
	err := d.query(`SELECT repo_type, day - DATE '1970-01-01', CAST(sum(downloads) AS BIGINT)
		FROM records GROUP BY repo_type, day ORDER BY repo_type <> 'model', repo_type, day`,
		[]any{&typ, &day, &n}, func() {
			out = append(out, typeDay{history.RepoType(typ), history.DayDownloads{Day: history.Day(day), Downloads: n}})
		})
	return out, err
}

// millions writes a number of records in words short enough for a table.
func millions(n int64) string {
	if n < 100_000 {
		return fmt.Sprint(n)
	}
	return number(float64(n)/1e6) + "M"
}
