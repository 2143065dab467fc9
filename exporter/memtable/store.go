package memtable

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Store is a history in memory: a Table behind a pointer. Readers take the
// table that is there and never wait; writers take turns.
type Store struct {
	table  atomic.Pointer[Table]
	writer sync.Mutex
}

var (
	_ history.Reader   = (*Store)(nil)
	_ history.Appender = (*Store)(nil)
)

// NewStore returns an empty store.
func NewStore() *Store { return NewStoreOf(Empty()) }

// NewStoreOf returns a store that begins with what t holds. What is appended stays
// in this store: for trying out what an append would do.
func NewStoreOf(t *Table) *Store {
	s := new(Store)
	s.table.Store(t)
	return s
}

// Table returns the history as it is now.
func (s *Store) Table() *Table { return s.table.Load() }

// Set makes t the history.
func (s *Store) Set(t *Table) { s.table.Store(t) }

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

// Overview implements history.Reader.
func (s *Store) Overview(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
	if err := ctx.Err(); err != nil {
		return history.Overview{}, err
	}
	return s.Table().Overview(q), nil
}

// Repos implements history.Reader.
func (s *Store) Repos(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
	if err := ctx.Err(); err != nil {
		return history.ReposPage{}, err
	}
	return s.Table().Repos(q), nil
}

// Records implements history.Reader.
func (s *Store) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	return s.Table().Records(ctx, q)
}

// Counts implements history.Reader.
func (s *Store) Counts(ctx context.Context, f history.Filter) iter.Seq2[history.Counts, error] {
	return s.Table().Counts(ctx, f)
}

// Meta implements history.Appender.
func (s *Store) Meta(ctx context.Context, q history.MetaQuery) iter.Seq2[history.RepoMeta, error] {
	return s.Table().SelectMeta(ctx, q)
}

// Refresh implements history.Appender. No other process has this store.
func (s *Store) Refresh(ctx context.Context) (bool, error) { return false, ctx.Err() }
