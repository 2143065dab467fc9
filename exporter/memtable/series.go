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
	return assemble(len(meta), func() (func(int) *column, func()) {
		return func(i int) *column { return newColumn(meta[i], packed[i]) }, func() {}
	}), nil
}

// BuildReadings makes a Table of what is known of repositories apart from stored days. What
// all yields is read before the next is asked for.
func BuildReadings(ctx context.Context, all iter.Seq2[*history.RepoReadings, error]) (*Table, error) {
	b := newBuilder(budget{})
	for r, err := range all {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		i := b.repo(r.Meta.Repo)
		b.meta[i].MergeFrom(&r.Meta)
		b.given[i] = true
		if len(r.Readings) > 0 {
			b.waiting[i] = append(b.waiting[i], r.Readings...)
			b.packReadings(i)
			delete(b.waiting, i)
		}
	}
	return b.table()
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
	if k.c == nil {
		return to
	}
	return k.c.read.after(to, k.c.meta.Repo, 0)
}

// HasRecords reports whether answers have a day of the repository.
func (k Known) HasRecords() bool { return k.c != nil && k.c.records > 0 }

// HasDerived reports whether the days that answers have may be others than those that are stored.
func (k Known) HasDerived() bool { return k.c != nil && k.c.stored != nil }

// Stored sets to to the records that are stored.
func (k Known) Stored(to *Series) {
	if to.reset(); k.c != nil {
		to.add(k.c.storedDays())
	}
}

// Shown sets to to the days that answers have. Those that follow from readings are as of 0.
func (k Known) Shown(to *Series) {
	if to.reset(); k.c != nil {
		to.add(&k.c.days)
	}
}

func (s *Series) reset() {
	s.Days, s.Downloads, s.Versions = s.Days[:0], s.Downloads[:0], s.Versions[:0]
}

// add adds days with their versions.
func (s *Series) add(d *days) {
	var p plain
	for i := range d.windows {
		d.windows[i].expand(d.data, &p)
		for m := p.mask; m != 0; m &= m - 1 {
			bit := bits.TrailingZeros64(m)
			s.Days, s.Downloads = append(s.Days, dayAt(d.windows[i].no, bit)), append(s.Downloads, p.downloads[bit])
			s.Versions = append(s.Versions, p.at(bit))
		}
	}
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
