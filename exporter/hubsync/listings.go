package hubsync

import (
	"context"
	"errors"
	"fmt"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
)

// listed are the types that the Hub lists.
var listed = []struct {
	repoType history.RepoType
	route    hub.Route
}{
	{history.Model, hub.RouteModels},
	{history.Dataset, hub.RouteDatasets},
	{history.Space, hub.RouteSpaces},
}

// listings collects current counts. All of them are read before anything is
// stored, and all of it is stored at once. What cannot be stored is kept for later.
func (c *Collector) listings(ctx context.Context, o *Outcome) error {
	o.Source = SourceListings
	var all []hub.Listing
	for _, t := range listed {
		for l, err := range c.client.List(ctx, t.repoType, c.org) {
			if err != nil {
				return err
			}
			all = append(all, l)
		}
	}
	asOf := c.asOf(o)
	err := c.overdue(ctx, o) // before what is newer
	if err == nil {
		err = c.storeListing(ctx, o, all, asOf)
	}
	if _, ok := errors.AsType[*storeError](err); ok && c.backlog != nil {
		if kept := c.backlog.add(c.org, asOf, all); kept != nil {
			return errors.Join(err, kept)
		}
		return fmt.Errorf("it is kept, to be stored later: %w", err)
	}
	return err
}

// overdue stores the listings that wait, the oldest first.
func (c *Collector) overdue(ctx context.Context, o *Outcome) error {
	for c.backlog.holds(c.org) {
		w := c.backlog.first(c.org)
		all, err := w.listings()
		if err != nil {
			c.log.Error("A listing that waited to be stored is lost: it cannot be read", "err", err)
			c.backlog.done(w)
			continue
		}
		err = c.storeListing(ctx, o, all, w.asOf)
		if _, ok := errors.AsType[*storeError](err); ok || ctx.Err() != nil {
			return err
		}
		if err != nil {
			c.log.Warn("A listing that waited to be stored is refused", "as_of", w.asOf.Time(), "err", err)
		}
		c.backlog.done(w)
	}
	return nil
}

// storeListing stores what a listing told.
func (c *Collector) storeListing(ctx context.Context, o *Outcome, all []hub.Listing, asOf history.AsOf) error {
	if err := c.fresh(ctx); err != nil {
		return err
	}
	mine := c.shard.listings(all)
	ids := make(map[string]bool)
	for _, l := range mine {
		if l.HubID != "" {
			ids[l.HubID] = true
		}
	}
	o.Repos = len(mine)
	known, err := knownOf(ctx, c.store, c.org, ids)
	if err != nil {
		return err
	}
	p := pass{outcome: o, known: known, asOf: asOf, found: make(map[history.Repo]bool, len(all))}
	c.shard.keep(p.known)
	for _, l := range all {
		p.found[l.Repo] = true
	}
	for _, l := range mine {
		p.add(l)
	}
	p.vanished()
	o.sort()
	if err := c.vanishing(o, &p); err != nil {
		return err
	}
	if err := c.append(ctx, o, history.Batch{Rows: p.rows(ctx, c.store), Meta: p.states}); err != nil {
		return err
	}
	o.Change.Corrected = max(o.Change.Corrected+p.corrected, 0)
	return nil
}

// vanishing refuses a listing in which, of some type, ten repositories and half of
// those known are missing, or in which there is nothing at all: more likely a fault
// of the Hub's than so many deletions at once.
func (c *Collector) vanishing(o *Outcome, p *pass) error {
	gone := make(map[history.RepoType]int)
	for _, r := range o.Gone {
		gone[r.Type]++
	}
	var err error
	for _, t := range listed {
		n, before := gone[t.repoType], p.expected(t.repoType)
		much := n >= 10 && 2*n >= before || n > 0 && o.Repos == 0
		if c.listingDoubts[t.repoType].refuses(int64(before-n), much) && err == nil {
			err = &hub.Error{Kind: hub.KindMalformed, Route: t.route, Org: c.org,
				Err: fmt.Errorf("expected the %d repositories known before, got a listing without %d of them: %w", before, n, ErrShrunk)}
		}
	}
	return err
}

// pass turns one listing of an organisation into a batch.
type pass struct {
	outcome *Outcome
	known   known
	asOf    history.AsOf
	found   map[history.Repo]bool
	states  []history.RepoMeta
	// observed and estimated are the days that the totals tell.
	observed, estimated []history.Record
	// corrected is what the Hub took back along with a rename, which the store
	// cannot see.
	corrected int64
}

// expected returns how many repositories of a type were listed before and not
// gone since.
func (p *pass) expected(t history.RepoType) int {
	n := 0
	for repo, s := range p.known.byRepo {
		if repo.Type == t && s.ListedAsOf > 0 && !s.Gone() {
			n++
		}
	}
	return n
}

// add takes one repository.
func (p *pass) add(l hub.Listing) {
	old, isKnown := p.old(l)
	s := history.NewRepoMeta(l.Repo)
	s.LastMonth, s.Likes, s.HubID, s.ListedAsOf = l.Downloads, l.Likes, l.HubID, p.asOf
	if !isKnown {
		p.outcome.Appeared = append(p.outcome.Appeared, l.Repo)
	}
	for _, name := range p.known.byID[l.HubID] {
		if name.Repo != l.Repo && name.Repo.Type == l.Repo.Type {
			p.move(name, &s)
		}
	}
	if l.DownloadsAllTime != history.Unknown {
		if old.Repo != l.Repo {
			p.correct(old, l, &s)
		}
		s.Total, s.TotalAsOf = l.DownloadsAllTime, p.asOf
		s.Highest = max(s.Highest, s.Total)
		d := between(old, told{s.Total, p.asOf})
		s.Base, s.BaseAsOf = d.base.total, d.base.asOf
		for _, day := range d.days {
			r := history.Record{Repo: l.Repo, Total: history.Unknown, Day: day.day, Downloads: day.downloads}
			if d.source == history.Observed {
				p.observed = append(p.observed, r)
			} else {
				p.estimated = append(p.estimated, r)
			}
		}
	}
	p.states = append(p.states, s)
}

// move ends a former name of a repository. Its counters go on in s.
func (p *pass) move(from history.RepoMeta, s *history.RepoMeta) {
	s.Highest, s.Corrected = max(s.Highest, from.Highest), max(s.Corrected, from.Corrected)
	s.CorrectedAsOf = max(s.CorrectedAsOf, from.CorrectedAsOf)
	gone := history.NewRepoMeta(from.Repo)
	gone.GoneAsOf, gone.MovedTo = p.asOf, s.Repo.Name
	p.states = append(p.states, gone)
	p.outcome.Moved = append(p.outcome.Moved, Move{From: from.Repo, To: s.Repo})
}

// correct counts in s what the Hub took back of a renamed repository. The store
// compares totals under one name: it does not see a fall along with a rename, and
// where the repository had that name before, it sees falls that were counted under
// another name in between.
func (p *pass) correct(old history.RepoMeta, l hub.Listing, s *history.RepoMeta) {
	fall := max(old.Total-l.DownloadsAllTime, 0)
	if before, ok := p.known.byRepo[l.Repo]; ok && before.HubID == l.HubID && before.TotalAsOf < p.asOf {
		fall -= max(before.Total-l.DownloadsAllTime, 0)
	}
	s.Corrected = max(s.Corrected+fall, 0)
	if fall > 0 {
		s.CorrectedAsOf = p.asOf
	}
	p.corrected += fall
}

// old returns what was known of a listed repository: by the Hub's id, under
// whatever name, or else by its name, unless that was another repository's.
func (p *pass) old(l hub.Listing) (history.RepoMeta, bool) {
	s, ok := history.RepoMeta{}, false
	if names := p.known.byID[l.HubID]; len(names) > 0 && names[0].Repo.Type == l.Repo.Type {
		s, ok = names[0], true
	} else {
		s, ok = p.known.byRepo[l.Repo]
	}
	if !ok || s.HubID != "" && l.HubID != "" && s.HubID != l.HubID {
		// Unknown, or made anew under the name of one that was deleted: its days
		// are counted from now on.
		return history.NewRepoMeta(l.Repo), false
	}
	if s.Gone() {
		// It was away, and nobody knows for which of the days.
		s.Base = history.Unknown
	}
	return s, true
}

// vanished marks the repositories that were listed before and are not any more.
func (p *pass) vanished() {
	moved := make(map[history.Repo]bool)
	for _, m := range p.outcome.Moved {
		moved[m.From] = true
	}
	for repo, s := range p.known.byRepo {
		if s.ListedAsOf == 0 || s.Gone() || p.found[repo] || moved[repo] {
			continue
		}
		gone := history.NewRepoMeta(repo)
		gone.GoneAsOf = p.asOf
		p.states = append(p.states, gone)
		p.outcome.Gone = append(p.outcome.Gone, repo)
	}
}
