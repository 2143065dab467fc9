package hubsync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
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
	f := filter{c: c, o: new(OtherRows)}
	empty := true
	for _, t := range hub.ListedTypes() {
		for l, err := range c.Client.List(ctx, t, c.Org) {
			if err != nil {
				return r, err
			}
			empty = false
			if f.takes(l.Repo) {
				all = append(all, l)
			}
		}
	}
	asOf, doubt := c.asOf(ctx, hub.RouteModels)
	if empty { // which it is for every name that is not one of the Hub's, too
		if err := c.Client.CheckExists(ctx, c.Org); err != nil {
			return r, err
		}
	}
	r, err := c.storeWaiting(ctx) // before what is newer
	r.AsOf, r.Others = asOf, *f.o
	if doubt != nil {
		return r, cmp.Or(err, doubt)
	}
	if err == nil {
		var stored Report
		stored, err = c.storeListing(ctx, all, asOf)
		r = stored.after(r)
		r.Others = *f.o
	}
	if _, ok := errors.AsType[*storeError](err); ok && c.Queue != nil {
		if full := c.Queue.Add(c.Org, history.AsOfTime(asOf), all); full != nil {
			return r, errors.Join(err, full)
		}
		return r, fmt.Errorf("it is queued: %w", err)
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
			c.Log.Error("Lost a queued listing: it cannot be read", "err", err)
			c.Queue.Remove(w)
			continue
		}
		stored, err := c.storeListing(ctx, all, w.AsOf.Time())
		r = stored.after(r)
		if _, ok := errors.AsType[*storeError](err); ok || ctx.Err() != nil {
			return r, err
		}
		if err != nil {
			c.Log.Warn("A queued listing was rejected", "as_of", w.AsOf.Time(), "err", err)
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
	mine, r.Note = c.withoutZeroed(known, mine, at)
	if r.Note != "" {
		r.Implausible = plausible.ReasonLastMonth
	}
	present := make(map[history.Repo]bool, len(all))
	for _, l := range all {
		present[l.Repo] = true
	}
	d := differ.Diff(known, mine, present, asOf)
	if err := c.judgeListing(known, mine, d.Gone, at); err != nil {
		return r, err
	}
	r.Change, err = c.append(ctx, hub.RouteModels, c.moved(ctx, history.Batch{Meta: d.Meta}, d.Moved))
	if err != nil {
		return r, err
	}
	r.Changes = d.Changes
	return r, nil
}

// judgeListing refuses a listing that is not believed. missing are the known repositories that
// it does not have.
func (c *Collector) judgeListing(known differ.Known, listed []hub.Listing, missing []history.Repo, at time.Time) error {
	answers, past := make(map[history.RepoType]*plausible.Answer), at.Before(newest(known))
	for _, t := range hub.ListedTypes() {
		answers[t] = &plausible.Answer{Empty: len(listed) == 0, Past: past}
	}
	for r, m := range known.ByRepo {
		if a, ok := answers[r.Type]; ok && m.ListedAsOf > 0 && !m.Gone() {
			a.Repos++
		}
	}
	for _, r := range missing {
		if a, ok := answers[r.Type]; ok {
			a.Missing++
		}
	}
	for _, l := range listed {
		a, ok := answers[l.Repo.Type]
		if m, isKnown := known.ByRepo[l.Repo]; ok && isKnown && !m.Gone() {
			a.Compare(plausible.Counts{Total: float64(m.Total), Days: -1}, plausible.Counts{Total: float64(l.DownloadsAllTime), Days: -1})
		}
	}
	var refused error
	for _, t := range hub.ListedTypes() {
		route, _ := hub.RouteOf(t)
		refused = cmp.Or(refused, c.believe(route, c.doubts.of(route).Judge(answers[t], at)))
	}
	return refused
}

// withoutZeroed returns a listing without the 30-day numbers that the Hub has zeroed, and a
// note that says so.
func (c *Collector) withoutZeroed(known differ.Known, listed []hub.Listing, at time.Time) ([]hub.Listing, string) {
	var months plausible.Months
	var zeroed []int
	for i, l := range listed {
		m, ok := known.ByRepo[l.Repo]
		if !ok || m.ListedAsOf == 0 || m.Gone() || l.DownloadsAllTime == 0 {
			continue
		}
		months.Compare(m.LastMonth, l.Downloads)
		if l.Downloads == 0 && m.LastMonth != 0 {
			zeroed = append(zeroed, i)
		}
	}
	note := c.doubts.of(plausible.ReasonLastMonth).Zeroed(&months, at)
	if note == "" {
		return listed, ""
	}
	listed = slices.Clone(listed) // the one before may have to wait for the store
	for _, i := range zeroed {
		listed[i].Downloads = history.Unknown
	}
	return listed, note
}
