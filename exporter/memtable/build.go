//gosec:disable G115 -- packed values keep their bits

package memtable

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/parallel"
)

// Build makes a Table of rows, in any order, and of metadata. rows may be nil.
//
// Equal rows collapse. Two different numbers of one version for one repository
// and day are a fault, as is a number or a day out of its range: the error is
// then an *history.InputErrors that names the lines. Of two versions the merge
// rule takes one. An error of the stream, or of ctx, is returned as it came.
func Build(ctx context.Context, rows history.RowSeq, meta []history.RepoMeta) (*Table, error) {
	return BuildBatch(ctx, history.Batch{Rows: rows, Meta: meta})
}

// BuildBatch is Build of all that an append brings. A batch that was built already is
// returned as it is.
func BuildBatch(ctx context.Context, batch history.Batch) (*Table, error) {
	switch t := batch.Table.(type) {
	case nil:
		return build(ctx, batch, budget{most: batch.MaxBytes})
	case *Table:
		return t, ctx.Err()
	default:
		return nil, fmt.Errorf("expected a batch with a *memtable.Table, got a %T", t)
	}
}

func build(ctx context.Context, batch history.Batch, limit budget) (*Table, error) {
	b := newBuilder(limit)
	if err := b.addBatch(ctx, batch); err != nil {
		return nil, err
	}
	if batch.Rows != nil {
		if err := b.read(ctx, batch.Rows); err != nil {
			return nil, err
		}
	}
	if batch.Then != nil {
		more, err := batch.Then()
		if err != nil {
			return nil, err
		}
		if err := b.addBatch(ctx, more); err != nil {
			return nil, err
		}
	}
	b.notes = batch.Notes
	return b.table()
}

func newBuilder(limit budget) *builder {
	return &builder{
		budget:       limit,
		index:        make(map[history.Repo]uint32),
		packed:       make(map[uint32]*packedRun),
		versionIndex: make(map[history.Version]uint32),
		packing:      readingPacker{shared: newSharedMoments()},
	}
}

type builder struct {
	index   map[history.Repo]uint32
	meta    []history.RepoMeta
	logs    []repoLog
	told    []told
	packing readingPacker
	merging readingMerger
	// run is the run of rows under way, packed those that have ended, by repository.
	run    run
	packed map[uint32]*packedRun
	// remap leads from the dictionary of the stream to metadata and logs, dictionary is
	// that of the last block, and asOf the newest version of the rows of each entry.
	remap        []uint32
	dictionary   []history.RepoTotal
	asOf         []history.AsOf
	versions     []history.Version
	versionIndex map[history.Version]uint32
	version      uint32
	faults       []*history.InputError
	// contradictions are faults too, unless notes has room for them.
	contradictions []*history.InputError
	notes          *history.InputNotes
	budget         budget
	// underived says that nothing is to follow from readings yet.
	underived bool
}

func (b *builder) repo(r history.Repo) uint32 {
	i, ok := b.index[r]
	if !ok {
		i = uint32(len(b.meta))
		b.index[r] = i
		b.budget.names += int64(len(r.Name))
		b.meta = append(b.meta, history.NewRepoMeta(r))
		b.logs = append(b.logs, repoLog{})
		b.told = append(b.told, told{})
	}
	return i
}

// blocksAhead is how many blocks a source may be ahead of the one that it has handed on.
const blocksAhead = 2

// maxQueued is how many blocks of a stream may wait to be added.
const maxQueued = 8

// read takes the blocks of a stream. They are copied and handed to a goroutine of
// its own, so that the source goes on with the next ones meanwhile.
func (b *builder) read(ctx context.Context, rows history.RowSeq) error {
	full := make(chan *history.Rows, maxQueued)
	empty := make(chan *history.Rows, maxQueued+2)
	var done sync.WaitGroup
	var over atomic.Pointer[history.MemoryError]
	done.Go(func() {
		for r := range full {
			b.add(r)
			if b.budget.count(r.Len(), len(b.meta)) {
				over.CompareAndSwap(nil, b.budget.exceeded(b.weight()))
			}
			select {
			case empty <- r:
			default:
			}
		}
	})
	taken, named := int64(0), 0
	err := func() error {
		for r, err := range rows {
			if err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			// The blocks that wait may have brought too many repositories already, and the
			// source is some blocks ahead.
			taken += int64(r.Len())
			coming := blocksAhead * int64(len(r.Repos)-named)
			named = len(r.Repos)
			if b.budget.most > 0 && int64(named)*repoSize+coming*entrySize > b.budget.most {
				over.CompareAndSwap(nil, &history.MemoryError{Most: b.budget.most, Rows: taken})
			}
			if over.Load() != nil {
				break
			}
			var c *history.Rows
			select {
			case c = <-empty:
			default:
				c = new(history.Rows)
			}
			copyRows(c, r)
			full <- c
		}
		return ctx.Err()
	}()
	close(full)
	done.Wait()
	if e := over.Load(); e != nil {
		return e
	}
	b.addTotals()
	return err
}

func copyRows(dst, src *history.Rows) {
	dst.Repos = src.Repos
	dst.Repo = append(dst.Repo[:0], src.Repo...)
	dst.Day = append(dst.Day[:0], src.Day...)
	dst.Downloads = append(dst.Downloads[:0], src.Downloads...)
	dst.Version, dst.FirstLine = src.Version, src.FirstLine
}

func (b *builder) add(r *history.Rows) {
	b.useVersion(r.Version)
	for i := len(b.remap); i < len(r.Repos); i++ {
		b.remap = append(b.remap, b.repo(r.Repos[i].Repo))
		b.asOf = append(b.asOf, noRows)
	}
	b.dictionary = r.Repos
	line, step := r.FirstLine, int64(1)
	if line == 0 {
		step = 0
	}
	for i, n := range r.Repo {
		at, day, downloads := b.remap[n], r.Day[i], r.Downloads[i]
		switch {
		case downloads < 0 || day < history.MinDay || day > history.MaxDay:
			b.fault(r, i)
		case b.run.continues(at, day, line, r.Version):
			b.run.add(day, downloads, line)
		case b.run.rows == 0 && b.logs[at].continues(b.version):
			b.logs[at].add(day, downloads, line, b.version)
		default:
			b.addElsewhere(r, i, at, line, step)
		}
		line += step
	}
}

// addElsewhere adds a row that does not go on with the run under way: it begins the
// next one, or goes to the log of its repository.
func (b *builder) addElsewhere(r *history.Rows, i int, at uint32, line, step int64) {
	b.endRun()
	day, downloads := r.Day[i], r.Downloads[i]
	l := &b.logs[at]
	if l.rows == 0 || l.version != b.version {
		b.asOf[r.Repo[i]] = max(b.asOf[r.Repo[i]], r.Version.AsOf)
	}
	if l.rows == 0 && i+minRun <= r.Len() && r.Repo[i+minRun-1] == r.Repo[i] && b.packed[at] == nil {
		b.run.start(at, line, step, r.Version)
		b.run.add(day, downloads, line)
		return
	}
	l.add(day, downloads, line, b.version)
}

// endRun puts away the run under way, if there is one.
func (b *builder) endRun() {
	if b.run.rows > 0 {
		p := b.run.end()
		b.packed[b.run.at] = p
		b.budget.packed += p.weight()
	}
}

func (b *builder) useVersion(v history.Version) {
	if len(b.versions) > 0 && b.versions[b.version] == v {
		return
	}
	i, ok := b.versionIndex[v]
	if !ok {
		i = uint32(len(b.versions))
		b.versions = append(b.versions, v)
		b.versionIndex[v] = i
	}
	b.version = i
}

// noRows is the age of an entry of a dictionary that no row points to.
const noRows history.AsOf = math.MinInt64

// addTotals adds the totals that the dictionary tells, once all was read: those of the
// last block count.
func (b *builder) addTotals() {
	for i, t := range b.dictionary {
		if b.asOf[i] != noRows && t.Total != history.Unknown {
			told := history.NewRepoMeta(t.Repo)
			told.Total, told.TotalAsOf = t.Total, b.asOf[i]
			b.meta[b.remap[i]].MergeFrom(&told)
			export := history.NewReading(t.Repo, b.asOf[i], history.Export, t.Total, history.Unknown, history.Unknown)
			b.told[b.remap[i]].export = &export
		}
	}
}

func (b *builder) fault(r *history.Rows, i int) {
	f := &history.InputError{Line: r.Line(i), Column: "downloads", Value: strconv.FormatInt(r.Downloads[i], 10), Want: "a number from 0 up"}
	if d := r.Day[i]; d < history.MinDay || d > history.MaxDay {
		f.Column, f.Value = "timestamp", strconv.Itoa(int(d))
		f.Want = "a day from " + history.MinDay.String() + " to " + history.MaxDay.String() + ", as a number since the first of them"
	}
	b.faults = append(b.faults, f)
}

// table packs the logs, with all processors: the input has been read by now.
func (b *builder) table() (*Table, error) {
	b.endRun()
	order := make([]uint32, 0, len(b.meta))
	for i := range b.meta {
		if b.told[i].given || b.logs[i].rows > 0 || b.packed[uint32(i)] != nil {
			order = append(order, uint32(i))
		}
	}
	slices.SortFunc(order, func(i, j uint32) int { return b.meta[i].Repo.Compare(b.meta[j].Repo) })

	// What was read is known by now: the rest needs the memory.
	b.index, b.remap, b.dictionary = nil, nil, nil
	var bytes atomic.Int64
	bytes.Store(b.kept())
	t := assemble(len(order), !b.underived, func() (func(int) *column, func()) {
		p := placer{versions: b.versions, larger: b.notes != nil}
		var d deriver
		packing := readingPacker{shared: b.packing.shared}
		var merging readingMerger
		pack := func(i int) *column {
			if b.budget.exceeded(bytes.Load()) != nil {
				return nil
			}
			l, s := &b.logs[order[i]], b.meta[order[i]]
			stored := p.days(s.Repo, b.packed[order[i]], l)
			l.log = nil
			told := &b.told[order[i]]
			told.pack(&packing, &merging, s.Repo)
			read := told.readings
			if told.export != nil {
				export := packing.packAll([]history.Reading{ofExport(*told.export, &stored)})
				read = packing.union(&merging, s.Repo, read, export)
			}
			if b.underived {
				return underivedColumn(s, stored, read)
			}
			c := d.column(s, stored, read, nil)
			bytes.Add(c.memory())
			return c
		}
		return pack, func() { b.contradictions = append(b.contradictions, p.faults...) }
	})
	if e := b.budget.exceeded(bytes.Load()); e != nil {
		return nil, e
	}
	if err := b.inputErrors(); err != nil {
		return nil, err
	}
	return t, nil
}

// partColumns is how many columns a processor makes at a time.
const partColumns = 64

// assemble makes a table of n columns with all processors. Each calls newWorker once: column
// makes a column, nil to leave it out, and done is called at the end, one at a time. Without
// sums the table has no groups.
func assemble(n int, sums bool, newWorker func() (column func(i int) *column, done func())) *Table {
	cols := make([]*column, n)
	var mu sync.Mutex
	groups := editGroups(nil)
	parallel.Run(n, partColumns, func(parts iter.Seq2[int, int]) {
		makeColumn, done := newWorker()
		g := editGroups(nil)
		for from, to := range parts {
			for i := from; i < to; i++ {
				if cols[i] = makeColumn(i); cols[i] != nil && sums {
					g.addColumn(cols[i])
				}
			}
		}
		mu.Lock()
		defer mu.Unlock()
		groups.addGroups(g.list())
		done()
	})
	return newTable(slices.DeleteFunc(cols, func(c *column) bool { return c == nil }), groups.list())
}

func (b *builder) inputErrors() error {
	why := ""
	byLine := func(f, g *history.InputError) int { return cmp.Compare(f.Line, g.Line) }
	if n := b.notes; n != nil && len(b.contradictions) > 0 {
		slices.SortStableFunc(b.contradictions, byLine)
		if n.BadRows == nil {
			n.BadRows = make(history.BadRows)
		}
		bad := int64(len(b.contradictions))
		n.Rows, n.BadRows[history.BadConflict] = n.Rows-bad, bad
		for _, f := range b.contradictions {
			n.Faults.Add(f)
		}
		if why = n.TooManyBad(); why == "" {
			b.contradictions = nil
		}
	}
	b.faults = append(b.faults, b.contradictions...)
	if len(b.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(b.faults, byLine)
	errs := history.InputErrors{Why: why}
	for _, f := range b.faults {
		errs.Add(f)
	}
	return errs.Err()
}
