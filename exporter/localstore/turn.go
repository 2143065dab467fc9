package localstore

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// lockRetry is how often a writer looks whether another process is done.
const lockRetry = 20 * time.Millisecond

// inTurn runs write as the only writer of the directory, with the content up to
// date and what interrupted writes left behind removed. changed reports whether
// others had changed the content meanwhile.
func (l *Ledger) inTurn(ctx context.Context, write func() error) (changed bool, err error) {
	if err := acquire(ctx, l.turn); err != nil {
		return false, err
	}
	defer release(l.turn)
	if l.closed.Load() {
		return false, ErrClosed
	}
	if err := l.lockDir(ctx); err != nil {
		return false, err
	}
	defer l.unlockDir()
	if err := acquire(ctx, l.loading); err != nil {
		return false, err
	}
	defer release(l.loading)
	ls, changed, err := l.load(ctx)
	if err != nil {
		return changed, err
	}
	if err := l.sweep(ls); err != nil {
		return changed, err
	}
	return changed, write()
}

// lockDir takes the lock against other processes.
func (l *Ledger) lockDir(ctx context.Context) error {
	ok, err := l.lock.TryLock()
	if err == nil && !ok {
		l.log.Info("Waiting for another process that writes to the store.", "dir", l.dir)
		_, err = l.lock.TryLockContext(ctx, lockRetry)
	}
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("locking %s, which needs to be writable: %w", filepath.Join(l.dir, lockFile), err)
	}
	return err
}

func (l *Ledger) unlockDir() {
	if err := l.lock.Unlock(); err != nil {
		l.log.Warn("Unlocking the store failed; other processes may wait until this one ends.", "dir", l.dir, "err", err)
	}
}

// sweep removes what interrupted writes left behind. Nobody writes now, so
// whatever bears a temporary name is left over. A file of states that waits for
// its file of records goes too if that was never renamed; otherwise somebody else
// took the file of records away, and may bring it back.
func (l *Ledger) sweep(ls *listing) error {
	records, states := filepath.Join(l.dir, recordsDir), filepath.Join(l.dir, statesDir)
	var paths []string
	for name, f := range l.current.Load().pending {
		for _, temp := range ls.tempRecords {
			if temp == tempName(f.companionOf) {
				paths = append(paths, filepath.Join(states, name))
			}
		}
	}
	synced := len(paths)
	for _, name := range ls.tempStates {
		paths = append(paths, filepath.Join(states, name))
	}
	for _, name := range ls.tempRecords {
		paths = append(paths, filepath.Join(records, name))
	}
	for i, path := range paths {
		if err := l.disk.remove(path); err != nil {
			return fmt.Errorf("removing what an interrupted write left behind: %w", err)
		}
		l.log.Info("Removed what an interrupted write left behind.", "file", path)
		if i == synced-1 {
			// Without its temporary file the next writer would not know what it was.
			if err := l.disk.syncDir(states); err != nil {
				return fmt.Errorf("removing what an interrupted write left behind: %w", err)
			}
		}
	}
	return nil
}
