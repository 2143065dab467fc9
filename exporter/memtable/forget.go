package memtable

import (
	"math/bits"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Forget returns what is left of the table without what q selects.
func (t *Table) Forget(q history.ForgetQuery) (left *Table, gone history.Forgotten) {
	matches := filterColumns(q.Filter)
	f := forgetter{query: q, readings: readingPacker{shared: newSharedMoments()}}
	cols := make([]*column, 0, len(t.cols))
	for _, c := range t.cols {
		kept := c
		if matches(c) {
			kept = f.column(c)
		}
		if kept != nil {
			cols = append(cols, kept)
		}
	}
	if f.gone.IsZero() {
		return t, f.gone
	}
	return deltaTable(cols), f.gone
}

// forgetter takes out of columns what a query selects.
type forgetter struct {
	query    history.ForgetQuery
	gone     history.Forgotten
	packer   packer
	readings readingPacker
	deriver  deriver
}

// column returns what is left of a column, nil for nothing.
func (f *forgetter) column(c *column) *column {
	was := c.storedDays()
	stored, all := f.days(was), c.read.after(nil, c.meta.Repo, 0)
	read := slices.DeleteFunc(slices.Clone(all), func(r history.Reading) bool { return f.query.Reading(&r) })
	switch {
	case f.query.IsWhole() || stored.records == 0 && len(read) == 0 && (was.records > 0 || len(all) > 0):
		f.gone.Repos++
		f.gone.Records += c.records
		f.gone.Readings += int64(len(all))
		return nil
	case stored.records == was.records && len(read) == len(all):
		return c
	}
	// What is known of the present is what the readings that are left said last.
	meta := history.NewRepoMeta(c.meta.Repo)
	for _, g := range []history.MetaGroup{history.GroupGone, history.GroupStart} {
		meta.MergeGroup(&c.meta, g)
	}
	for i := range read {
		m := read[i].Meta()
		meta.MergeFrom(&m)
	}
	var packed *readings
	if len(read) > 0 {
		packed = f.readings.packAll(read)
	}
	left := f.deriver.column(meta, stored, packed, nil)
	f.gone.Records += max(c.records-left.records, 0)
	f.gone.Readings += int64(len(all) - len(read))
	return left
}

// days returns the stored days that are left.
func (f *forgetter) days(d *days) days {
	var p plain
	for i := range d.windows {
		w := &d.windows[i]
		w.expand(d.data, &p)
		for m := p.mask; m != 0; m &= m - 1 {
			bit := bits.TrailingZeros64(m)
			if f.query.Record(dayAt(w.no(), bit), p.at(bit).Source) {
				p.mask &^= 1 << bit
			}
		}
		if p.mask == w.mask {
			f.packer.copy(d, i)
			continue
		}
		f.packer.pack(w.no(), &p)
	}
	return f.packer.finish()
}
