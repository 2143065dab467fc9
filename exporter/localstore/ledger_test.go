package localstore

import (
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history/storetest"
)

func TestStore(t *testing.T) {
	storetest.RunShort(t, func(t *testing.T) storetest.Store { return open(t, t.TempDir()) })
}

// reopening is a store that is closed and opened again after each append, and
// compacted after every third.
type reopening struct {
	ledger  atomic.Pointer[Ledger]
	append  sync.Mutex
	appends int
	dir     string
}

func (r *reopening) Append(ctx context.Context, b history.Batch) (history.Change, error) {
	r.append.Lock()
	defer r.append.Unlock()
	l := r.ledger.Load()
	c, err := l.Append(ctx, b)
	if err != nil {
		return c, err
	}
	if r.appends++; r.appends%3 == 0 {
		if err := l.Compact(ctx); err != nil {
			return c, err
		}
	}
	if err := l.Close(); err != nil {
		return c, err
	}
	l, err = Open(context.Background(), r.dir, quick)
	r.ledger.Store(l)
	return c, err
}

func (r *reopening) Overview(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
	return r.ledger.Load().Overview(ctx, q)
}

func (r *reopening) Repos(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
	return r.ledger.Load().Repos(ctx, q)
}

func (r *reopening) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	return r.ledger.Load().Records(ctx, q)
}

func (r *reopening) Counts(ctx context.Context, f history.Filter) iter.Seq2[history.Counts, error] {
	return r.ledger.Load().Counts(ctx, f)
}

func (r *reopening) Readings(ctx context.Context, q history.ReadingsQuery) history.ReadingSeq {
	return r.ledger.Load().Readings(ctx, q)
}

func (r *reopening) Meta(ctx context.Context, q history.MetaQuery) iter.Seq2[history.RepoMeta, error] {
	return r.ledger.Load().Meta(ctx, q)
}

func (r *reopening) Refresh(ctx context.Context) (bool, error) { return r.ledger.Load().Refresh(ctx) }

func TestStoreReopened(t *testing.T) {
	storetest.RunShort(t, func(t *testing.T) storetest.Store {
		r := &reopening{dir: t.TempDir()}
		r.ledger.Store(open(t, r.dir))
		return r
	})
}

// TestReopen asserts that everything that is kept comes back as it was.
func TestReopen(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	ctx := context.Background()
	model := history.Repo{Type: history.Model, Name: "org/a"}
	dataset := history.Repo{Type: history.Dataset, Name: "org/a"}
	gone := history.Repo{Type: "kernel", Name: "old"}
	steps := []history.Batch{
		dayBatch("org", 0),
		dayBatch("org", 1),
		{Rows: history.RowsOf(history.Version{Source: history.Estimated, AsOf: 5},
			history.Record{Repo: model, Total: 50, Day: 10, Downloads: 9}, history.Record{Repo: model, Total: 50, Day: 12, Downloads: 0})},
		{Rows: history.RowsOf(history.Version{Source: history.Observed, AsOf: 6}, history.Record{Repo: model, Total: 40, Day: 10, Downloads: 4})},
		{Rows: history.RowsOf(history.Version{Source: history.Published, AsOf: 4}, history.Record{Repo: dataset, Total: history.Unknown, Day: 10, Downloads: 1 << 62})},
		{Rows: history.RowsOf(history.Version{Source: history.Published, AsOf: 9}, history.Record{Repo: dataset, Total: history.Unknown, Day: 10, Downloads: 3})},
		{Meta: []history.RepoMeta{
			{Repo: gone, Total: 7, TotalAsOf: 1, LastMonth: 1, Likes: 2, HubID: "0123456789abcdef01234567", ListedAsOf: 1,
				StartTotal: 6, StartDownloads: 8, StartRemoved: 2, StartAsOf: 1, GoneAsOf: 2, MovedTo: "new"},
			history.NewRepoMeta(history.Repo{Type: history.Space, Name: "org/s"}),
		}},
		{Rows: history.RowsOf(history.Version{Source: history.Published, AsOf: 1}, history.Record{Repo: gone, Total: history.Unknown, Day: 3, Downloads: 5})},
	}
	for i, b := range steps {
		add(t, l, b)
		want := contentsOf(t, l.Table())
		again := open(t, dir)
		if got := contentsOf(t, again.Table()); !reflect.DeepEqual(got, want) {
			t.Fatalf("step %d: got %+v\nwant %+v", i, got, want)
		}
		if l.Revision() != again.Revision() || statsOf(l) != statsOf(again) {
			t.Errorf("step %d: revision %s and %+v, opened again %s and %+v", i, l.Revision(), statsOf(l), again.Revision(), statsOf(again))
		}
	}
	want, before := contentsOf(t, l.Table()), statsOf(l)
	revision := l.Revision()
	if err := l.Compact(ctx); err != nil {
		t.Fatal(err)
	}
	if got := contentsOf(t, open(t, dir).Table()); !reflect.DeepEqual(got, want) {
		t.Errorf("compacted: got %+v\nwant %+v", got, want)
	}
	if s := statsOf(l); s.RecordFiles != 1 || s.MetaFiles != 1 || s.Bytes >= before.Bytes || s.Bytes == 0 {
		t.Errorf("compacted from %+v to %+v", before, s)
	}
	if revision == l.Revision() {
		t.Error("other files have the same revision")
	}
}

func TestNothingNewWritesNothing(t *testing.T) {
	dir := t.TempDir()
	l, err := Open(context.Background(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	add(t, l, dayBatch("org", 0))
	files, revision := dirFiles(t, dir), l.Revision()
	c := add(t, l, dayBatch("org", 0))
	if c.Unchanged != batchRepos || c.New != 0 {
		t.Errorf("appended again: %+v", c)
	}
	add(t, l, history.Batch{})
	if got := dirFiles(t, dir); !reflect.DeepEqual(got, files) || l.Revision() != revision {
		t.Errorf("an append of nothing new made %v of %v", got, files)
	}
}

func TestBadInputChangesNothing(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	add(t, l, dayBatch("org", 0))
	want, files := contentsOf(t, l.Table()), dirFiles(t, dir)
	f := func(rows history.RowSeq, check func(error) bool) {
		t.Helper()
		if _, err := l.Append(context.Background(), history.Batch{Rows: rows}); err == nil || !check(err) {
			t.Errorf("unexpected error %v", err)
		}
		if got := contentsOf(t, open(t, dir).Table()); !reflect.DeepEqual(got, want) || !reflect.DeepEqual(dirFiles(t, dir), files) {
			t.Errorf("the store changed")
		}
	}
	r := history.Repo{Type: history.Model, Name: "org/x"}
	v := history.Version{Source: history.Published, AsOf: 1}
	f(history.RowsOf(v, history.Record{Repo: r, Downloads: 1}, history.Record{Repo: r, Downloads: 2}), func(err error) bool {
		var bad *history.InputErrors
		return errors.As(err, &bad)
	})
	broken := errors.New("cut off")
	f(func(yield func(*history.Rows, error) bool) { yield(nil, broken) }, func(err error) bool { return errors.Is(err, broken) })
}

func TestReadOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	ctx := context.Background()
	if _, err := Open(ctx, dir, Options{ReadOnly: true}); err == nil || !strings.Contains(err.Error(), "expected a stored history in "+dir) {
		t.Errorf("no directory: got %v", err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(ctx, dir, Options{ReadOnly: true}); err == nil || !strings.Contains(err.Error(), "expected the directory of a stored history") {
		t.Errorf("a file: got %v", err)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := Open(ctx, dir, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("opening to read made %v, %v", entries, err)
	}
	add(t, open(t, dir), dayBatch("org", 0))
	if changed, err := l.Refresh(ctx); err != nil || !changed || l.Table().NumRecords() != batchRepos {
		t.Errorf("refresh: %t, %v, %d records", changed, err, l.Table().NumRecords())
	}
	if _, err := l.Append(ctx, dayBatch("org", 1)); !errors.Is(err, ErrReadOnly) {
		t.Errorf("append: got %v", err)
	}
	if err := l.Compact(ctx); !errors.Is(err, ErrReadOnly) {
		t.Errorf("compact: got %v", err)
	}
}

func TestClosed(t *testing.T) {
	l := open(t, t.TempDir())
	add(t, l, dayBatch("org", 0))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(context.Background(), dayBatch("org", 1)); !errors.Is(err, ErrClosed) {
		t.Errorf("append: got %v", err)
	}
	if _, err := l.Refresh(context.Background()); !errors.Is(err, ErrClosed) {
		t.Errorf("refresh: got %v", err)
	}
	if l.Table().NumRecords() != batchRepos {
		t.Error("a closed store no longer answers")
	}
}
