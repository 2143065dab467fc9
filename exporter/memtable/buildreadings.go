package memtable

import (
	"context"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// told is what a builder was told of a repository besides rows.
type told struct {
	// given says that it was told anything: others were named by the dictionary of a stream,
	// which tells nothing by itself.
	given bool
	// waiting are readings to be packed, readings those that are. export is the one of a total
	// that came with rows, nil if none did.
	waiting  []history.Reading
	readings *readings
	export   *history.Reading
}

// addBatch adds what a batch has apart from rows.
func (b *builder) addBatch(ctx context.Context, batch history.Batch) error {
	meta := batch.Meta
	if len(b.meta) == 0 {
		n := len(meta)
		b.index = make(map[history.Repo]uint32, n)
		b.meta, b.logs, b.told = slices.Grow(b.meta, n), slices.Grow(b.logs, n), slices.Grow(b.told, n)
	}
	for j := range meta {
		i := b.repo(meta[j].Repo)
		b.meta[i].MergeFrom(&meta[j])
		b.told[i].given = true
		for _, r := range meta[j].Readings() {
			b.addReading(i, r)
		}
	}
	if batch.Readings == nil {
		return nil
	}
	for r, err := range batch.Readings {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		i := b.repo(r.Repo)
		b.told[i].given = true
		b.addReading(i, r)
	}
	return nil
}

// addReading adds a reading of a repository, and what it says of the present.
func (b *builder) addReading(i uint32, r history.Reading) {
	r.Repo = b.meta[i].Repo
	t := &b.told[i]
	if t.waiting = append(t.waiting, r); len(t.waiting) == blockReadings {
		t.pack(&b.packing, &b.merging, r.Repo)
	}
	m := r.Meta()
	b.meta[i].MergeFrom(&m)
}

// pack packs the readings that wait for it.
func (t *told) pack(k *readingPacker, m *readingMerger, repo history.Repo) {
	if len(t.waiting) > 0 {
		t.readings = k.union(m, repo, t.readings, k.packAll(sortReadings(t.waiting)))
		t.waiting = t.waiting[:0]
	}
}

// ofExport returns the reading of the total that came with rows, of which stored are the days.
func ofExport(r history.Reading, stored *days) history.Reading {
	day := r.Day()
	if n := stored.total(history.Days{From: day - 30, To: day}); n > 0 {
		r.LastMonth, r.HighMonth = n, n
	}
	return r
}
