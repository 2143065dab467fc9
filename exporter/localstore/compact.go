package localstore

import (
	"context"
	"fmt"
	"maps"
	"math/bits"
	"path/filepath"
	"slices"
)

// Compact merges all files into one of records and one of states. Appends compact
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
	if due(now.records) == nil && due(now.states) == nil {
		return
	}
	if err := l.compact(ctx, due); err != nil && ctx.Err() == nil {
		l.log.Warn("Merging small files failed and will be tried again.", "dir", l.dir, "err", err)
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
	changed, err := l.inTurn(ctx, func() error {
		now := l.current.Load()
		records, states := choose(now.records), choose(now.states)
		// States that belong to a file of records must stand alone before it goes.
		for name, f := range now.states {
			if slices.Contains(records, f.companionOf) && !slices.Contains(states, name) {
				states = append(states, name)
			}
		}
		if err := l.mergeStates(ctx, states); err != nil {
			return fmt.Errorf("compacting the store: %w", err)
		}
		if err := l.mergeRecords(ctx, records); err != nil {
			return fmt.Errorf("compacting the store: %w", err)
		}
		if len(records)+len(states) > 0 {
			l.log.Debug("Merged files of the store.", "dir", l.dir, "records", len(records), "states", len(states))
		}
		return nil
	})
	if changed {
		l.changed()
	}
	return err
}

// mergeStates writes the union of some files of states as one that stands alone,
// then removes them. It depends on nothing but those files.
func (l *Ledger) mergeStates(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	now := l.current.Load()
	r := reader{ctx: ctx, dir: l.dir}
	defer r.close()
	for _, name := range names {
		if _, _, err := r.states(name, now.records); err != nil {
			return err
		}
	}
	parts, err := r.tables()
	if err != nil {
		return err
	}
	w := writer{disk: &l.disk, dir: l.dir, name: newName()}
	if err := w.writeStates(union(parts)); err != nil {
		w.undo()
		return err
	}
	_, added, err := w.publish()
	if err != nil {
		w.undo()
		return err
	}
	next := without(with(now.states, added), names)
	l.current.Store(newSnapshot(now.table, now.records, next, now.pending))
	return l.removeAll(w.statesDir(), names)
}

// mergeRecords writes the union of some files of records as one, then removes
// them. No file of states belongs to them any more. It depends on nothing but
// those files.
func (l *Ledger) mergeRecords(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	now := l.current.Load()
	r := reader{ctx: ctx, dir: l.dir}
	defer r.close()
	for _, name := range names {
		if _, err := r.records(name); err != nil {
			return err
		}
	}
	parts, err := r.tables()
	if err != nil {
		return err
	}
	w := writer{disk: &l.disk, dir: l.dir, name: newName()}
	if err := w.writeRecords(ctx, union(parts)); err != nil {
		w.undo()
		return err
	}
	added, _, err := w.publish()
	if err != nil {
		w.undo()
		return err
	}
	next := without(with(now.records, added), names)
	l.current.Store(newSnapshot(now.table, next, now.states, now.pending))
	return l.removeAll(w.recordsDir(), names)
}

// without returns the files that are not named.
func without(f files, names []string) files {
	out := maps.Clone(f)
	for _, name := range names {
		delete(out, name)
	}
	return out
}

func (l *Ledger) removeAll(dir string, names []string) error {
	for _, name := range names {
		if err := l.disk.remove(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return l.disk.syncDir(dir)
}
