package memtable

import (
	"context"
	"fmt"
	"reflect"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// MemoryError is the error of a history that takes more memory than it may.
type MemoryError struct {
	// Most is how many bytes it may take, Rows how many rows were read by then.
	Most, Rows int64
}

// Error says what was expected.
func (e *MemoryError) Error() string {
	return fmt.Sprintf("expected a history of at most %d bytes in memory, got more in %d rows", e.Most, e.Rows)
}

// BuildLimited is Build for a history that may take most bytes of memory at the
// most: while it is read, when rows that come in no order take several times what
// they take once packed, and afterwards. Beyond that the error is a *MemoryError.
// most must be above 0.
func BuildLimited(ctx context.Context, rows history.RowSeq, meta []history.RepoMeta, most int64) (*Table, error) {
	return build(ctx, history.Batch{Rows: rows, Meta: meta}, budget{most: most})
}

// budget bounds the memory of a builder. The zero value bounds nothing.
type budget struct {
	most int64
	// rows have been read, next is when they are weighed next.
	rows, next int64
	// packed is the weight of the runs that were packed.
	packed int64
}

var (
	metaSize = int64(reflect.TypeFor[history.RepoMeta]().Size() + reflect.TypeFor[repoLog]().Size())
	runSize  = int64(reflect.TypeFor[packedRun]().Size())
)

// minWeighed is how many rows are read between two looks at the memory, at least.
const minWeighed = 4096

// count notes that n more rows were read and reports whether it is time to weigh
// what there is. Each weighing looks at every repository, so that there are fewer
// the more repositories there are.
func (g *budget) count(n, repos int) bool {
	g.rows += int64(n)
	if g.most == 0 || g.rows < g.next {
		return false
	}
	g.next = g.rows + max(minWeighed, 4*int64(repos))
	return true
}

// exceeded returns the error of a weight that passes the budget, nil if it does not.
func (g *budget) exceeded(bytes int64) *MemoryError {
	if g.most == 0 || bytes <= g.most {
		return nil
	}
	return &MemoryError{Most: g.most, Rows: g.rows}
}

// weight returns about how many bytes the builder holds on to.
func (b *builder) weight() int64 {
	w := b.budget.packed + int64(len(b.meta))*metaSize
	for i := range b.logs {
		w += int64(cap(b.logs[i].log)) + int64(len(b.meta[i].Repo.Name))
	}
	return w
}

// weight returns the bytes that a run holds on to.
func (p *packedRun) weight() int64 {
	return runSize + int64(cap(p.windows))*windowSize + int64(cap(p.data))
}
