package hubsync

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
)

// Collector collects one organisation. One collection runs at a time.
type Collector struct {
	org    string
	source Source
	client *hub.Client
	clock  *Clock
	store  history.Appender
	log    *slog.Logger
	// shard is the share of the organisation, backlog where listings wait that cannot
	// be stored; nil: nowhere.
	shard   Shard
	backlog *Backlog

	mu sync.Mutex
	// validators are of the export that was stored last.
	validators hub.Validators
	// exportDoubt and listingDoubts are of answers that were refused as cut.
	exportDoubt   doubt
	listingDoubts map[history.RepoType]*doubt
	// refused is the reason for which the listings stand in for the analytics.
	refused hub.Kind
}

// NewCollector returns a collector of org. clock has to be told the Hub's time by
// client's hooks.
func NewCollector(org string, source Source, client *hub.Client, clock *Clock, store history.Appender, log *slog.Logger) *Collector {
	c := &Collector{
		org: org, source: source, client: client, clock: clock, store: store, log: log.With("org", org),
		listingDoubts: make(map[history.RepoType]*doubt),
	}
	for _, t := range listed {
		c.listingDoubts[t.repoType] = new(doubt)
	}
	return c
}

// Split makes the collector take a share of the listings of its organisation alone. It
// has not been used yet.
func (c *Collector) Split(s Shard) { c.shard = s }

// Keep has listings that cannot be stored wait in b. The collector has not been used yet.
func (c *Collector) Keep(b *Backlog) { c.backlog = b }

// Waits reports whether something that was collected waits to be stored.
func (c *Collector) Waits() bool { return c.backlog.holds(c.org) }

// Store stores what waits, and asks the Hub nothing.
func (c *Collector) Store(ctx context.Context) Outcome {
	return c.run(func(o *Outcome) error {
		o.Source = SourceListings
		if w := c.backlog.first(c.org); w != nil {
			o.AsOf = w.asOf.Time()
		}
		return c.overdue(ctx, o)
	})
}

// Collect collects once. What failed, and why, is in the outcome; nothing is
// stored of a collection that was not read to its end.
func (c *Collector) Collect(ctx context.Context) Outcome {
	return c.run(func(o *Outcome) error { return c.collect(ctx, o) })
}

func (c *Collector) run(work func(*Outcome) error) Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := Outcome{Org: c.org, Start: time.Now()}
	o.Err = work(&o)
	o.Duration = time.Since(o.Start)
	if o.Err != nil {
		o.Reason = reasonOf(o.Err)
	}
	return o
}

func (c *Collector) collect(ctx context.Context, o *Outcome) error {
	if c.source == SourceListings {
		return c.listings(ctx, o)
	}
	err := c.analytics(ctx, o)
	if c.source == SourceAnalytics || !refusal(err) {
		if err == nil && c.refused != "" {
			c.refused = ""
			c.log.Info("The Hub gives the publisher analytics now: collecting the published history")
		}
		if err == nil {
			err = c.overdue(ctx, o)
		}
		return err
	}
	refused := err
	if err := c.listings(ctx, o); err != nil {
		return err
	}
	kind := hub.KindOf(refused)
	if kind == hub.KindNotFound && o.Repos == 0 {
		return refused // there is no such organisation, rather than one without repositories
	}
	if c.refused != kind {
		c.refused = kind
		c.log.Warn("The Hub refuses the publisher analytics: collecting from the public listings, which have no history", "reason", string(kind), "err", refused)
	}
	return nil
}

// refusal reports whether err says that this caller will not get the analytics,
// rather than that asking failed.
func refusal(err error) bool {
	switch hub.KindOf(err) {
	case hub.KindAuth, hub.KindForbidden, hub.KindNotFound:
		return true
	}
	return false
}

// storeError is a failure of the store, to tell it from those of the Hub.
type storeError struct{ err error }

func (e *storeError) Error() string { return "storing the collection: " + e.err.Error() }
func (e *storeError) Unwrap() error { return e.err }

// fresh makes sure that the store answers, and knows what others have stored.
func (c *Collector) fresh(ctx context.Context) error {
	if _, err := c.store.Refresh(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &storeError{err}
	}
	return nil
}

func reasonOf(err error) hub.Kind {
	if _, ok := errors.AsType[*storeError](err); ok {
		return ReasonStore
	}
	return hub.KindOf(err)
}

// append stores b and adds what it did to o.
func (c *Collector) append(ctx context.Context, o *Outcome, b history.Batch) error {
	// An error of the batch is not one of storing it.
	var failed error
	if then := b.Then; then != nil {
		b.Then = func() (states []history.RepoMeta, err error) {
			states, failed = then()
			return states, failed
		}
	}
	if rows := b.Rows; rows != nil {
		b.Rows = func(yield func(*history.Rows, error) bool) {
			for r, err := range rows {
				failed = err
				if !yield(r, err) {
					return
				}
			}
		}
	}
	change, err := c.store.Append(ctx, b)
	var faults *history.InputErrors
	switch {
	case err == nil:
	case failed != nil:
		return failed
	case errors.As(err, &faults):
		e := &hub.Error{Kind: hub.KindMalformed, Route: hub.RoutePublisherAnalytics, Org: c.org, Err: err}
		if o.Source == SourceListings {
			e.Route = hub.RouteModels
		}
		return e
	case ctx.Err() != nil:
		return err
	default:
		return &storeError{err}
	}
	o.Change.Records += change.Records
	o.Change.Repos = max(o.Change.Repos, change.Repos)
	o.Change.Days = max(o.Change.Days, change.Days)
	o.Change.New += change.New
	o.Change.Changed += change.Changed
	o.Change.Unchanged += change.Unchanged
	o.Change.Outdated += change.Outdated
	o.Change.Corrected += change.Corrected
	return nil
}

// asOf returns the Hub's time, cut to whole seconds as the Hub tells it.
func (c *Collector) asOf(o *Outcome) history.AsOf {
	o.AsOf = c.clock.Now().Truncate(time.Second)
	return history.AsOfTime(o.AsOf)
}
