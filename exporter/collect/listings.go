package collect

import (
	"context"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
)

// listed are the types that the Hub lists.
var listed = []history.RepoType{history.Model, history.Dataset, history.Space}

// listings collects current counts. All of them are read before anything is
// stored, and all of it is stored at once.
func (c *Collector) listings(ctx context.Context, o *Outcome) error {
	o.Source = SourceListings
	var all []hub.Listing
	for _, t := range listed {
		for l, err := range c.client.List(ctx, t, c.org) {
			if err != nil {
				return err
			}
			all = append(all, l)
		}
	}
	o.Repos = len(all)
	p := pass{outcome: o, known: knownOf(c.store, c.org), asOf: c.asOf(o), found: make(map[history.Repo]bool, len(all))}
	if n := p.expected(); n > 0 && len(all) == 0 {
		return unexpectedlyEmpty(c.org, n)
	}
	for _, l := range all {
		p.found[l.Repo] = true
	}
	for _, l := range all {
		p.add(l)
	}
	p.vanished()
	o.sort()
	return c.append(ctx, o, history.Batch{Rows: p.rows(ctx, c.store), States: p.states})
}

// pass turns one listing of an organisation into a batch.
type pass struct {
	outcome *Outcome
	known   known
	asOf    history.AsOf
	found   map[history.Repo]bool
	states  []history.State
	// observed and estimated are the days that the totals tell.
	observed, estimated []history.Record
}

// expected returns how many repositories were listed before and not gone since.
func (p *pass) expected() int {
	n := 0
	for _, s := range p.known.byRepo {
		if s.ListedAsOf > 0 && !s.Gone() {
			n++
		}
	}
	return n
}

// add takes one repository.
func (p *pass) add(l hub.Listing) {
	old, isKnown := p.old(l)
	s := history.NewState(l.Repo)
	s.LastMonth, s.Likes, s.HubID, s.ListedAsOf = l.Downloads, l.Likes, l.HubID, p.asOf
	if !isKnown {
		p.outcome.Appeared = append(p.outcome.Appeared, l.Repo)
	}
	if old.Repo != l.Repo && isKnown {
		// The counters go on under the new name, and the old one ends.
		s.Highest, s.Corrected = old.Highest, old.Corrected
		if fall := old.Total - l.DownloadsAllTime; fall > 0 && l.DownloadsAllTime != history.Unknown {
			s.Corrected += fall
			p.outcome.Change.Corrected += fall
		}
		gone := history.NewState(old.Repo)
		gone.GoneAsOf, gone.MovedTo = p.asOf, l.Repo.Name
		p.states = append(p.states, gone)
		p.outcome.Moved = append(p.outcome.Moved, Move{From: old.Repo, To: l.Repo})
	}
	if l.DownloadsAllTime != history.Unknown {
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

// old returns what was known of a listed repository: by the Hub's id, under
// whatever name, or else by its name, unless that was another repository's.
func (p *pass) old(l hub.Listing) (history.State, bool) {
	if s, ok := p.known.byID[l.HubID]; ok && l.HubID != "" && s.Repo.Type == l.Repo.Type {
		return s, true
	}
	s, ok := p.known.byRepo[l.Repo]
	if !ok || s.HubID != "" && l.HubID != "" && s.HubID != l.HubID {
		// Unknown, or made anew under the name of one that was deleted: its days
		// are counted from now on.
		return history.NewState(l.Repo), false
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
		gone := history.NewState(repo)
		gone.GoneAsOf = p.asOf
		p.states = append(p.states, gone)
		p.outcome.Gone = append(p.outcome.Gone, repo)
	}
}

// rows streams the days that the totals tell, and the records of renamed
// repositories under their new names.
func (p *pass) rows(ctx context.Context, store Store) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		streams := []history.RowSeq{
			history.RowsOf(history.Version{Source: history.Observed, AsOf: p.asOf}, p.observed...),
			history.RowsOf(history.Version{Source: history.Estimated, AsOf: p.asOf}, p.estimated...),
		}
		for _, m := range p.outcome.Moved {
			streams = append(streams, renamed(store.Records(ctx, history.RecordsQuery{
				Filter: only(m.From), Order: history.OrderRepo, Versions: true,
			}), m.To))
		}
		joined := joiner{index: make(map[history.Repo]uint32)}
		for _, s := range streams {
			for rows, err := range s {
				if err != nil {
					yield(nil, err)
					return
				}
				if !yield(joined.block(rows), nil) {
					return
				}
			}
		}
	}
}

// renamed streams the records of one repository as those of another.
func renamed(rows history.RowSeq, to history.Repo) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		for r, err := range rows {
			if err == nil {
				b := *r
				b.Repos = []history.RepoTotal{{Repo: to, Total: history.Unknown}}
				r = &b
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// joiner gives the blocks of several streams one dictionary.
type joiner struct {
	index map[history.Repo]uint32
	repos []history.RepoTotal
	rows  history.Rows
}

func (j *joiner) block(in *history.Rows) *history.Rows {
	j.rows.Reset()
	j.rows.Version = in.Version
	for i, n := range in.Repo {
		t := in.Repos[n]
		at, ok := j.index[t.Repo]
		if !ok {
			at = uint32(len(j.repos))
			j.index[t.Repo] = at
			j.repos = append(j.repos, t)
		}
		j.rows.Append(at, in.Day[i], in.Downloads[i])
	}
	j.rows.Repos = j.repos
	return &j.rows
}
