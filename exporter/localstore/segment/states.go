package segment

import (
	"io"
	"iter"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// States is an open file of states. It may be read from several goroutines.
type States struct{ *file }

// OpenStates opens a file of states. Its errors are those of OpenRecords.
func OpenStates(name string) (*States, error) {
	f, err := openFile(name, formatStates, stateColumns)
	if err != nil {
		return nil, err
	}
	return &States{f}, nil
}

// NewStates reads a file of states of the given size from r. name is for messages.
func NewStates(r io.ReaderAt, size int64, name string) (*States, error) {
	f, err := newFile(r, size, name, formatStates, stateColumns)
	if err != nil {
		return nil, err
	}
	return &States{f}, nil
}

// CompanionOf returns what the writer of the file said it belongs to, "" if
// nothing.
func (s *States) CompanionOf() string { return s.companion }

// All returns the states as they were written. An error is the last element.
func (s *States) All() iter.Seq2[history.RepoMeta, error] {
	return func(yield func(history.RepoMeta, error) bool) {
		r := stateReader{file: s.file}
		for g := range s.numGroups() {
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
			yield(r.state, nil)
		}
	}
}

// stateReader reads the rows of a file and puts those of one repository together.
type stateReader struct {
	file *file
	cols []*cursor
	rows []stateRow
	// state is not handed out yet: the next row may be of the same repository.
	// some is false if there is none; groups are those it has.
	state  history.RepoMeta
	some   bool
	groups groups
}

func (r *stateReader) group(g int, yield func(history.RepoMeta, error) bool) (bool, error) {
	r.cols, r.rows = r.cols[:0], make([]stateRow, batchRows)
	for i := range stateColumns {
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
func (r *stateReader) read(rows []stateRow) {
	types, names, ages := r.cols[stType], r.cols[stRepo], r.cols[stAsOf]
	for i := range rows {
		typ, _ := types.text()
		name, _ := names.text()
		rows[i] = stateRow{state: history.NewRepoMeta(history.Repo{Type: history.RepoType(typ), Name: name})}
	}
	for j := range columnFields {
		f, c := &columnFields[j], r.cols[stFields+j]
		if c.pages == nil {
			continue // an earlier version wrote the file
		}
		group := groups(1) << f.Group
		for i := range rows {
			if f.Text != nil {
				if s, ok := c.text(); ok {
					*f.Text(&rows[i].state) = s
					rows[i].groups |= group
				}
			} else if v, ok := c.number(); ok {
				*f.Number(&rows[i].state) = v
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
				*g.AsOf(&row.state) = row.asOf
			}
		}
	}
}

// add takes the next row. It returns false if yield did.
func (r *stateReader) add(row *stateRow, yield func(history.RepoMeta, error) bool) bool {
	switch {
	case !r.some:
	case r.state.Repo != row.state.Repo:
		if !yield(r.state, nil) {
			return false
		}
	case r.groups&row.groups == 0:
		// Another row of what was one state.
		for i := range history.MetaFields {
			if f := &history.MetaFields[i]; row.groups&(1<<f.Group) != 0 {
				f.Copy(&r.state, &row.state)
			}
		}
		r.groups |= row.groups
		return true
	default:
		r.state.MergeFrom(&row.state)
		r.groups = allGroups
		return true
	}
	r.state, r.groups, r.some = row.state, row.groups, true
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
	c.taken++
	return c.taken - 1, true
}
