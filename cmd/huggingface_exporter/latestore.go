package main

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync"
)

// lateStore is a store from the moment on that it is open: handlers and collectors are
// there before it. Who asks it earlier gets errNotOpen.
type lateStore struct{ opened atomic.Pointer[engine] }

var _ hubsync.Store = (*lateStore)(nil)

var errNotOpen = errors.New("the storage has not answered since this process started")

// get returns the store, nil before it is open.
func (s *lateStore) get() engine {
	if e := s.opened.Load(); e != nil {
		return *e
	}
	return nil
}

func (s *lateStore) close() error {
	if l := s.get(); l != nil {
		return l.Close()
	}
	return nil
}

// Append implements history.Store.
func (s *lateStore) Append(ctx context.Context, b history.Batch) (history.Change, error) {
	if e := s.get(); e != nil {
		return e.Append(ctx, b)
	}
	return history.Change{}, errNotOpen
}

// Overview implements history.Store.
func (s *lateStore) Overview(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
	if e := s.get(); e != nil {
		return e.Overview(ctx, q)
	}
	return history.Overview{}, errNotOpen
}

// Repos implements history.Store.
func (s *lateStore) Repos(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
	if e := s.get(); e != nil {
		return e.Repos(ctx, q)
	}
	return history.ReposPage{}, errNotOpen
}

// Records implements history.Store.
func (s *lateStore) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	if e := s.get(); e != nil {
		return e.Records(ctx, q)
	}
	return func(yield func(*history.Rows, error) bool) { yield(nil, errNotOpen) }
}

// States implements hubsync.Store. There are none before Refresh succeeds.
func (s *lateStore) States() iter.Seq[history.RepoMeta] {
	if e := s.get(); e != nil {
		return e.States()
	}
	return func(func(history.RepoMeta) bool) {}
}

// StatesOf returns what is known of an organisation, see hubsync.Collector; of an embedded
// engine all that is known.
func (s *lateStore) StatesOf(ctx context.Context, org string, ids map[string]bool) (iter.Seq[history.RepoMeta], error) {
	switch e := s.get().(type) {
	case nil:
		return nil, errNotOpen
	case *remote:
		return e.StatesOf(ctx, org, ids)
	default:
		return e.States(), nil
	}
}

// Refresh takes in what other processes stored.
func (s *lateStore) Refresh(ctx context.Context) (bool, error) {
	if e := s.get(); e != nil {
		return e.Refresh(ctx)
	}
	return false, errNotOpen
}

// Revision implements api.Revisioner. The store is open.
func (s *lateStore) Revision() string { return s.get().Revision() }
