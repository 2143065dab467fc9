package memtable

import (
	"context"
	"iter"
	"slices"
	"sync"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Table is a history that does not change. Its methods may be called from several
// goroutines at once.
type Table struct {
	// cols are ordered by Repo.Compare; shown are those of them that did not move
	// to another name. Answers and groups are of shown ones alone.
	cols, shown []*column
	groups      []*group
	recorded    history.Days
	records     int64
	parts       sync.Map // by *history.Set: func() *setPart
}

var empty = newTable(nil, nil)

// Empty returns a table of nothing.
func Empty() *Table { return empty }

func newTable(cols []*column, groups []*group) *Table {
	t := &Table{cols: cols, shown: cols, groups: groups, recorded: history.NoDays}
	if slices.ContainsFunc(cols, (*column).moved) {
		t.shown = slices.DeleteFunc(slices.Clone(cols), (*column).moved)
	}
	for _, g := range groups {
		t.records += g.records
		if len(g.windows) == 0 {
			continue
		}
		run := g.recorded()
		if t.recorded.Len() == 0 {
			t.recorded = run
			continue
		}
		t.recorded = history.Days{From: min(t.recorded.From, run.From), To: max(t.recorded.To, run.To)}
	}
	return t
}

// IsEmpty reports whether the table knows no repository.
func (t *Table) IsEmpty() bool { return len(t.cols) == 0 }

// NumRepos returns the number of repositories, those that moved to another name
// left out.
func (t *Table) NumRepos() int { return len(t.shown) }

// NumRecords returns the number of records of all repositories.
func (t *Table) NumRecords() int64 { return t.records }

// Recorded runs from the first to the last recorded day. It is empty if there is
// no record.
func (t *Table) Recorded() history.Days { return t.recorded }

// Meta returns what is known of each repository besides its days, ordered by
// Repo.Compare.
func (t *Table) Meta() iter.Seq[history.RepoMeta] {
	return func(yield func(history.RepoMeta) bool) {
		for _, c := range t.cols {
			if !yield(c.meta) {
				return
			}
		}
	}
}

// SelectMeta is Meta of what q selects, as history.Appender has it.
func (t *Table) SelectMeta(ctx context.Context, q history.MetaQuery) iter.Seq2[history.RepoMeta, error] {
	return func(yield func(history.RepoMeta, error) bool) {
		for _, c := range t.cols {
			if err := ctx.Err(); err != nil {
				yield(history.RepoMeta{}, err)
				return
			}
			if q.Matches(c.meta) && !yield(c.meta, nil) {
				return
			}
		}
	}
}

// Counts streams what the metrics page shows, as history.Reader has it.
func (t *Table) Counts(ctx context.Context, f history.Filter) iter.Seq2[history.Counts, error] {
	return func(yield func(history.Counts, error) bool) {
		month, _, _ := history.Period{Kind: history.LastMonth}.Resolve(t.recorded)
		shown, matches := t.selected(f)
		for _, c := range shown {
			if err := ctx.Err(); err != nil {
				yield(history.Counts{}, err)
				return
			}
			if c.meta.Gone() || !matches(c) {
				continue
			}
			n := c.meta.Counts()
			if n.LastMonth == history.Unknown && c.records > 0 {
				n.LastMonth = c.total(month)
			}
			if !yield(n, nil) {
				return
			}
		}
	}
}

// Readings streams the readings of repositories, as history.Reader has it.
func (t *Table) Readings(ctx context.Context, q history.ReadingsQuery) history.ReadingSeq {
	return func(yield func(history.Reading, error) bool) {
		matches := filterColumns(q.Filter)
		run := q.Days(t.recorded)
		for _, c := range t.cols {
			if err := ctx.Err(); err != nil {
				yield(history.Reading{}, err)
				return
			}
			if c.read == nil || !matches(c) {
				continue
			}
			if !c.read.each(c.meta.Repo, c.read.from(run.From), c.read.from(run.To+1), func(r *history.Reading) bool { return yield(*r, nil) }) {
				return
			}
		}
	}
}

// MemoryBytes returns about how many bytes the table holds on to.
func (t *Table) MemoryBytes() int64 {
	b := int64(cap(t.cols)) * 8
	shared := make(map[*moment]int)
	for _, c := range t.cols {
		b += c.memory()
		if n := c.read.len(); n > 0 {
			last := &c.read.moments[n-1]
			shared[last] = max(shared[last], n)
		}
	}
	for _, n := range shared {
		b += int64(n) * 16
	}
	for _, g := range t.groups {
		b += groupSize + int64(cap(g.windows))*packedSumsSize
		for i := range g.windows {
			b += int64(cap(g.windows[i].data))
		}
	}
	return b
}
