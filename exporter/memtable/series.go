package memtable

import (
	"context"
	"fmt"
	"iter"
	"math/bits"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Series is all records of one repository.
type Series struct {
	// At is the place of the repository among the metadata.
	At int
	// Days are ascending, Downloads go with them, and Versions unless it is nil.
	Days      []history.Day
	Downloads []int64
	Versions  []history.Version
}

// BuildSeries makes a Table of metadata, which name each repository once in the order of
// Repo.Compare, and of records, which come a repository at a time and, without versions,
// are all of version v: nothing has to be looked up or put in order then. The slices of a Series are read
// before the next is asked for. A repository whose records come twice, a day that is out
// of its order or range, and a number below zero are errors.
func BuildSeries(ctx context.Context, meta []history.RepoMeta, all iter.Seq2[Series, error], v history.Version) (*Table, error) {
	packed := make([]days, len(meta))
	var k packer
	for s, err := range all {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		if err := s.check(meta[s.At].Repo); err != nil {
			return nil, err
		}
		if packed[s.At].records > 0 {
			return nil, fmt.Errorf("expected the records of %s at once, got more of them", meta[s.At].Repo)
		}
		if s.Versions == nil {
			k.packSeries(s.Days, s.Downloads, v)
		} else {
			k.packVersions(&s)
		}
		packed[s.At] = k.finish()
	}
	return assemble(len(meta), true, func() (func(int) *column, func()) {
		return func(i int) *column { return newColumn(meta[i], packed[i]) }, func() {}
	}), nil
}

// BuildReadings makes a Table of what is known of repositories apart from stored days. What
// repos yields is read before the next is asked for.
func BuildReadings(ctx context.Context, repos iter.Seq2[*history.RepoReadings, error]) (*Table, error) {
	b := newBuilder(budget{})
	if err := b.addReadings(ctx, repos); err != nil {
		return nil, err
	}
	return b.table()
}

func (b *builder) addReadings(ctx context.Context, repos iter.Seq2[*history.RepoReadings, error]) error {
	var all []history.Reading
	for r, err := range repos {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		i := b.repo(r.Meta.Repo)
		b.meta[i].MergeFrom(&r.Meta)
		t := &b.told[i]
		t.given = true
		all = append(all[:0], r.Readings...)
		if len(all) > 0 {
			t.readings = b.packing.union(&b.merging, r.Meta.Repo, t.readings, b.packing.packAll(sortReadings(all)))
		}
	}
	return nil
}

// RepoReadings returns what is known of each repository apart from stored days, in the order
// of Repo.Compare, also of those that moved to another name. It is valid until the next one.
func (t *Table) RepoReadings() iter.Seq[*history.RepoReadings] {
	return func(yield func(*history.RepoReadings) bool) {
		var r history.RepoReadings
		for _, c := range t.cols {
			r.Meta, r.Readings = c.meta, c.read.after(r.Readings[:0], c.meta.Repo, 0)
			if !yield(&r) {
				return
			}
		}
	}
}

// Known is all that a Table has of one repository. The zero value is of none.
type Known struct{ c *column }

// All returns what the table has of each repository, in the order of Repo.Compare: also of
// those that moved to another name.
func (t *Table) All() iter.Seq[Known] {
	return func(yield func(Known) bool) {
		for _, c := range t.cols {
			if !yield(Known{c}) {
				return
			}
		}
	}
}

// Find returns what the table has of a repository.
func (t *Table) Find(r history.Repo) Known {
	i, found := slices.BinarySearchFunc(t.cols, r, func(c *column, r history.Repo) int { return c.meta.Repo.Compare(r) })
	if !found {
		return Known{}
	}
	return Known{t.cols[i]}
}

// IsZero reports whether nothing is known.
func (k Known) IsZero() bool { return k.c == nil }

// Meta is what is known apart from days and readings, with the name of the repository.
func (k Known) Meta() history.RepoMeta { return k.c.meta }

// Readings appends the readings.
func (k Known) Readings(to []history.Reading) []history.Reading {
	return k.column().read.after(to, k.column().meta.Repo, 0)
}

// HasRecords reports whether answers have a day of the repository.
func (k Known) HasRecords() bool { return k.column().records > 0 }

// HasDerived reports whether answers may have other days than those that are stored.
func (k Known) HasDerived() bool { return k.column().stored != nil }

// Stored sets to to the records that are stored.
func (k Known) Stored(to *Series) {
	to.Reset()
	d := k.column().storedDays()
	var p plain
	for i := range d.windows {
		d.windows[i].expand(d.data, &p)
		for m := p.mask; m != 0; m &= m - 1 {
			bit := bits.TrailingZeros64(m)
			to.Append(dayAt(d.windows[i].no(), bit), p.downloads[bit], p.at(bit))
		}
	}
}

// Gone stands for the downloads of a day that is not shown any more.
const Gone int64 = -1

// Changes sets to to the days that are shown otherwise than they were in old and in the records
// of brought, which win over old: to what they are now, with the versions that answers have.
func (k Known) Changes(old, brought Known, to *Series) {
	to.Reset()
	was, stored, now := old.column(), brought.column().storedDays(), k.column()
	from := now.read.differsFrom(was.read)
	var p, q, r plain
	for i, j, n := 0, 0, 0; ; {
		no := min(numberOf(was.windows, i), numberOf(now.windows, j), numberOf(stored.windows, n))
		if no == noWindow {
			return
		}
		p.mask, q.mask, r.mask = 0, 0, 0
		if numberOf(stored.windows, n) == no {
			stored.windows[n].expand(stored.data, &r)
			n++
		}
		hadWindow, hasWindow := numberOf(was.windows, i) == no, numberOf(now.windows, j) == no
		same := r.mask == 0 && hadWindow && hasWindow && dayAt(no, windowDays-1) < from &&
			now.windows[j].source != 0 && was.windows[i].version() == now.windows[j].version() &&
			sameNumbers(&was.days, &was.windows[i], &now.days, &now.windows[j])
		if hadWindow {
			was.windows[i].expand(was.data, &p)
			i++
		}
		if hasWindow {
			now.windows[j].expand(now.data, &q)
			j++
		}
		if same {
			continue
		}
		for m := p.mask | q.mask | r.mask; m != 0; m &= m - 1 {
			bit := bits.TrailingZeros64(m)
			day := dayAt(no, bit)
			had, u, before, derived := p.mask&(1<<bit) != 0, p.at(bit), p.downloads[bit], was.isDerived(p.at(bit))
			if u = was.shownVersion(day, u); r.mask&(1<<bit) != 0 {
				had, u, before, derived = true, r.at(bit), r.downloads[bit], false
			}
			if q.mask&(1<<bit) == 0 {
				to.Append(day, Gone, history.Version{})
				continue
			}
			v := now.shownVersion(day, q.at(bit))
			equal := had && before == q.downloads[bit] && u.Source == v.Source
			if now.isDerived(q.at(bit)) {
				equal = equal && u.AsOf == v.AsOf
			} else {
				equal = equal && !derived
			}
			if !equal {
				to.Append(day, q.downloads[bit], v)
			}
		}
	}
}

// noWindow is after the numbers of all windows.
const noWindow = 1<<31 - 1

// numberOf returns the number of window i, noWindow if there is none.
func numberOf(windows []window, i int) int32 {
	if i == len(windows) {
		return noWindow
	}
	return windows[i].no()
}

// differsFrom returns the first day whose next reading may be another than in old.
func (r *readings) differsFrom(old *readings) history.Day {
	n := 0
	for n < min(r.len(), old.len()) && r.moments[n] == old.moments[n] {
		n++
	}
	switch {
	case n == r.len() && n == old.len():
		return history.MaxDay + windowDays
	case n == 0:
		return history.MinDay
	}
	return r.moments[n-1].day()
}

// isDerived reports whether a day with version v in its window follows from readings.
func (c *column) isDerived(v history.Version) bool {
	return c.read != nil && v.AsOf == 0 && v.Source != history.Published
}

var noColumn column

func (k Known) column() *column {
	if k.c == nil {
		return &noColumn
	}
	return k.c
}

// Reset empties it and keeps its memory.
func (s *Series) Reset() {
	s.Days, s.Downloads, s.Versions = s.Days[:0], s.Downloads[:0], s.Versions[:0]
}

// Append adds a record.
func (s *Series) Append(d history.Day, downloads int64, v history.Version) {
	s.Days, s.Downloads, s.Versions = append(s.Days, d), append(s.Downloads, downloads), append(s.Versions, v)
}

// check returns an error if the days of r are not as they should be.
func (s *Series) check(r history.Repo) error {
	last := history.MinDay - 1
	for i, d := range s.Days {
		if d <= last || d > history.MaxDay {
			return fmt.Errorf("expected the days of %s in order and from %s to %s, got day %d after day %d", r, history.MinDay, history.MaxDay, d, last)
		}
		if last = d; s.Downloads[i] < 0 {
			return fmt.Errorf("expected downloads of %s of 0 or more, got %d on %s", r, s.Downloads[i], d)
		}
	}
	return nil
}
