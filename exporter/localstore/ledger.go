package localstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/gofrs/flock"
	"golang.org/x/sync/semaphore"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

const (
	recordsDir  = "records"
	readingsDir = "readings"
	// forgottenFile names the files that were replaced by the last Forget.
	forgottenFile = "forgotten.json"
	// reposDir is what versions that kept no readings called it.
	reposDir = "repos"
	lockFile = "lock"
)

var (
	// ErrClosed is returned by methods that write or look for files after Close.
	ErrClosed = errors.New("the store is closed")
	// ErrReadOnly is returned by methods that write if the store was opened for answers alone.
	ErrReadOnly = errors.New("this store is read only")
)

// Options are how a Ledger is opened. The zero value will do.
type Options struct {
	// Logger gets what goes on beside the answers: waiting for another writer,
	// compaction, leftovers that were removed. nil: nothing is logged.
	Logger *slog.Logger
	// ReadOnly opens an existing directory for answers alone: nothing in it is
	// made or changed, and Append returns ErrReadOnly.
	ReadOnly bool

	// disk is another one in tests.
	disk disk
}

// Ledger is a history in a directory. Answers come from memory and never wait for a write.
type Ledger struct {
	memtable.Answers
	dir      string
	log      *slog.Logger
	readOnly bool
	disk     disk

	// turn is held by the goroutine that writes, and then lock, against other
	// processes. loading is held while the content is being replaced, after turn if
	// both are held. Both admit one, and can be waited for until a context ends.
	turn, loading *semaphore.Weighted
	lock          *flock.Flock

	current atomic.Pointer[content]
	closed  atomic.Bool

	// folder is the directory that was opened, identity that of the history in it, "" as long
	// as it has none. Both are of who holds loading.
	folder   os.FileInfo
	identity string
	setbacks setbacks
}

// Open opens the store in dir, which is made if it does not exist, and loads it
// into memory. It does not wait for a process that is writing.
//
// A file in it that is damaged, too new or not of this store is an error that
// names the file, and nothing is changed.
func Open(ctx context.Context, dir string, o Options) (*Ledger, error) {
	l := &Ledger{
		dir:      dir,
		log:      o.Logger,
		readOnly: o.ReadOnly,
		disk:     o.disk,
		turn:     semaphore.NewWeighted(1),
		loading:  semaphore.NewWeighted(1),
		lock:     flock.New(filepath.Join(dir, lockFile)),
	}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	err := l.prepare()
	if err == nil {
		l.folder, err = os.Stat(dir)
	}
	if err != nil {
		return nil, err
	}
	l.Answers = func() *memtable.Table { return l.current.Load().table }
	l.current.Store(newContent(memtable.Empty(), nil, nil, nil, ""))
	if _, err := l.Refresh(ctx); err != nil {
		return nil, err
	}
	return l, nil
}

// prepare makes the directories, or checks that there is one to read.
func (l *Ledger) prepare() error {
	if l.readOnly {
		info, err := os.Stat(l.dir)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("expected a stored history in %s, but there is no such directory; "+
				"set --storage.path, or create one with \"huggingface_exporter import FILE\"", l.dir)
		}
		if err == nil && !info.IsDir() {
			err = fmt.Errorf("expected the directory of a stored history, got the file %s; set --storage.path", l.dir)
		}
		return err
	}
	if err := l.checkPrevious(); err != nil {
		return err
	}
	for _, d := range []string{recordsDir, l.readingsName()} {
		if err := l.disk.makeDir(filepath.Join(l.dir, d)); err != nil {
			return fmt.Errorf("creating the store's directories: %w", err)
		}
	}
	return nil
}

// readingsName returns the directory of the readings: that of an earlier version, if nothing
// has been written since.
func (l *Ledger) readingsName() string {
	if l.has(reposDir) && !l.has(readingsDir) {
		return reposDir
	}
	return readingsDir
}

// has reports whether the directory has a file or directory of a name.
func (l *Ledger) has(name string) bool {
	_, err := os.Stat(filepath.Join(l.dir, name))
	return err == nil
}

// takeOver renames the directory that an earlier version called otherwise, before the first
// write: the files in it are read on as they are.
func (l *Ledger) takeOver() error {
	if l.readingsName() == readingsDir {
		return nil
	}
	if err := os.Rename(filepath.Join(l.dir, reposDir), filepath.Join(l.dir, readingsDir)); err != nil {
		return err
	}
	return l.disk.syncDir(l.dir)
}

// checkPrevious returns an error if an earlier version wrote files once they had been taken over.
func (l *Ledger) checkPrevious() error {
	repos := filepath.Join(l.dir, reposDir)
	if !l.has(reposDir) || l.readingsName() == reposDir {
		return nil
	}
	if err := os.Remove(repos); err != nil { // which it is not unless it is empty
		return fmt.Errorf("expected the files of an earlier version in %s and none in %s; "+
			"move the files there if you used that version again: %w", repos, readingsDir, err)
	}
	return nil
}

// Snapshot returns the content as it is now.
func (l *Ledger) Snapshot(ctx context.Context) (*memtable.Table, error) {
	return l.Table(), ctx.Err()
}

// Revision identifies the files that the content comes from: equal revisions mean
// equal content. (Compaction changes the revision and not the content.) Who needs
// both asks for the revision first.
func (l *Ledger) Revision() string { return l.current.Load().revision }

// Check returns nil: a folder keeps what is in it.
func (l *Ledger) Check(context.Context) error { return nil }

// Stats returns the size of the content and of the files that it comes from.
func (l *Ledger) Stats(ctx context.Context) (history.Stats, error) {
	c := l.current.Load()
	t := c.table
	st := history.Stats{
		Repos: t.NumRepos(), Records: t.NumRecords(), Recorded: t.Recorded(),
		OnDisk: true, Files: len(c.records) + len(c.meta),
	}
	for _, kind := range []files{c.records, c.meta} {
		for _, f := range kind {
			st.Bytes += f.size
		}
	}
	return st, ctx.Err()
}

// Refresh takes in what other processes wrote and reports whether the content
// changed. If nothing is new it costs a listing of the two directories. On an error
// the content stays as it was. What somebody took out of the directory is written back,
// unless it is another directory now.
func (l *Ledger) Refresh(ctx context.Context) (changed bool, err error) {
	if l.closed.Load() {
		return false, ErrClosed
	}
	was := l.Table()
	err = l.look(ctx)
	if _, lost := errors.AsType[*lostError](err); lost && !l.readOnly {
		err = l.inTurn(ctx, func() error { return nil })
	}
	return l.Table() != was, err
}

func (l *Ledger) look(ctx context.Context) error {
	if err := l.loading.Acquire(ctx, 1); err != nil {
		return err
	}
	defer l.loading.Release(1)
	_, err := l.load(ctx)
	return err
}

// Close waits for a write that is under way and refuses further ones. Answers are
// given still.
func (l *Ledger) Close() error {
	l.closed.Store(true)
	_ = l.turn.Acquire(context.Background(), 1) // this context does not end
	defer l.turn.Release(1)
	return l.lock.Close()
}
