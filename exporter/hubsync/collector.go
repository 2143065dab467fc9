// Package hubsync says when the Hub is asked, and turns its answers into records: the
// publisher analytics CSV as it is, current totals as differences between days.
package hubsync

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/differ"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/plausible"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/queue"
)

// Options make a Collector.
type Options struct {
	Org    string
	Source Source
	Client *hub.Client
	// Clock has to be set by the hooks of Client, and of no other.
	Clock *plausible.Clock
	Store history.Appender
	// Queue is where listings wait that cannot be stored; nil: nowhere.
	Queue *queue.Queue
	// Shard is the part of the organization's listings that is collected.
	Shard Shard
	// Collected reports whether another organization is collected, here or elsewhere; nil:
	// none is.
	Collected func(org string) bool
	// Accept has implausible answers believed.
	Accept bool
	Log    *slog.Logger
}

// Collector collects one organization. One collection runs at a time.
type Collector struct {
	Options

	mu sync.Mutex
	// validators are of the export that was stored last.
	validators hub.Validators
	doubts     *doubts
	// refused is the reason for which the listings stand in for the analytics.
	refused hub.Kind
}

// NewCollector returns a collector.
func NewCollector(o Options) *Collector {
	o.Log = o.Log.With("org", o.Org)
	return &Collector{Options: o, doubts: newDoubts(o.Queue.StateFile(o.Org), o.Log)}
}

// Waits reports whether something that was collected waits to be stored.
func (c *Collector) Waits() bool { return c.Queue.First(c.Org) != nil }

// StoreWaiting stores what waits, and asks the Hub nothing.
func (c *Collector) StoreWaiting(ctx context.Context) Report {
	return c.run(ctx, func(ctx context.Context) (Report, error) { return c.storeWaiting(ctx) })
}

// Collect collects once. Nothing is stored of an answer that was not read to its end.
func (c *Collector) Collect(ctx context.Context) Report { return c.run(ctx, c.collect) }

func (c *Collector) run(ctx context.Context, work func(context.Context) (Report, error)) Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	start := time.Now()
	r, err := work(ctx)
	c.doubts.save()
	r.Org, r.Start, r.Duration, r.Err = c.Org, start, time.Since(start), err
	if _, ok := errors.AsType[*storeError](err); ok {
		r.Reason = ReasonStore
	} else if e, ok := errors.AsType[*plausible.Error](err); ok {
		r.Reason, r.Implausible = ReasonImplausible, e.Reason
	} else if err != nil {
		r.Reason = hub.KindOf(err)
		if in, ok := errors.AsType[*history.InputErrors](err); ok && in.Why != "" {
			r.Implausible = plausible.ReasonRows
		}
	}
	return r
}

func (c *Collector) collect(ctx context.Context) (Report, error) {
	if c.Source == SourceListings {
		return c.listings(ctx)
	}
	r, refusal := c.analytics(ctx)
	switch {
	case refusal == nil:
		if c.refused != "" {
			c.refused = ""
			c.Log.Info("The Hub provides the publisher analytics again: collecting the published history")
		}
		waiting, err := c.storeWaiting(ctx)
		return r.after(waiting), err
	case c.Source == SourceAnalytics || !isRefusal(refusal):
		return r, refusal
	}
	r, err := c.listings(ctx)
	kind := hub.KindOf(refusal)
	if kind == hub.KindNotFound && (hub.KindOf(err) == kind || err == nil && r.Repos == 0) {
		return r, refusal // there is no such organization, rather than one without repositories
	}
	if err != nil {
		return r, err
	}
	if c.refused != kind {
		c.refused = kind
		c.Log.Warn("The Hub refuses the publisher analytics: collecting from the public listings, which have no history", "reason", string(kind), "err", refusal)
	}
	return r, nil
}

// isRefusal reports whether err says that this caller will not get the analytics, rather
// than that asking failed.
func isRefusal(err error) bool {
	switch hub.KindOf(err) {
	case hub.KindAuth, hub.KindForbidden, hub.KindNotFound:
		return true
	}
	return false
}

// storeError is a failure of the store, to distinguish it from those of the Hub.
type storeError struct{ err error }

func (e *storeError) Error() string { return "storing the collection: " + e.err.Error() }
func (e *storeError) Unwrap() error { return e.err }

// ofStore returns the error of a call of the store, or of the end of ctx.
func ofStore(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	return &storeError{err}
}

// known returns what the store knows of the organization, and of the repositories with one
// of those ids, once it knows what others stored.
func (c *Collector) known(ctx context.Context, ids map[string]bool) (differ.Known, error) {
	if _, err := c.Store.Refresh(ctx); err != nil {
		return differ.Known{}, ofStore(ctx, err)
	}
	k, err := differ.NewKnown(c.Org, ids, c.Store.Meta(ctx, history.MetaQuery{Org: c.Org, HubIDs: ids}))
	return k, ofStore(ctx, err)
}

// append stores b.
func (c *Collector) append(ctx context.Context, route hub.Route, b history.Batch) (history.Change, error) {
	change, err := c.Store.Append(ctx, b)
	if err == nil || ctx.Err() != nil {
		return change, err
	}
	// What reading the batch failed with is no failure of the store.
	if e, ok := errors.AsType[*hub.Error](err); ok {
		return change, e
	}
	if e, ok := errors.AsType[*storeError](err); ok {
		return change, e
	}
	if e, ok := errors.AsType[*plausible.Error](err); ok {
		return change, e
	}
	if e, ok := errors.AsType[*history.MemoryError](err); ok {
		return change, c.Client.TooLarge(route, c.Org, e)
	}
	if _, ok := errors.AsType[*history.InputErrors](err); ok {
		return change, &hub.Error{Kind: hub.KindMalformed, Route: route, Org: c.Org, Err: err}
	}
	return change, &storeError{err}
}
