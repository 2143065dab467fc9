package segment

import (
	"io"
	"iter"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// WriteMeta writes metadata of repositories to w as one file and returns of how many.
// companionOf is what Meta.CompanionOf will return, "" for nothing.
func WriteMeta(w io.Writer, all iter.Seq[history.RepoMeta], companionOf string) (int64, error) {
	f, err := newFileWriter(w, formatMeta, metaColumns, companionOf)
	if err != nil {
		return 0, err
	}
	mw := metaWriter{fileWriter: f}
	var n int64
	for m := range all {
		if err := mw.add(&m); err != nil {
			return 0, err
		}
		n++
	}
	if err := mw.endGroup(); err != nil {
		return 0, err
	}
	return n, f.close()
}

// groups is a set of groups of fields, a bit for each.
type groups uint8

const allGroups groups = 1<<history.NumMetaGroups - 1

// metaRow is a row: the groups of fields of a repository that have one age.
type metaRow struct {
	meta   history.RepoMeta
	groups groups
	asOf   history.AsOf
}

// batchRows is how many rows are read or written at a time, column by column: they
// stay in the cache meanwhile. A page is of whole batches.
const batchRows = 512

// metaWriter turns metadata into rows.
type metaWriter struct {
	*fileWriter
	// batch has the rows that are not in the columns yet.
	batch []metaRow
}

// add adds the rows of a repository: one for each age of its groups.
func (w *metaWriter) add(m *history.RepoMeta) error {
	var known groups
	for i := range columnFields {
		if f := &columnFields[i]; f.Known(m) {
			known |= 1 << f.Group
		}
	}
	const listing groups = 1 << history.GroupListing
	rest := known
	for g := range history.NumMetaGroups {
		if *g.AsOf(m) != 0 {
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
		asOf := *g.AsOf(m)
		var row groups
		for other := g; other < history.NumMetaGroups; other++ {
			if rest&(1<<other) != 0 && *other.AsOf(m) == asOf {
				row |= 1 << other
			}
		}
		rest &^= row
		if err := w.addRow(m, row, asOf); err != nil {
			return err
		}
	}
	if apart {
		return w.addRow(m, listing, m.ListedAsOf)
	}
	return nil
}

func (w *metaWriter) addRow(m *history.RepoMeta, row groups, asOf history.AsOf) error {
	w.batch = append(w.batch, metaRow{*m, row, asOf})
	if len(w.batch) < batchRows {
		return nil
	}
	w.endBatch()
	switch {
	case w.rows >= groupRows || len(w.chunks[metaRepo].dict.plain) >= maxDictionary:
		return w.endGroup()
	case w.rows%pageRows == 0:
		return w.endPage()
	}
	return nil
}

// endBatch adds the rows of the batch to the columns.
func (w *metaWriter) endBatch() {
	types, names, ages := w.chunks[metaType], w.chunks[metaRepo], w.chunks[metaAsOf]
	for i := range w.batch {
		types.text(string(w.batch[i].meta.Repo.Type))
		names.text(w.batch[i].meta.Repo.Name)
		ages.number(int64(w.batch[i].asOf))
	}
	for j := range columnFields {
		f, c := &columnFields[j], w.chunks[metaFields+j]
		for i := range w.batch {
			row := &w.batch[i]
			switch {
			case row.groups&(1<<f.Group) == 0 || !f.Always && !f.Known(&row.meta):
				c.levels = append(c.levels, 0)
				continue
			case f.Text != nil:
				c.text(*f.Text(&row.meta))
			default:
				c.number(*f.Number(&row.meta))
			}
			c.levels = append(c.levels, 1)
		}
	}
	w.rows += len(w.batch)
	w.batch = w.batch[:0]
}

func (w *metaWriter) endGroup() error {
	w.endBatch()
	if len(w.chunks[metaAsOf].int32s) > 0 {
		if err := w.endPage(); err != nil {
			return err
		}
	}
	return w.fileWriter.endGroup()
}
