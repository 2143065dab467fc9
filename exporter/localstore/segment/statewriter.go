package segment

import (
	"io"
	"iter"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// WriteStates writes states to w as one file and returns how many they were.
// companionOf is what States.CompanionOf will tell, "" for nothing.
func WriteStates(w io.Writer, states iter.Seq[history.RepoMeta], companionOf string) (int64, error) {
	f, err := newFileWriter(w, formatStates, stateColumns, companionOf)
	if err != nil {
		return 0, err
	}
	sw := stateWriter{file: f, enc: newEncoder()}
	for i := range stateColumns {
		sw.cols = append(sw.cols, statePage{chunk: newChunk(&stateColumns[i])})
	}
	var n int64
	for s := range states {
		if err := sw.state(&s); err != nil {
			return 0, err
		}
		n++
	}
	if err := sw.endGroup(); err != nil {
		return 0, err
	}
	if err := f.close(); err != nil {
		return 0, err
	}
	return n, nil
}

// groups is a set of groups of fields, a bit for each.
type groups uint8

const allGroups groups = 1<<history.NumMetaGroups - 1

// stateRow is a row: the groups of fields of a repository that have one age.
type stateRow struct {
	state  history.RepoMeta
	groups groups
	asOf   history.AsOf
}

// batchRows is how many rows are read or written at a time, column by column: they
// stay in the cache meanwhile. A page is of whole batches.
const batchRows = 512

// stateWriter turns states into rows.
type stateWriter struct {
	file *fileWriter
	enc  *encoder
	cols []statePage
	// batch are the rows that are not in cols yet, rows counts those of the row group.
	batch []stateRow
	rows  int
}

// statePage is a column of the page in the making. Which of its slices is used
// depends on the column.
type statePage struct {
	chunk   *chunk
	indexes []int32
	values  []int64
	levels  []uint8
}

// state adds the rows of a state: one for each age of its groups.
func (w *stateWriter) state(s *history.RepoMeta) error {
	var known groups
	for i := range columnFields {
		if f := &columnFields[i]; f.Known(s) {
			known |= 1 << f.Group
		}
	}
	const listing groups = 1 << history.GroupListing
	rest := known
	for g := range history.NumMetaGroups {
		if *g.AsOf(s) != 0 {
			rest |= 1 << g
		}
	}
	if rest == 0 {
		rest = 1 << history.GroupTotal // nothing but the name is known
	}
	// A listing that reported nothing shows only in a row of its own.
	apart := rest&listing != 0 && known&listing == 0
	if apart {
		rest &^= listing
	}
	for g := range history.NumMetaGroups {
		if rest&(1<<g) == 0 {
			continue
		}
		asOf := *g.AsOf(s)
		var row groups
		for other := g; other < history.NumMetaGroups; other++ {
			if rest&(1<<other) != 0 && *other.AsOf(s) == asOf {
				row |= 1 << other
			}
		}
		rest &^= row
		if err := w.row(s, row, asOf); err != nil {
			return err
		}
	}
	if apart {
		return w.row(s, listing, s.ListedAsOf)
	}
	return nil
}

func (w *stateWriter) row(s *history.RepoMeta, row groups, asOf history.AsOf) error {
	w.batch = append(w.batch, stateRow{*s, row, asOf})
	if len(w.batch) < batchRows {
		return nil
	}
	w.endBatch()
	switch {
	case w.rows >= groupRows || len(w.cols[stRepo].chunk.dict.plain) >= maxDictionary:
		return w.endGroup()
	case w.rows%pageRows == 0:
		return w.endPage()
	}
	return nil
}

// endBatch adds the rows of the batch to the columns.
func (w *stateWriter) endBatch() {
	types, names, ages := &w.cols[stType], &w.cols[stRepo], &w.cols[stAsOf]
	for i := range w.batch {
		types.text(string(w.batch[i].state.Repo.Type))
		names.text(w.batch[i].state.Repo.Name)
		ages.number(int64(w.batch[i].asOf))
	}
	for j := range columnFields {
		f, p := &columnFields[j], &w.cols[stFields+j]
		for i := range w.batch {
			row := &w.batch[i]
			switch {
			case row.groups&(1<<f.Group) == 0 || !f.Always && !f.Known(&row.state):
				p.levels = append(p.levels, 0)
				continue
			case f.Text != nil:
				p.text(*f.Text(&row.state))
			default:
				p.number(*f.Number(&row.state))
			}
			p.levels = append(p.levels, 1)
		}
	}
	w.rows += len(w.batch)
	w.batch = w.batch[:0]
}

func (p *statePage) text(s string) { p.indexes = append(p.indexes, p.chunk.dict.text(s)) }

func (p *statePage) number(v int64) {
	if p.chunk.spec.dict {
		p.indexes = append(p.indexes, p.chunk.dict.number(v))
		return
	}
	p.values = append(p.values, v)
}

func (w *stateWriter) endPage() error {
	if len(w.cols[stAsOf].indexes) == 0 {
		return nil
	}
	for i := range w.cols {
		p := &w.cols[i]
		var err error
		if p.chunk.spec.dict {
			err = p.chunk.indexes(w.enc, p.indexes, p.levels)
		} else {
			err = p.chunk.int64s(w.enc, p.values, p.levels)
		}
		if err != nil {
			return err
		}
		p.indexes, p.values, p.levels = p.indexes[:0], p.values[:0], p.levels[:0]
	}
	return nil
}

func (w *stateWriter) endGroup() error {
	w.endBatch()
	if err := w.endPage(); err != nil || w.rows == 0 {
		return err
	}
	w.rows = 0
	var chunks []*chunk
	for i := range w.cols {
		chunks = append(chunks, w.cols[i].chunk)
	}
	return w.file.rowGroup(w.enc, chunks)
}
