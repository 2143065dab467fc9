package engine

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// errNotOpen is what an engine answers that is not open yet.
var errNotOpen = errors.New("the storage has not responded since this process started")

// Late is an Engine that handlers and collectors have before it is open. Until then its
// answers are an error.
type Late struct{ opened atomic.Pointer[Engine] }

// Open opens it.
func (l *Late) Open(ctx context.Context, o Options) error {
	e, err := Open(ctx, o)
	if err == nil {
		l.opened.Store(&e)
	}
	return err
}

func (l *Late) engine() Engine {
	if e := l.opened.Load(); e != nil {
		return *e
	}
	return notOpen{}
}

// Overview implements history.Reader.
func (l *Late) Overview(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
	return l.engine().Overview(ctx, q)
}

// Repos implements history.Reader.
func (l *Late) Repos(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
	return l.engine().Repos(ctx, q)
}

// Records implements history.Reader.
func (l *Late) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	return l.engine().Records(ctx, q)
}

// Readings implements history.Reader.
func (l *Late) Readings(ctx context.Context, q history.ReadingsQuery) history.ReadingSeq {
	return l.engine().Readings(ctx, q)
}

// Counts implements history.Reader.
func (l *Late) Counts(ctx context.Context, f history.Filter) iter.Seq2[history.Counts, error] {
	return l.engine().Counts(ctx, f)
}

// Append implements history.Appender.
func (l *Late) Append(ctx context.Context, b history.Batch) (history.Change, error) {
	return l.engine().Append(ctx, b)
}

// Meta implements history.Appender.
func (l *Late) Meta(ctx context.Context, q history.MetaQuery) iter.Seq2[history.RepoMeta, error] {
	return l.engine().Meta(ctx, q)
}

// Refresh implements history.Appender.
func (l *Late) Refresh(ctx context.Context) (bool, error) { return l.engine().Refresh(ctx) }

// Snapshot implements Engine.
func (l *Late) Snapshot(ctx context.Context) (*memtable.Table, error) {
	return l.engine().Snapshot(ctx)
}

// Forget implements Engine.
func (l *Late) Forget(ctx context.Context, q history.ForgetQuery, dryRun bool) (history.Forgotten, error) {
	return l.engine().Forget(ctx, q, dryRun)
}

// Revision implements Engine.
func (l *Late) Revision() string { return l.engine().Revision() }

// Check implements Engine.
func (l *Late) Check(ctx context.Context) error { return l.engine().Check(ctx) }

// Setbacks implements Engine.
func (l *Late) Setbacks() history.Setbacks { return l.engine().Setbacks() }

// Stats implements Engine.
func (l *Late) Stats(ctx context.Context) (history.Stats, error) { return l.engine().Stats(ctx) }

// Close implements Engine.
func (l *Late) Close() error { return l.engine().Close() }

// notOpen is an Engine that is not there yet.
type notOpen struct{}

func (notOpen) Overview(context.Context, history.OverviewQuery) (history.Overview, error) {
	return history.Overview{}, errNotOpen
}

func (notOpen) Repos(context.Context, history.ReposQuery) (history.ReposPage, error) {
	return history.ReposPage{}, errNotOpen
}

func (notOpen) Records(context.Context, history.RecordsQuery) history.RowSeq {
	return failing[*history.Rows]
}

func (notOpen) Counts(context.Context, history.Filter) iter.Seq2[history.Counts, error] {
	return failing[history.Counts]
}

func (notOpen) Readings(context.Context, history.ReadingsQuery) history.ReadingSeq {
	return failing[history.Reading]
}

func (notOpen) Forget(context.Context, history.ForgetQuery, bool) (history.Forgotten, error) {
	return history.Forgotten{}, errNotOpen
}

func (notOpen) Append(context.Context, history.Batch) (history.Change, error) {
	return history.Change{}, errNotOpen
}

func (notOpen) Meta(context.Context, history.MetaQuery) iter.Seq2[history.RepoMeta, error] {
	return failing[history.RepoMeta]
}

func (notOpen) Refresh(context.Context) (bool, error)             { return false, errNotOpen }
func (notOpen) Snapshot(context.Context) (*memtable.Table, error) { return nil, errNotOpen }
func (notOpen) Stats(context.Context) (history.Stats, error)      { return history.Stats{}, errNotOpen }
func (notOpen) Check(context.Context) error                       { return errNotOpen }
func (notOpen) Setbacks() (none history.Setbacks)                 { return none }
func (notOpen) Revision() string                                  { return "" }
func (notOpen) Close() error                                      { return nil }

// failing is a stream of nothing but the error.
func failing[V any](yield func(V, error) bool) {
	var none V
	yield(none, errNotOpen)
}
