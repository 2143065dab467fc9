package segment

import (
	"iter"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Meta is an open file of metadata. It may be read from several goroutines.
type Meta struct{ *file }

// OpenMeta opens a file of metadata. Its errors are those of OpenRecords.
func OpenMeta(name string) (*Meta, error) {
	f, err := openFile(name, formatMeta, metaColumns)
	if err != nil {
		return nil, err
	}
	return &Meta{f}, nil
}

// CompanionOf returns what the writer of the file said it belongs to, "" if
// nothing.
func (m *Meta) CompanionOf() string { return m.companion }

// All returns the metadata of each repository as it was written. An error is the last element.
func (m *Meta) All() iter.Seq2[history.RepoMeta, error] {
	return func(yield func(history.RepoMeta, error) bool) {
		r := metaReader{file: m.file}
		for g := range m.numGroups() {
			more, err := r.group(g, yield)
			if err != nil {
				yield(history.RepoMeta{}, err)
				return
			}
			if !more {
				return
			}
		}
		if r.some {
			yield(r.meta, nil)
		}
	}
}

// metaReader reads the rows of a file and puts those of one repository together.
type metaReader struct {
	file *file
	cols []*cursor
	rows []metaRow
	// meta is not handed out yet: the next row may be of the same repository.
	// some is false if there is none; groups are those it has.
	meta   history.RepoMeta
	some   bool
	groups groups
}

func (r *metaReader) group(g int, yield func(history.RepoMeta, error) bool) (bool, error) {
	r.cols, r.rows = r.cols[:0], make([]metaRow, batchRows)
	for i := range metaColumns {
		r.cols = append(r.cols, r.file.open(i, g))
		defer r.cols[i].close()
	}
	for left := int(r.file.numRows(g)); left > 0; {
		n := min(left, batchRows)
		for _, c := range r.cols {
			if err := c.load(); err != nil {
				return false, err
			}
			if c.pages == nil {
				continue
			}
			if c.rows == 0 {
				return false, damaged(r.file.name, "column %s ends %d rows before its row group", c.spec, left)
			}
			n = min(n, c.rows)
		}
		r.read(r.rows[:n])
		for i := range r.rows[:n] {
			if !r.add(&r.rows[i], yield) {
				return false, nil
			}
		}
		left -= n
	}
	return true, nil
}

// read reads the next rows of all columns.
func (r *metaReader) read(rows []metaRow) {
	types, names, ages := r.cols[metaType], r.cols[metaRepo], r.cols[metaAsOf]
	for i := range rows {
		typ, _ := types.text()
		name, _ := names.text()
		rows[i] = metaRow{meta: history.NewRepoMeta(history.Repo{Type: history.RepoType(typ), Name: name})}
	}
	for j := range columnFields {
		f, c := &columnFields[j], r.cols[metaFields+j]
		if c.pages == nil {
			continue // an earlier version wrote the file
		}
		group := groups(1) << f.Group
		for i := range rows {
			if f.Text != nil {
				if s, ok := c.text(); ok {
					*f.Text(&rows[i].meta) = s
					rows[i].groups |= group
				}
			} else if v, ok := c.number(); ok {
				*f.Number(&rows[i].meta) = v
				rows[i].groups |= group
			}
		}
	}
	for i := range rows {
		row := &rows[i]
		if row.groups == 0 {
			row.groups = 1 << history.GroupListing
		}
		asOf, _ := ages.number()
		row.asOf = history.AsOf(asOf)
		for g := range history.NumMetaGroups {
			if row.groups&(1<<g) != 0 {
				*g.AsOf(&row.meta) = row.asOf
			}
		}
	}
}

// add takes the next row. It returns false if yield did.
func (r *metaReader) add(row *metaRow, yield func(history.RepoMeta, error) bool) bool {
	switch {
	case !r.some:
	case r.meta.Repo != row.meta.Repo:
		if !yield(r.meta, nil) {
			return false
		}
	case r.groups&row.groups == 0:
		// Another row of what was written as one.
		for i := range history.MetaFields {
			if f := &history.MetaFields[i]; row.groups&(1<<f.Group) != 0 {
				f.Copy(&r.meta, &row.meta)
			}
		}
		r.groups |= row.groups
		return true
	default:
		r.meta.MergeFrom(&row.meta)
		r.groups = allGroups
		return true
	}
	r.meta, r.groups, r.some = row.meta, row.groups, true
	return true
}

// text takes the next value of a column of strings. ok is false for a null.
func (c *cursor) text() (s string, ok bool) {
	if i, ok := c.next(); ok {
		return c.strings[c.indexes[i]], true
	}
	return "", false
}

// number takes the next value of a column of numbers. ok is false for a null.
func (c *cursor) number() (v int64, ok bool) {
	i, ok := c.next()
	switch {
	case !ok:
		return 0, false
	case c.spec.dict:
		return c.numbers[c.indexes[i]], true
	}
	return c.int64s[i], true
}

// next takes the next row and returns where its value is among those of the page.
// ok is false for a null. Pages that are read so are not read by skip.
func (c *cursor) next() (i int, ok bool) {
	c.rows--
	if c.levels != nil {
		level := c.levels[0]
		c.levels = c.levels[1:]
		if level == 0 {
			return 0, false
		}
	}
	c.used++
	return c.used - 1, true
}
