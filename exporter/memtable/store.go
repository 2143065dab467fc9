package memtable

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Store is a history.Store in memory: a Table behind a pointer. Readers take the
// table that is there and never wait; writers take turns.
type Store struct {
	table  atomic.Pointer[Table]
	writer sync.Mutex
}

var _ history.Store = (*Store)(nil)

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

// Append implements history.Store.
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

// Overview implements history.Store.
func (s *Store) Overview(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
	if err := ctx.Err(); err != nil {
		return history.Overview{}, err
	}
	return s.Table().Overview(q), nil
}

// Repos implements history.Store.
func (s *Store) Repos(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
	if err := ctx.Err(); err != nil {
		return history.ReposPage{}, err
	}
	return s.Table().Repos(q), nil
}

// Records implements history.Store.
func (s *Store) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	return s.Table().Records(ctx, q)
}

// Counts returns what the metrics page shows.
func (s *Store) Counts() iter.Seq[history.Counts] { return s.Table().Counts() }

// States returns what is known of each repository besides its days.
func (s *Store) States() iter.Seq[history.RepoMeta] { return s.Table().States() }
