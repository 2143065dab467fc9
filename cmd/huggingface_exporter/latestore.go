package main

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/collect"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// lateStore is a store from the moment on that it is open: the handlers are
// there before it. Who asks it earlier is at fault.
type lateStore struct{ opened atomic.Pointer[engine] }

var _ collect.Store = (*lateStore)(nil)

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
	return s.get().Append(ctx, b)
}

// Overview implements history.Store.
func (s *lateStore) Overview(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
	return s.get().Overview(ctx, q)
}

// overviewIfOpen is Overview for who may ask too early: that is an error then.
func (s *lateStore) overviewIfOpen(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
	if s.get() == nil {
		return history.Overview{}, errors.New(notReady)
	}
	return s.Overview(ctx, q)
}

// Repos implements history.Store.
func (s *lateStore) Repos(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
	return s.get().Repos(ctx, q)
}

// Records implements history.Store.
func (s *lateStore) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	return s.get().Records(ctx, q)
}

// States implements collect.Store.
func (s *lateStore) States() iter.Seq[history.State] { return s.get().States() }

// Revision implements api.Revisioner.
func (s *lateStore) Revision() string { return s.get().Revision() }
