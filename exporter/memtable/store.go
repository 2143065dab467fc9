package memtable

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Answers gives the answers of the Table that it returns at the time of the question: for
// stores whose history is in memory.
type Answers func() *Table

var _ history.Reader = Answers(nil)

// Table returns the history as it is now.
func (a Answers) Table() *Table { return a() }

// Overview implements history.Reader.
func (a Answers) Overview(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
	if err := ctx.Err(); err != nil {
		return history.Overview{}, err
	}
	return a().Overview(q), nil
}

// Repos implements history.Reader.
func (a Answers) Repos(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
	if err := ctx.Err(); err != nil {
		return history.ReposPage{}, err
	}
	return a().Repos(q), nil
}

// Records implements history.Reader.
func (a Answers) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	return a().Records(ctx, q)
}

// Counts implements history.Reader.
func (a Answers) Counts(ctx context.Context, f history.Filter) iter.Seq2[history.Counts, error] {
	return a().Counts(ctx, f)
}

// Readings implements history.Reader.
func (a Answers) Readings(ctx context.Context, q history.ReadingsQuery) history.ReadingSeq {
	return a().Readings(ctx, q)
}

// Meta implements history.Appender.
func (a Answers) Meta(ctx context.Context, q history.MetaQuery) iter.Seq2[history.RepoMeta, error] {
	return a().SelectMeta(ctx, q)
}

// Store is a history in memory: a Table behind a pointer. Readers take the
// table that is there and never wait; writers take turns.
type Store struct {
	Answers
	table  atomic.Pointer[Table]
	writer sync.Mutex
}

var _ history.Appender = (*Store)(nil)

// NewStore returns an empty store.
func NewStore() *Store { return NewStoreOf(Empty()) }

// NewStoreOf returns a store that begins with what t holds. What is appended stays
// in this store: for trying out what an append would do.
func NewStoreOf(t *Table) *Store {
	s := new(Store)
	s.Answers = s.table.Load
	s.table.Store(t)
	return s
}

// Append implements history.Appender.
func (s *Store) Append(ctx context.Context, b history.Batch) (history.Change, error) {
	n, err := BuildBatch(ctx, b)
	if err != nil {
		return history.Change{}, err
	}
	s.writer.Lock()
	defer s.writer.Unlock()
	merged, _, change := s.Table().Append(n)
	s.table.Store(merged)
	return change, nil
}

// Forget takes out what q selects.
func (s *Store) Forget(ctx context.Context, q history.ForgetQuery) (history.Forgotten, error) {
	s.writer.Lock()
	defer s.writer.Unlock()
	left, gone := s.Table().Forget(q)
	s.table.Store(left)
	return gone, ctx.Err()
}

// Refresh implements history.Appender. No other process has this store.
func (s *Store) Refresh(ctx context.Context) (bool, error) { return false, ctx.Err() }
