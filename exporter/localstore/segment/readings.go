package segment

import (
	"iter"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Readings is an open file of readings. It may be read from several goroutines.
type Readings struct{ *file }

// OpenReadings opens a file of readings, or one of an earlier version that has metadata in
// place of them. Its errors are those of OpenRecords.
func OpenReadings(name string) (*Readings, error) {
	f, err := openFile(name, formatReadings, allColumns)
	if err != nil {
		return nil, err
	}
	return &Readings{f}, nil
}

// CompanionOf returns what the writer of the file said it belongs to, "" if
// nothing.
func (r *Readings) CompanionOf() string { return r.companion }

// NumGroups returns the number of row groups. They share no repository.
func (r *Readings) NumGroups() int { return r.numGroups() }

// Group returns what row group g has of each repository, valid until the next one. An error
// is the last element. Groups may be read at the same time.
func (r *Readings) Group(g int) iter.Seq2[*history.RepoReadings, error] {
	return func(yield func(*history.RepoReadings, error) bool) {
		rr := readingReader{file: r.file, yield: yield, batch: make([]row, batchRows)}
		more, err := rr.group(g)
		switch {
		case err != nil:
			yield(nil, err)
		case more && rr.some:
			yield(&rr.repo, nil)
		}
	}
}

// readingReader reads the rows of a row group and puts those of one repository together.
type readingReader struct {
	file  *file
	cols  []*cursor
	batch []row
	yield func(*history.RepoReadings, error) bool
	// repo is not handed out yet: the next row may be of the same repository. some is false
	// if there is none.
	repo history.RepoReadings
	some bool
}

func (r *readingReader) group(g int) (more bool, err error) {
	for i := range r.file.columns {
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
		r.read(r.batch[:n])
		for i := range r.batch[:n] {
			newer := i+1 < n && r.batch[i+1].replaces(&r.batch[i])
			if more, err := r.add(&r.batch[i], newer); err != nil || !more {
				return false, err
			}
		}
		left -= n
	}
	return true, nil
}

// read reads the next rows of all columns.
func (r *readingReader) read(rows []row) {
	types, names, ages := r.cols[readType], r.cols[readRepo], r.cols[readAsOf]
	for i := range rows {
		typ, _ := types.text()
		name, _ := names.text()
		asOf, _ := ages.number()
		rows[i] = row{repo: history.Repo{Type: history.RepoType(typ), Name: name}, asOf: history.AsOf(asOf)}
	}
	for j, c := range r.cols[readFields:] {
		if c.pages == nil {
			continue // another version wrote the file
		}
		for i := range rows {
			if fields[j].typ == typeString {
				if s, ok := c.text(); ok {
					rows[i].setText(j, s)
				}
			} else if v, ok := c.number(); ok {
				rows[i].setNumber(j, v)
			}
		}
	}
}

// replaces reports whether the row says all anew that the one before says of the present.
func (r *row) replaces(before *row) bool {
	return r.asOf > before.asOf && r.has(fieldTotal) && r.has(fieldOrigin) && r.text(fieldOrigin) == listingText && r.repo == before.repo
}

var listingText = history.Listing.String()

// add takes the next row. newer says that the one after it replaces what it says of the
// present. more is false if yield does not want the next repository.
func (r *readingReader) add(row *row, newer bool) (more bool, err error) {
	if !r.some || r.repo.Meta.Repo != row.repo {
		if r.some && !r.yield(&r.repo, nil) {
			return false, nil
		}
		r.repo = history.RepoReadings{Meta: history.NewRepoMeta(row.repo), Readings: r.repo.Readings[:0]}
		r.some = true
	}
	if r.file.previous {
		r.addPrevious(row)
		return true, nil
	}
	m := &r.repo.Meta
	switch {
	case row.has(fieldOrigin):
		origin, err := history.ParseOrigin(row.text(fieldOrigin))
		if err != nil {
			return false, damaged(r.file.name, "column origin: %v", err)
		}
		x := row.reading(origin)
		r.repo.Readings = append(r.repo.Readings, x)
		if newer || x.AsOf < m.ListedAsOf && x.AsOf < m.TotalAsOf {
			return true, nil
		}
		now := x.Meta()
		if origin == history.Listing {
			row.setMeta(&now, history.GroupListing)
		}
		m.MergeFrom(&now)
	case row.has(fieldMovedTo):
		row.mergeGroup(m, history.GroupGone)
	case row.has(fieldStartTotal):
		row.mergeGroup(m, history.GroupStart)
	}
	return true, nil
}

// reading returns the reading of a row.
func (r *row) reading(o history.Origin) history.Reading {
	x := history.NewReading(r.repo, r.asOf, o, r.number(fieldTotal), r.number(fieldLastMonth), r.number(fieldLikes))
	x.HubID = r.text(fieldHubID)
	if r.has(fieldFirstAsOf) {
		x.FirstAsOf = history.AsOf(r.numbers[fieldFirstAsOf])
	}
	if r.has(fieldFirst) {
		x.First = r.numbers[fieldFirst]
	}
	if r.has(fieldHigh) {
		x.High = r.numbers[fieldHigh]
	}
	if r.has(fieldHighMonth) {
		x.HighMonth = r.numbers[fieldHighMonth]
	}
	return x
}

// setMeta sets the fields of a group of m that the row has.
func (r *row) setMeta(m *history.RepoMeta, g history.MetaGroup) {
	for i := range fields {
		switch f := fields[i].meta; {
		case f == nil || f.Group != g || !r.has(i):
		case f.Text != nil:
			*f.Text(m) = r.text(i)
		default:
			*f.Number(m) = r.numbers[i]
		}
	}
}

// mergeGroup merges a group of fields into m.
func (r *row) mergeGroup(m *history.RepoMeta, g history.MetaGroup) {
	now := history.NewRepoMeta(r.repo)
	*g.AsOf(&now) = r.asOf
	r.setMeta(&now, g)
	m.MergeFrom(&now)
}

// addPrevious takes a row of a file without readings. It had a row for each group of fields
// of a repository, with those of one age together: of a listing, of a total with the highest
// total ever and what was corrected, and of the base, the first total of a day. What it says
// of the counters is where they start from, and its totals are readings.
func (r *readingReader) addPrevious(row *row) {
	m := &r.repo.Meta
	ofTotal := row.has(fieldTotal) || row.has(fieldHighest) || row.has(fieldCorrected)
	listed := row.has(fieldHubID) || row.has(fieldLastMonth) || row.has(fieldLikes) ||
		!ofTotal && !row.has(fieldBase) && !row.has(fieldMovedTo)
	if row.has(fieldMovedTo) {
		row.mergeGroup(m, history.GroupGone)
	}
	if base := row.number(fieldBase); base != history.Unknown {
		r.repo.Readings = append(r.repo.Readings, history.NewReading(row.repo, row.asOf, history.Listing, base, history.Unknown, history.Unknown))
	}
	total, now := row.number(fieldTotal), history.NewRepoMeta(row.repo)
	if listed {
		now.ListedAsOf = row.asOf
		row.setMeta(&now, history.GroupListing)
	}
	if ofTotal && total != history.Unknown {
		now.Total, now.TotalAsOf = total, row.asOf
		now.StartTotal, now.StartAsOf = total, row.asOf
		now.StartDownloads, now.StartRemoved = max(row.number(fieldHighest), total), max(row.number(fieldCorrected), 0)
	}
	r.repo.Readings = append(r.repo.Readings, now.Readings()...)
	m.MergeFrom(&now)
}
