package hubsync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/differ"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/plausible"
)

// listings collects current counts. All of them are read before anything is stored, and all
// of it is stored at once. What cannot be stored waits for the store.
func (c *Collector) listings(ctx context.Context) (Report, error) {
	r := report(SourceListings)
	var all []hub.Listing
	for _, t := range hub.ListedTypes() {
		for l, err := range c.Client.List(ctx, t, c.Org) {
			if err != nil {
				return r, err
			}
			all = append(all, l)
		}
	}
	asOf := c.asOf()
	r, err := c.storeWaiting(ctx) // before what is newer
	r.AsOf = asOf
	if err == nil {
		var stored Report
		stored, err = c.storeListing(ctx, all, asOf)
		r = stored.after(r)
	}
	if _, ok := errors.AsType[*storeError](err); ok && c.Queue != nil {
		if full := c.Queue.Add(c.Org, history.AsOfTime(asOf), all); full != nil {
			return r, errors.Join(err, full)
		}
		return r, fmt.Errorf("it is kept, to be stored later: %w", err)
	}
	return r, err
}

// storeWaiting stores the listings that wait, the oldest first: each is compared with what
// those before it left.
func (c *Collector) storeWaiting(ctx context.Context) (Report, error) {
	r := report(SourceListings)
	for w := c.Queue.First(c.Org); w != nil; w = c.Queue.First(c.Org) {
		all, err := w.Repos()
		if err != nil {
			c.Log.Error("A listing that waited to be stored is lost: it cannot be read", "err", err)
			c.Queue.Remove(w)
			continue
		}
		stored, err := c.storeListing(ctx, all, w.AsOf.Time())
		r = stored.after(r)
		if _, ok := errors.AsType[*storeError](err); ok || ctx.Err() != nil {
			return r, err
		}
		if err != nil {
			c.Log.Warn("A listing that waited to be stored is refused", "as_of", w.AsOf.Time(), "err", err)
		}
		c.Queue.Remove(w)
	}
	return r, nil
}

// storeListing compares a listing with what is known, and stores what follows from it.
func (c *Collector) storeListing(ctx context.Context, all []hub.Listing, at time.Time) (Report, error) {
	asOf := history.AsOfTime(at)
	mine := c.Shard.listings(all)
	r := report(SourceListings)
	r.AsOf, r.Repos = at, len(mine)
	ids := make(map[string]bool)
	for _, l := range mine {
		if l.HubID != "" {
			ids[l.HubID] = true
		}
	}
	known, err := c.known(ctx, ids)
	if err != nil {
		return r, err
	}
	c.Shard.keep(known)
	present := make(map[history.Repo]bool, len(all))
	for _, l := range all {
		present[l.Repo] = true
	}
	d := differ.Diff(known, mine, present, asOf)
	if err := c.judge(known, d.Gone, len(mine) == 0); err != nil {
		return r, err
	}
	r.Change, err = c.append(ctx, hub.RouteModels, c.moved(ctx, history.Batch{Meta: d.Meta}, d.Moved))
	if err != nil {
		return r, err
	}
	r.Changes = d.Changes
	return r, nil
}

// judge refuses a listing without many of the repositories that are known.
func (c *Collector) judge(known differ.Known, missing []history.Repo, empty bool) error {
	count := make(map[history.RepoType]int)
	for _, r := range missing {
		count[r.Type]++
	}
	var refused error
	for _, t := range hub.ListedTypes() {
		n, before := count[t], known.Listed(t)
		if c.listingDoubt[t].RefusesListing(before, n, empty) && refused == nil {
			route, _ := hub.RouteOf(t)
			refused = &hub.Error{Kind: hub.KindMalformed, Route: route, Org: c.Org,
				Err: fmt.Errorf("expected the %d repositories known before, got a listing without %d of them: %w", before, n, plausible.ErrShrunk)}
		}
	}
	return refused
}
