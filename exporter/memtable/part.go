package memtable

import (
	"context"
	"iter"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Part is a part of a stored history: days as they are stored, and readings. What follows from
// readings takes all days and readings of a repository, so it is worked out once, by Table, and
// not for each part.
type Part struct{ table *Table }

// BuildPart makes a Part of rows, as Build does.
func BuildPart(ctx context.Context, rows history.RowSeq) (*Part, error) {
	b := newBuilder(budget{})
	if err := b.read(ctx, rows); err != nil {
		return nil, err
	}
	return b.part()
}

// BuildReadingsPart makes a Part of what BuildReadings makes a Table of.
func BuildReadingsPart(ctx context.Context, repos iter.Seq2[*history.RepoReadings, error]) (*Part, error) {
	b := newBuilder(budget{})
	if err := b.addReadings(ctx, repos); err != nil {
		return nil, err
	}
	return b.part()
}

func (b *builder) part() (*Part, error) {
	b.underived = true
	t, err := b.table()
	if err != nil {
		return nil, err
	}
	return &Part{t}, nil
}

// Union merges two parts.
func (p *Part) Union(n *Part) *Part {
	merged, _, _ := merge(p.table, n.table, merging{underived: true})
	return &Part{merged}
}

// Table works out what follows from readings. It uses p up.
func (p *Part) Table() *Table {
	cols := p.table.cols
	p.table = nil
	return assemble(len(cols), true, func() (func(int) *column, func()) {
		var d deriver
		return func(i int) *column {
			c := cols[i]
			cols[i] = nil // its days may go
			return d.column(c.meta, c.days, c.read, nil)
		}, func() {}
	})
}

// underivedColumn makes a column of which nothing follows from readings yet.
func underivedColumn(meta history.RepoMeta, stored days, read *readings) *column {
	c := newColumn(meta, stored)
	c.read = read
	return c
}
