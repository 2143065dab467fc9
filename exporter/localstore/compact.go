package localstore

import (
	"context"
	"fmt"
	"math/bits"
	"path/filepath"
	"slices"
)

// Compact merges all files into one of records and one of metadata. Appends compact
// by themselves, so there is no need to call it; it makes the store as small and as
// quick to open as it gets. The content does not change.
func (l *Ledger) Compact(ctx context.Context) error {
	if l.readOnly {
		return ErrReadOnly
	}
	return l.compact(ctx, func(f files) []string {
		if len(f) < 2 {
			return nil
		}
		return f.names()
	})
}

// tidy compacts if it is due. The append before it stands, whatever happens here.
func (l *Ledger) tidy(ctx context.Context) {
	now := l.current.Load()
	if due(now.records) == nil && due(now.meta) == nil {
		return
	}
	if err := l.compact(ctx, due); err != nil && ctx.Err() == nil {
		l.log.Warn("Merging small files failed; retrying later.", "dir", l.dir, "err", err)
	}
}

const (
	// fanout is how many files of about one size are merged into one. A record is
	// so written again once each time the store grows that many times over.
	fanout = 8
	// smallFile is the size up to which files are all small, in bytes.
	smallFile = 64 << 10
)

// tier ranks sizes: each tier is fanout times the one before it.
func tier(size int64) int {
	return (bits.Len64(uint64(max(size, 1)-1)/smallFile) + 2) / 3
}

// due returns the files to merge into one, nil if there is nothing to do: those of
// the highest tier that is full, and all that are smaller.
func due(f files) []string {
	count := make(map[int]int)
	top := -1
	for _, file := range f {
		t := tier(file.size)
		if count[t]++; count[t] >= fanout {
			top = max(top, t)
		}
	}
	var names []string
	for _, name := range f.names() {
		if tier(f[name].size) <= top {
			names = append(names, name)
		}
	}
	return names
}

// compact merges the files that choose picks from those in use.
func (l *Ledger) compact(ctx context.Context, choose func(files) []string) error {
	return l.inTurn(ctx, func() error {
		now := l.current.Load()
		records, meta := choose(now.records), choose(now.meta)
		// Metadata that belongs to a file of records must stand alone before it goes.
		for name, f := range now.meta {
			if slices.Contains(records, f.companionOf) && !slices.Contains(meta, name) {
				meta = append(meta, name)
			}
		}
		err := l.merge(ctx, nil, meta)
		if err == nil {
			err = l.merge(ctx, records, nil)
		}
		if err != nil {
			return fmt.Errorf("compacting the store: %w", err)
		}
		if len(records)+len(meta) > 0 {
			l.log.Debug("Merged files of the store.", "dir", l.dir, "records", len(records), "meta", len(meta))
		}
		return nil
	})
}

// merge writes the union of some files of one kind as one file that stands alone, then
// removes them. It depends on nothing but those files, and no file belongs to them any more.
func (l *Ledger) merge(ctx context.Context, records, meta []string) error {
	if len(records)+len(meta) == 0 {
		return nil
	}
	now := l.current.Load()
	r := newReader(ctx, l.dir, readingsDir)
	defer r.close()
	for _, name := range records {
		if _, err := r.records(name); err != nil {
			return err
		}
	}
	for _, name := range meta {
		if _, _, err := r.meta(name, now.records); err != nil {
			return err
		}
	}
	t, err := r.union()
	if err != nil {
		return err
	}
	w := l.newWriter()
	w.replaces = append(records, meta...)
	if err := w.write(ctx, t, records != nil, meta != nil); err != nil {
		return err
	}
	newRecords, newMeta := w.files()
	names, dir := w.replaces, w.recordsDir()
	if meta != nil {
		dir = w.readingsDir()
	}
	// Files of both kinds may have the same name.
	l.current.Store(newContent(now.table, now.records.with(newRecords, records), now.meta.with(newMeta, meta), now.pending, now.forgotten))
	for _, name := range names {
		if err := l.disk.remove(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return l.disk.syncDir(dir)
}
