package memtable

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/parallel"
)

// Repos returns a page of the table of repositories.
func (t *Table) Repos(q history.ReposQuery) history.ReposPage {
	return t.ReposIn(t.recorded, q)
}

// ReposIn is Repos of a table that holds a part of a history, which was recorded over the
// given days.
func (t *Table) ReposIn(recorded history.Days, q history.ReposQuery) history.ReposPage {
	p := history.ReposPage{Recorded: recorded}
	p.Days, p.Before, p.HasBefore = q.Period.Resolve(recorded)
	rows := t.rows(q, &p)
	p.Matched = len(rows)
	rows = page(rows, q)
	p.TrendStep = history.TrendStep(p.Days.Len(), q.Trend)
	p.Rows = make([]history.RepoRow, len(rows))
	for i, r := range rows {
		p.Rows[i] = history.RepoRow{
			Repo:      r.column.meta.Repo,
			Total:     r.column.meta.Total,
			Downloads: r.downloads,
			Before:    r.before,
			Recorded:  r.column.recorded(),
			Trend:     r.column.trend(p.Days, p.TrendStep),

			Removed:       r.column.meta.Removed,
			RemovedAsOf:   r.column.meta.RemovedAsOf,
			Backdated:     r.column.meta.Backdated,
			BackdatedAsOf: r.column.meta.BackdatedAsOf,
		}
	}
	return p
}

// row is a repository with the numbers that a table may be ordered by.
type row struct {
	column            *column
	downloads, before int64
}

// partRows is how many repositories a processor looks at a time.
const partRows = 256

// rows returns the repositories that q selects, ordered by Repo.Compare. Of many it looks
// with all processors.
func (t *Table) rows(q history.ReposQuery, p *history.ReposPage) []row {
	shown, matches := t.selected(q.Filter)
	if len(shown) <= partRows {
		return rowsOf(shown, matches, p)
	}
	found := make([][]row, (len(shown)+partRows-1)/partRows)
	parallel.Run(len(shown), partRows, func(parts iter.Seq2[int, int]) {
		for from, to := range parts {
			found[from/partRows] = rowsOf(shown[from:to], matches, p)
		}
	})
	return slices.Concat(found...)
}

// rowsOf returns those of some repositories that match.
func rowsOf(cols []*column, matches func(*column) bool, p *history.ReposPage) []row {
	rows := make([]row, 0, len(cols))
	for _, c := range cols {
		if !matches(c) {
			continue
		}
		r := row{column: c, downloads: c.total(p.Days)}
		if p.HasBefore {
			r.before = c.total(p.Before)
		}
		rows = append(rows, r)
	}
	return rows
}

// filterColumns is Filter.Matcher with the lower case names that columns keep.
func filterColumns(f history.Filter) func(*column) bool {
	search := strings.ToLower(f.Search)
	f.Search = ""
	matches := f.Matcher()
	return func(c *column) bool {
		return matches(c.meta.Repo) && strings.Contains(c.lower, search)
	}
}

// compareRows returns the order that q asks for.
func compareRows(q history.ReposQuery) func(a, b row) int {
	key := func(a, b row) int { return cmp.Compare(a.downloads, b.downloads) }
	switch q.Sort {
	case history.SortTotal:
		key = func(a, b row) int { return cmp.Compare(a.column.meta.Total, b.column.meta.Total) }
	case history.SortChange:
		key = func(a, b row) int { return cmp.Compare(a.downloads-a.before, b.downloads-b.before) }
	case history.SortName:
		key = func(a, b row) int { return strings.Compare(a.column.meta.Repo.Name, b.column.meta.Repo.Name) }
	case history.SortRemoved:
		key = func(a, b row) int {
			x, y := &a.column.meta, &b.column.meta
			return cmp.Or(cmp.Compare(x.Removed, y.Removed), cmp.Compare(x.Backdated, y.Backdated))
		}
	}
	sign := -1
	if q.Ascending {
		sign = 1
	}
	return func(a, b row) int {
		if c := key(a, b); c != 0 {
			return c * sign
		}
		return a.column.meta.Repo.Compare(b.column.meta.Repo)
	}
}

// page orders rows as q asks and returns those from Offset on, Limit at the most.
// Of many rows it orders only as many as are wanted.
func page(rows []row, q history.ReposQuery) []row {
	offset := min(max(q.Offset, 0), len(rows))
	end := len(rows)
	if q.Limit > 0 && q.Limit < end-offset {
		end = offset + q.Limit
	}
	compare := compareRows(q)
	if end < len(rows)/8 {
		rows = best(rows, end, compare)
	}
	slices.SortFunc(rows, compare)
	return rows[offset:end]
}

// best returns the first n rows in the order of compare, and maybe more, unordered. It
// sorts whenever it has twice as many.
func best(rows []row, n int, compare func(a, b row) int) []row {
	if n == 0 {
		return nil
	}
	kept := make([]row, 0, 2*n)
	full := false // the first n of kept are in order, and no row that comes after them counts
	for i := range rows {
		if full && compare(rows[i], kept[n-1]) >= 0 {
			continue
		}
		if kept = append(kept, rows[i]); len(kept) == 2*n {
			slices.SortFunc(kept, compare)
			kept, full = kept[:n], true
		}
	}
	return kept
}

// trend sums up each step days of a run, nil without a step.
func (d *days) trend(run history.Days, step int) []int64 {
	if step == 0 {
		return nil
	}
	points := make([]int64, (run.Len()+step-1)/step)
	for i := range points {
		points[i] = history.Unknown
	}
	for day, v := range d.each(run) {
		i := int(day-run.From) / step
		points[i] = addCounts(max(points[i], 0), v)
	}
	return points
}
