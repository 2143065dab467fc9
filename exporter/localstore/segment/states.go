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
	cols [numStateColumns]*cursor
	// state is not handed out yet: the next row may be of the same repository.
	// some is false if there is none; parts are what it has told.
	state history.RepoMeta
	some  bool
	parts parts
}

func (r *stateReader) group(g int, yield func(history.RepoMeta, error) bool) (bool, error) {
	for i := range r.cols {
		r.cols[i] = r.file.open(i, g)
		defer r.cols[i].close()
	}
	for left := int(r.file.numRows(g)); left > 0; left-- {
		for _, c := range r.cols {
			if err := c.load(); err != nil {
				return false, err
			}
			if c.rows == 0 && c.pages != nil {
				return false, damaged(r.file.name, "column %s ends %d rows before its row group", c.spec, left)
			}
		}
		if !r.row(yield) {
			return false, nil
		}
	}
	return true, nil
}

// row takes the next row. It returns false if yield did.
func (r *stateReader) row(yield func(history.RepoMeta, error) bool) bool {
	typ, _ := r.cols[stType].text()
	name, _ := r.cols[stRepo].text()
	repo := history.Repo{Type: history.RepoType(typ), Name: name}
	asOf, _ := r.cols[stAsOf].number()
	s := history.NewRepoMeta(repo)
	var p parts
	number := func(c int, v *int64, part parts) {
		if n, ok := r.cols[c].number(); ok {
			*v = n
			p |= part
		}
	}
	text := func(c int, v *string, part parts) {
		if t, ok := r.cols[c].text(); ok {
			*v = t
			p |= part
		}
	}
	number(stTotal, &s.Total, partTotal)
	number(stHighest, &s.Highest, partTotal)
	number(stCorrected, &s.Corrected, partTotal)
	number(stCorrectedAsOf, (*int64)(&s.CorrectedAsOf), partTotal)
	number(stLastMonth, &s.LastMonth, partListing)
	number(stLikes, &s.Likes, partListing)
	text(stHubID, &s.HubID, partListing)
	number(stBase, &s.Base, partBase)
	text(stMovedTo, &s.MovedTo, partGone)
	if p == 0 {
		p = partListing
	}
	setAges(&s, p, history.AsOf(asOf))
	switch {
	case !r.some:
	case r.state.Repo != repo:
		if !yield(r.state, nil) {
			return false
		}
	case r.parts&p == 0:
		// Another row of what was one state.
		setParts(&r.state, &s, p)
		r.parts |= p
		return true
	default:
		s = r.state.Merge(s)
		p = allParts
	}
	r.state, r.some, r.parts = s, true, p
	return true
}

// setAges sets the ages of the parts p of s.
func setAges(s *history.RepoMeta, p parts, asOf history.AsOf) {
	if p&partTotal != 0 {
		s.TotalAsOf = asOf
	}
	if p&partListing != 0 {
		s.ListedAsOf = asOf
	}
	if p&partBase != 0 {
		s.BaseAsOf = asOf
	}
	if p&partGone != 0 {
		s.GoneAsOf = asOf
	}
}

// setParts sets the parts p of s to those of from.
func setParts(s, from *history.RepoMeta, p parts) {
	if p&partTotal != 0 {
		s.Total, s.Highest, s.TotalAsOf = from.Total, from.Highest, from.TotalAsOf
		s.Corrected, s.CorrectedAsOf = from.Corrected, from.CorrectedAsOf
	}
	if p&partListing != 0 {
		s.LastMonth, s.Likes, s.HubID, s.ListedAsOf = from.LastMonth, from.Likes, from.HubID, from.ListedAsOf
	}
	if p&partBase != 0 {
		s.Base, s.BaseAsOf = from.Base, from.BaseAsOf
	}
	if p&partGone != 0 {
		s.GoneAsOf, s.MovedTo = from.GoneAsOf, from.MovedTo
	}
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
	if c.rows == 0 {
		return 0, false
	}
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
