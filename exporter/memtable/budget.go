package memtable

import (
	"context"
	"reflect"
	"runtime"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// BuildLimited is Build for a history that may take most bytes of memory at the
// most: while it is read, when rows that come in no order take several times what
// they take once packed, and afterwards. Beyond that the error is a *history.MemoryError.
// most must be above 0.
func BuildLimited(ctx context.Context, rows history.RowSeq, meta []history.RepoMeta, most int64) (*Table, error) {
	return build(ctx, history.Batch{Rows: rows, Meta: meta}, budget{most: most})
}

// budget bounds the memory of a builder. The zero value bounds nothing.
type budget struct {
	most int64
	// rows have been read, since of them after the last weighing.
	rows, since int64
	// logged is what the logs weighed then, packed the weight of the runs that were packed,
	// names of the names of all repositories.
	logged, packed, names int64
	// collected is the weight at which garbage was collected last: at a half of what there
	// may be, then at a half of what is left.
	collected int64
}

var (
	runSize = int64(reflect.TypeFor[packedRun]().Size())
	// keptSize is what a repository takes until it is packed: what is known of it, the head
	// of its log, and the reading of its total.
	keptSize = int64(reflect.TypeFor[history.RepoMeta]().Size() + reflect.TypeFor[repoLog]().Size() +
		reflect.TypeFor[told]().Size() + reflect.TypeFor[history.Reading]().Size())
	// repoSize is what a repository takes while an input is read, besides its name and its
	// rows: that, entries in the dictionaries of builder and reader and in their indexes, and
	// half as much again for lists that grow and for garbage.
	repoSize = (keptSize + indexSize + entrySize) * 3 / 2
	// entrySize is what the reader of an input takes of that.
	entrySize = int64(reflect.TypeFor[history.RepoTotal]().Size()) + indexSize + prefixSize
)

const (
	// indexSize is about the size of an entry of an index of repositories.
	indexSize = 64
	// prefixSize is about what a reader keeps to recognize the rows of a repository.
	prefixSize = 100
	// nameCopies is how often a name is kept: by the reader, by the builder, and as it is
	// searched for.
	nameCopies = 3
	// rowSize is what a row takes at most in a log, with room for others.
	rowSize = 16
	// minWeighed is how many rows are read between two weighings, at least.
	minWeighed = 4096
)

// count notes that n more rows were read and reports whether it is time to weigh what there
// is. What follows from the number of repositories is known at any time; the logs are looked
// at only where they may be too large, and each look costs the number of repositories.
func (g *budget) count(n, repos int) bool {
	g.rows += int64(n)
	g.since += int64(n)
	if g.most == 0 {
		return false
	}
	fixed := g.fixed(repos)
	if left := g.most - g.collected; left > g.most/16 && fixed+g.logged+g.since*rowSize > g.collected+left/2 {
		// What was there before, and what lists have grown out of, would stay until as much
		// again has come.
		g.collected += left / 2
		runtime.GC()
	}
	return fixed > g.most || g.since >= max(minWeighed, 2*int64(repos)) && fixed+g.logged+g.since*rowSize > g.most
}

// fixed returns the weight of all but the logs.
func (g *budget) fixed(repos int) int64 {
	return g.packed + int64(repos)*repoSize + nameCopies*g.names
}

// exceeded returns the error of a weight that passes the budget, nil if it does not.
func (g *budget) exceeded(bytes int64) *history.MemoryError {
	if g.most == 0 || bytes <= g.most {
		return nil
	}
	return &history.MemoryError{Most: g.most, Rows: g.rows}
}

// weight returns about how many bytes the builder and the reader of its input hold on to.
func (b *builder) weight() int64 {
	g := &b.budget
	g.since, g.logged = 0, b.logBytes()
	return g.fixed(len(b.meta)) + g.logged
}

// kept returns about how many bytes the builder holds on to once all was read.
func (b *builder) kept() int64 {
	if b.budget.most == 0 {
		return 0
	}
	return b.budget.packed + int64(len(b.meta))*keptSize + b.budget.names + b.logBytes()
}

func (b *builder) logBytes() (n int64) {
	for i := range b.logs {
		n += int64(cap(b.logs[i].log))
	}
	return n
}

// weight returns the bytes that a run holds on to.
func (p *packedRun) weight() int64 {
	return runSize + int64(cap(p.windows))*windowSize + int64(cap(p.data))
}
