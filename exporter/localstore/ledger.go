package localstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/gofrs/flock"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

const (
	recordsDir = "records"
	statesDir  = "repos"
	lockFile   = "lock"
)

var (
	// ErrClosed is returned by methods that write or look for files after Close.
	ErrClosed = errors.New("the store is closed")
	// ErrReadOnly is returned by methods that write if the store was opened for answers alone.
	ErrReadOnly = errors.New("this store is read only")
)

// Options are how a Ledger is opened. The zero value will do.
type Options struct {
	// Logger tells of what goes on beside the answers: waiting for another
	// writer, compaction, leftovers that were removed. nil: nothing is told.
	Logger *slog.Logger
	// OnChange is called after the content changed: by an append here or, as
	// Refresh or an append found out, by another process. Several goroutines may
	// call it at once. It may use the Ledger.
	OnChange func()
	// ReadOnly opens an existing directory for answers alone: nothing in it is
	// made or changed, and Append returns ErrReadOnly.
	ReadOnly bool

	// disk is another one in tests.
	disk disk
}

// Ledger is a history in a directory. Answers come from memory and never
// wait for a write.
type Ledger struct {
	dir      string
	log      *slog.Logger
	onChange func()
	readOnly bool
	disk     disk

	// turn is held by the goroutine that writes, and then lock, against other
	// processes. loading is held while current is being replaced, after turn if
	// both are held. Both have room for one.
	turn, loading chan struct{}
	lock          *flock.Flock

	current atomic.Pointer[snapshot]
	closed  atomic.Bool
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
		onChange: o.OnChange,
		readOnly: o.ReadOnly,
		disk:     o.disk,
		turn:     make(chan struct{}, 1),
		loading:  make(chan struct{}, 1),
		lock:     flock.New(filepath.Join(dir, lockFile)),
	}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	if err := l.prepare(); err != nil {
		return nil, err
	}
	l.current.Store(newSnapshot(memtable.Empty(), nil, nil, nil))
	if _, err := l.update(ctx); err != nil {
		return nil, err
	}
	return l, nil
}

// prepare makes the directories, or checks that there is one to read.
func (l *Ledger) prepare() error {
	if l.readOnly {
		info, err := os.Stat(l.dir)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("expected a stored history in %s, but there is no such folder; "+
				"name the right one with --storage.path, or fill it with \"huggingface_exporter import FILE\"", l.dir)
		}
		if err == nil && !info.IsDir() {
			err = fmt.Errorf("expected the folder of a stored history, got the file %s; name the right one with --storage.path", l.dir)
		}
		return err
	}
	for _, d := range []string{recordsDir, statesDir} {
		if err := os.MkdirAll(filepath.Join(l.dir, d), 0o755); err != nil {
			return fmt.Errorf("making the store's directories: %w", err)
		}
	}
	return nil
}

// Table returns the content as it is now.
func (l *Ledger) Table() *memtable.Table { return l.current.Load().table }

// Snapshot returns the content as it is now.
func (l *Ledger) Snapshot(ctx context.Context) (*memtable.Table, error) {
	return l.Table(), ctx.Err()
}

// Revision identifies the files that the content comes from: equal revisions mean
// equal content. (Compaction changes the revision and not the content.) Who needs
// both asks for the revision first.
func (l *Ledger) Revision() string { return l.current.Load().revision }

// Stats returns the size of the content and of the files that it comes from.
func (l *Ledger) Stats(ctx context.Context) (history.Stats, error) {
	s := l.current.Load()
	st := history.Stats{
		Repos: s.table.NumRepos(), Records: s.table.NumRecords(), Recorded: s.table.Recorded(),
		OnDisk: true, Files: len(s.records) + len(s.states),
	}
	for _, f := range s.records {
		st.Bytes += f.size
	}
	for _, f := range s.states {
		st.Bytes += f.size
	}
	return st, ctx.Err()
}

// Overview implements history.Reader.
func (l *Ledger) Overview(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
	if err := ctx.Err(); err != nil {
		return history.Overview{}, err
	}
	return l.Table().Overview(q), nil
}

// Repos implements history.Reader.
func (l *Ledger) Repos(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
	if err := ctx.Err(); err != nil {
		return history.ReposPage{}, err
	}
	return l.Table().Repos(q), nil
}

// Records implements history.Reader.
func (l *Ledger) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	return l.Table().Records(ctx, q)
}

// Counts implements history.Reader.
func (l *Ledger) Counts(ctx context.Context, f history.Filter) iter.Seq2[history.Counts, error] {
	return l.Table().Counts(ctx, f)
}

// Meta implements history.Appender.
func (l *Ledger) Meta(ctx context.Context, q history.MetaQuery) iter.Seq2[history.RepoMeta, error] {
	return l.Table().SelectMeta(ctx, q)
}

// Refresh takes in what other processes wrote and reports whether the content
// changed. If nothing is new it costs a listing of the two directories. On an error
// the content stays as it was. What somebody took out of the directory is answered
// for until the store is opened again.
func (l *Ledger) Refresh(ctx context.Context) (changed bool, err error) {
	if l.closed.Load() {
		return false, ErrClosed
	}
	changed, err = l.update(ctx)
	if changed {
		l.changed()
	}
	return changed, err
}

func (l *Ledger) changed() {
	if l.onChange != nil {
		l.onChange()
	}
}

// Close waits for a write that is under way and refuses further ones. Answers are
// given still.
func (l *Ledger) Close() error {
	l.closed.Store(true)
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	return l.lock.Close()
}
