package localstore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// Append implements history.Appender. When it returns without an error, what b brought
// is on the disk. It waits for other writers, also those of other processes, until
// ctx ends. On an error, bad input or a full disk among them, nothing has changed, with one
// exception: what was written in full stays if the disk then fails to make its name durable.
// It is taken in as what other processes write is, once that can be made up for.
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
	err = l.inTurn(ctx, func() error {
		merged, delta, c := l.Table().Append(n)
		if !delta.IsEmpty() {
			w := l.newWriter()
			if err := w.write(ctx, delta, true, true); err != nil {
				return fmt.Errorf("writing to the store: %w", err)
			}
			records, meta := w.files()
			was := l.current.Load()
			l.current.Store(newContent(merged, was.records.with(records, nil), was.meta.with(meta, nil), was.pending, was.forgotten))
			appended = true
		}
		change = c
		return nil
	})
	if appended {
		l.tidy(ctx)
	}
	return change, err
}

// lockRetry is how often a writer looks whether another process is done.
const lockRetry = 20 * time.Millisecond

// inTurn runs write as the only writer of the directory, with the content up to
// date and what interrupted writes left behind removed.
func (l *Ledger) inTurn(ctx context.Context, write func() error) error {
	if err := l.turn.Acquire(ctx, 1); err != nil {
		return err
	}
	defer l.turn.Release(1)
	if l.closed.Load() {
		return ErrClosed
	}
	if err := l.lockDir(ctx); err != nil {
		return err
	}
	defer l.unlockDir()
	if err := l.loading.Acquire(ctx, 1); err != nil {
		return err
	}
	defer l.loading.Release(1)
	if err := l.takeOver(); err != nil {
		return err
	}
	ls, err := l.load(ctx)
	if lost, ok := errors.AsType[*lostError](err); ok {
		if err = l.writeBack(ctx, lost); err == nil {
			ls, err = l.load(ctx)
		}
	}
	if err == nil {
		err = l.nameIdentity()
	}
	if err != nil {
		return err
	}
	if err := l.sweep(ls); err != nil {
		return fmt.Errorf("removing the files of an interrupted write: %w", err)
	}
	return write()
}

// lockDir takes the lock against other processes.
func (l *Ledger) lockDir(ctx context.Context) error {
	ok, err := l.lock.TryLock()
	if err == nil && !ok {
		l.log.Info("Waiting for another process to finish writing to the store.", "dir", l.dir)
		_, err = l.lock.TryLockContext(ctx, lockRetry)
	}
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("locking %s, which must be writable: %w", filepath.Join(l.dir, lockFile), err)
	}
	return err
}

func (l *Ledger) unlockDir() {
	if err := l.lock.Unlock(); err != nil {
		l.log.Warn("Unlocking the store failed; other processes may have to wait until this one exits.", "dir", l.dir, "err", err)
	}
}

// sweep removes what interrupted writes left behind. Nobody writes now, so
// whatever bears a temporary name is left over. A file of metadata that waits for
// its file of records goes too if that was never renamed; otherwise somebody else
// took the file of records away, and may bring it back.
func (l *Ledger) sweep(ls *listing) error {
	for _, path := range ls.left {
		if err := l.disk.remove(filepath.Join(l.dir, path)); err != nil {
			return err
		}
	}
	var pending []string
	for name, f := range l.current.Load().pending {
		if slices.Contains(ls.tempRecords, tempName(f.companionOf)) {
			pending = append(pending, name)
		}
	}
	// Without its temporary file the next writer would not know what a pending one was.
	for _, step := range []struct {
		dir   string
		names []string
		sync  bool
	}{{readingsDir, pending, true}, {readingsDir, ls.tempMeta, false}, {recordsDir, ls.tempRecords, false}} {
		dir := filepath.Join(l.dir, step.dir)
		for _, name := range step.names {
			if err := l.disk.remove(filepath.Join(dir, name)); err != nil {
				return err
			}
			l.log.Info("Removed the files of an interrupted write.", "file", filepath.Join(dir, name))
		}
		if step.sync && len(step.names) > 0 {
			if err := l.disk.syncDir(dir); err != nil {
				return err
			}
		}
	}
	return nil
}
