package segment

import (
	"io"
	"iter"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// WriteReadings writes what is known of repositories apart from their days to w as one
// file, and returns how many repositories they were: in the order of Repo.Compare the file
// is smallest. companionOf, if not empty, names what the file belongs to; readers ask for
// it with Readings.CompanionOf. What is yielded is read before the next is asked for.
// replaces are the names of the files that it takes the place of.
func WriteReadings(w io.Writer, all iter.Seq[*history.RepoReadings], companionOf string, replaces ...string) (int64, error) {
	f, err := newFileWriter(w, formatReadings, readingColumns, companionOf, replaces)
	if err != nil {
		return 0, err
	}
	rw := readingWriter{fileWriter: f}
	n := int64(0)
	for r := range all {
		if err := rw.add(r); err != nil {
			return 0, err
		}
		n++
	}
	if err := rw.endGroup(); err != nil {
		return 0, err
	}
	return n, f.close()
}

// row is a row of a file of readings.
type row struct {
	repo    history.Repo
	asOf    history.AsOf
	known   uint32 // a bit for each of fields
	numbers [maxFields]int64
	texts   [maxTexts]string
}

func (r *row) has(field int) bool { return r.known&(1<<field) != 0 }

// number returns the number of a field, Unknown if it has none.
func (r *row) number(field int) int64 {
	if !r.has(field) {
		return history.Unknown
	}
	return r.numbers[field]
}

func (r *row) setNumber(field int, v int64) {
	r.known |= 1 << field
	r.numbers[field] = v
}

func (r *row) text(field int) string { return r.texts[fields[field].text] }

func (r *row) setText(field int, s string) {
	r.known |= 1 << field
	r.texts[fields[field].text] = s
}

// setGroup sets the fields of a group of m that are known.
func (r *row) setGroup(m *history.RepoMeta, g history.MetaGroup) {
	for i := range fields {
		switch f := fields[i].meta; {
		case f == nil || f.Group != g || !f.Always && !f.Known(m):
		case f.Text != nil:
			r.setText(i, *f.Text(m))
		default:
			r.setNumber(i, *f.Number(m))
		}
	}
}

// setReading sets the fields of a reading.
func (r *row) setReading(x *history.Reading) {
	*r = row{repo: x.Repo, asOf: x.AsOf}
	fields := [...]int{fieldTotal, fieldLastMonth, fieldLikes}
	for i, v := range [...]int64{x.Total, x.LastMonth, x.Likes} {
		if v != history.Unknown {
			r.setNumber(fields[i], v)
		}
	}
	r.setText(fieldOrigin, x.Origin.String())
	if x.HubID != "" {
		r.setText(fieldHubID, x.HubID)
	}
	if x.FirstAsOf != x.AsOf {
		r.setNumber(fieldFirstAsOf, int64(x.FirstAsOf))
	}
	if x.First != x.Total {
		r.setNumber(fieldFirst, x.First)
	}
	if x.High != x.Total {
		r.setNumber(fieldHigh, x.High)
	}
	if x.HighMonth != x.LastMonth {
		r.setNumber(fieldHighMonth, x.HighMonth)
	}
}

// batchRows is how many rows are read or written at a time, column by column: they
// stay in the cache meanwhile. A page is of whole batches.
const batchRows = 512

// readingWriter turns readings and metadata into rows.
type readingWriter struct {
	*fileWriter
	// batch has the rows that are not in the columns yet.
	batch []row
}

// add adds the rows of a repository: one for each reading, the newest listing with what else
// it had, and one for each other group of metadata.
func (w *readingWriter) add(r *history.RepoReadings) error {
	if err := w.makeRoom(); err != nil {
		return err
	}
	m := &r.Meta
	rows, listed := 0, m.ListedAsOf == 0
	next := func() (*row, error) {
		rows++
		if len(w.batch) == batchRows {
			w.endBatch()
			if w.rows%pageRows == 0 {
				if err := w.endPage(); err != nil {
					return nil, err
				}
			}
		}
		w.batch = append(w.batch, row{repo: m.Repo})
		return &w.batch[len(w.batch)-1], nil
	}
	for i := range r.Readings {
		x := &r.Readings[i]
		to, err := next()
		if err != nil {
			return err
		}
		to.setReading(x)
		if x.AsOf == m.ListedAsOf && x.Origin == history.Listing && x.LastMonth == m.LastMonth && x.Likes == m.Likes && x.HubID == m.HubID {
			to.setGroup(m, history.GroupListing)
			listed = true
		}
	}
	if !listed {
		to, err := next()
		if err != nil {
			return err
		}
		x := history.NewReading(m.Repo, m.ListedAsOf, history.Listing, history.Unknown, m.LastMonth, m.Likes)
		to.setReading(&x)
		to.setGroup(m, history.GroupListing)
	}
	for _, g := range []history.MetaGroup{history.GroupGone, history.GroupStart} {
		if asOf := *g.AsOf(m); asOf != 0 || g == history.GroupStart && m.StartTotal != history.Unknown {
			to, err := next()
			if err != nil {
				return err
			}
			to.asOf = asOf
			to.setGroup(m, g)
		}
	}
	if rows > 0 {
		return nil
	}
	_, err := next() // nothing but the name is known
	return err
}

// makeRoom ends the row group if it is full: row groups share no repository.
func (w *readingWriter) makeRoom() error {
	if w.rows+len(w.batch) < groupRows && len(w.chunks[readRepo].dict.plain) < maxDictionary {
		return nil
	}
	return w.endGroup()
}

// endBatch adds the rows of the batch to the columns.
func (w *readingWriter) endBatch() {
	types, names, ages := w.chunks[readType], w.chunks[readRepo], w.chunks[readAsOf]
	for i := range w.batch {
		types.text(string(w.batch[i].repo.Type))
		names.text(w.batch[i].repo.Name)
		ages.number(int64(w.batch[i].asOf))
	}
	for j, c := range w.chunks[readFields:] {
		text := fields[j].typ == typeString
		for i := range w.batch {
			switch row := &w.batch[i]; {
			case !row.has(j):
				c.levels = append(c.levels, 0)
				continue
			case text:
				c.text(row.text(j))
			default:
				c.number(row.numbers[j])
			}
			c.levels = append(c.levels, 1)
		}
	}
	w.rows += len(w.batch)
	w.batch = w.batch[:0]
}

func (w *readingWriter) endGroup() error {
	w.endBatch()
	if len(w.chunks[readAsOf].int32s) > 0 {
		if err := w.endPage(); err != nil {
			return err
		}
	}
	return w.fileWriter.endGroup()
}
