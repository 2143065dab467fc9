package localstore

import (
	"context"
	"fmt"
	"maps"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// Append implements history.Appender. When it returns without an error, what b brought
// is on the disk. It waits for other writers, also those of other processes, until
// ctx ends. On an error, bad input or a full disk among them, nothing has changed.
func (l *Ledger) Append(ctx context.Context, b history.Batch) (history.Change, error) {
	if l.readOnly {
		return history.Change{}, ErrReadOnly
	}
	// All of the input is read before anybody else has to wait.
	n, err := memtable.BuildBatch(ctx, b)
	if err != nil {
		return history.Change{}, err
	}
	var change history.Change
	var appended bool
	changed, err := l.inTurn(ctx, func() error {
		now := l.current.Load()
		merged, delta, c := now.table.Append(n)
		if delta.IsEmpty() {
			change = c
			return nil
		}
		records, states, err := l.commit(ctx, delta)
		if err != nil {
			return fmt.Errorf("writing to the store: %w", err)
		}
		change, appended = c, true
		l.current.Store(newSnapshot(merged, with(now.records, records), with(now.states, states), now.pending))
		return nil
	})
	if changed || appended {
		l.changed()
	}
	if err != nil {
		return history.Change{}, err
	}
	if appended {
		l.tidy(ctx)
	}
	return change, nil
}

// with returns the files of both.
func with(a, b files) files {
	out := make(files, len(a)+len(b))
	maps.Copy(out, a)
	maps.Copy(out, b)
	return out
}

// commit makes delta durable as files and returns them.
func (l *Ledger) commit(ctx context.Context, delta *memtable.Table) (records, states files, err error) {
	w := writer{disk: &l.disk, dir: l.dir, name: newName()}
	defer func() {
		if err != nil {
			w.undo()
		}
	}()
	if err := w.writeRecords(ctx, delta); err != nil {
		return nil, nil, err
	}
	if err := w.writeStates(delta); err != nil {
		return nil, nil, err
	}
	return w.publish()
}
