package localstore

import (
	"context"
	"errors"
	"io/fs"
)

// acquire takes a lock that has room for one holder.
func acquire(ctx context.Context, lock chan struct{}) error {
	select {
	case lock <- struct{}{}:
		return nil
	default:
	}
	select {
	case lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func release(lock chan struct{}) { <-lock }

// update brings the content up to date with the files and reports whether it
// changed.
func (l *Ledger) update(ctx context.Context) (bool, error) {
	if err := acquire(ctx, l.loading); err != nil {
		return false, err
	}
	defer release(l.loading)
	_, changed, err := l.load(ctx)
	return changed, err
}

// attempts bounds how often files are listed again because one that was listed is
// no longer there.
const attempts = 100

// load does the work of update for a caller that holds l.loading. It returns the
// listing that the content now stands for.
func (l *Ledger) load(ctx context.Context) (*listing, bool, error) {
	for i := 0; ; i++ {
		ls, changed, err := l.tryLoad(ctx)
		// Another process may have compacted a file away since it was listed.
		if !errors.Is(err, fs.ErrNotExist) || i == attempts || ctx.Err() != nil {
			return ls, changed, err
		}
	}
}

func (l *Ledger) tryLoad(ctx context.Context) (*listing, bool, error) {
	was := l.current.Load()
	ls, err := l.list()
	if err != nil || was.stands(ls) {
		return ls, false, err
	}
	if ls, err = settled(ctx, ls, l.list); err != nil {
		return nil, false, err
	}
	now, err := l.read(ctx, was, ls)
	if err != nil {
		return nil, false, err
	}
	l.current.Store(now)
	return ls, now.table != was.table, nil
}

// read makes the snapshot of the files listed from the one before: those that are
// new are merged into its table.
func (l *Ledger) read(ctx context.Context, was *snapshot, ls *listing) (*snapshot, error) {
	r := reader{ctx: ctx, dir: l.dir}
	defer r.close()
	records, states, pending := make(files), make(files), make(files)
	for _, name := range ls.records {
		if f, ok := was.records[name]; ok {
			records[name] = f
			continue
		}
		f, err := r.records(name)
		if err != nil {
			return nil, err
		}
		records[name] = f
	}
	for _, name := range ls.states {
		if f, ok := was.states[name]; ok {
			states[name] = f
			continue
		}
		f, waits, err := r.states(name, records)
		if err != nil {
			return nil, err
		}
		if waits {
			pending[name] = f
			if _, ok := was.pending[name]; !ok {
				l.log.Warn("A file of states waits for the file of records it belongs to, and does not count until then.",
					"file", name, "records", f.companionOf)
			}
			continue
		}
		states[name] = f
	}
	parts, err := r.tables()
	if err != nil {
		return nil, err
	}
	return newSnapshot(was.table.Union(union(parts)), records, states, pending), nil
}
