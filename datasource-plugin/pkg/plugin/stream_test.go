package plugin

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// endless streams without end until its context does, and tells when.
type endless struct{ ended chan struct{} }

func (e *endless) records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		defer close(e.ended)
		for {
			for rows := range failingAfter(1, nil)(ctx, q) {
				if ctx.Err() != nil {
					yield(nil, ctx.Err())
					return
				}
				if rows != nil && !yield(rows, nil) {
					return
				}
			}
		}
	}
}

// TestExportEndsWithItsClient counts on the producer being waited for: once
// CallResource is back, the stream of the store has ended.
func TestExportEndsWithItsClient(t *testing.T) {
	gone := errors.New("the client has gone")
	f := func(what string, wantErr error, each func(cancel func(), n int) error) {
		t.Helper()
		e := &endless{ended: make(chan struct{})}
		d := newTestDatasource(t, &fakeConn{store: &fakeStore{Reader: smallStore(t), records: e.records}})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r := &response{each: func(n int) error { return each(cancel, n) }}
		err := call(ctx, d, r, "GET", "export.csv")
		if !errors.Is(err, wantErr) {
			t.Errorf("%s: expected the error %v, got %v", what, wantErr, err)
		}
		select {
		case <-e.ended:
		default:
			t.Errorf("%s: expected the stream of the store to have ended", what)
		}
		expectCount(t, d.metrics.exports.WithLabelValues("cancelled"), 1)
		expectCount(t, d.metrics.exportsOpen, 0)
	}
	f("the context ends", context.Canceled, func(cancel func(), n int) error {
		if n == 3 {
			cancel()
		}
		return nil
	})
	f("the first part is not taken", gone, func(func(), int) error { return gone })
	f("a later part is not taken", gone, func(_ func(), n int) error {
		if n >= 5 {
			return gone
		}
		return nil
	})
}

// TestExportDoesNotRunAhead lets a client take its time with a part. The store may
// be asked for no more than what fits into the texts that wait.
func TestExportDoesNotRunAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blocks := 0
		store := &fakeStore{Reader: smallStore(t), records: func(ctx context.Context, q history.RecordsQuery) history.RowSeq {
			return func(yield func(*history.Rows, error) bool) {
				for rows := range failingAfter(1000, nil)(ctx, q) {
					if blocks++; rows == nil || !yield(rows, nil) {
						return
					}
				}
			}
		}}
		d := newTestDatasource(t, &fakeConn{store: store})
		gone := errors.New("the client has gone")
		r := &response{each: func(n int) error {
			if n == 1 {
				return nil
			}
			synctest.Wait() // until the writer waits too
			return gone
		}}
		if err := call(t.Context(), d, r, "GET", "export.csv"); !errors.Is(err, gone) {
			t.Fatalf("expected %v, got %v", gone, err)
		}
		// The first part has one block, the others need six at the most to be full: the
		// one that is sent, one that waits and one that is being made.
		if most := 1 + 3*6; blocks > most {
			t.Errorf("expected at most %d blocks to be read ahead, got %d", most, blocks)
		}
	})
}

// TestFirstPartComesAtOnce lets the store wait for the first part to be taken.
func TestFirstPartComesAtOnce(t *testing.T) {
	taken := make(chan struct{})
	store := &fakeStore{Reader: smallStore(t), records: func(ctx context.Context, q history.RecordsQuery) history.RowSeq {
		return func(yield func(*history.Rows, error) bool) {
			for rows := range smallStore(t).Records(ctx, q) {
				if !yield(rows, nil) {
					return
				}
			}
			for rows := range failingAfter(1, nil)(ctx, q) {
				if rows == nil {
					return
				}
				if !yield(rows, nil) {
					return
				}
				select {
				case <-taken:
				case <-ctx.Done():
				}
			}
		}
	}}
	d := newTestDatasource(t, &fakeConn{store: store})
	r := &response{each: func(n int) error {
		if n == 1 {
			close(taken)
		}
		return nil
	}}
	if err := call(t.Context(), d, r, "GET", "export.csv"); err != nil {
		t.Fatal(err)
	}
}
