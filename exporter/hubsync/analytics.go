package hubsync

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
)

// analytics collects the publisher analytics: the whole history of the
// organisation, every time.
func (c *Collector) analytics(ctx context.Context, o *Outcome) error {
	o.Source = SourceAnalytics
	a, err := c.client.PublisherAnalytics(ctx, c.org, c.validators)
	if errors.Is(err, hub.ErrNotModified) {
		o.NotModified = true
		c.asOf(o)
		return nil
	}
	if err != nil {
		return err
	}
	defer a.Close()
	// If the store is away, nothing has to wait for it: the Hub tells the whole history
	// the next time.
	if err := c.fresh(ctx); err != nil {
		return err
	}
	asOf := c.asOf(o)
	known, err := knownOf(ctx, c.store, c.org, nil)
	if err != nil {
		return err
	}
	x := export{c: c, outcome: o, asOf: asOf, known: known}
	if err := x.countRecords(ctx); err != nil {
		return err
	}
	// One append: once it is stored who appeared, and not who is missing for that, a
	// renamed repository cannot be told from a deleted one any more.
	err = c.append(ctx, o, history.Batch{
		Rows: x.checked(a.Rows(history.Version{Source: history.Published, AsOf: asOf})),
		Then: func() ([]history.RepoMeta, error) { return x.missing(ctx) },
	})
	if err != nil {
		return err
	}
	o.Repos = len(x.told)
	c.validators = a.Validators
	return nil
}

// export is one export of publisher analytics on its way into the store.
type export struct {
	c       *Collector
	outcome *Outcome
	asOf    history.AsOf
	known   known
	// had is how many records earlier exports had of each repository.
	had map[history.Repo]int64
	// told is the dictionary of the export, complete once it was read.
	told []history.RepoTotal
	// candidates are the days of the repositories that may be a known one under
	// another name, by their index in told, in the order of the export; nil for
	// the others.
	candidates [][]dayCount
}

// countRecords counts what earlier exports told.
func (x *export) countRecords(ctx context.Context) error {
	x.had = make(map[history.Repo]int64, len(x.known.byRepo))
	orgs := make(map[string]bool) // in the ways that the name is written
	for repo := range x.known.byRepo {
		orgs[repo.Org()] = true
	}
	if len(x.known.legacy) > 0 {
		orgs[""] = true
	}
	if len(orgs) == 0 {
		return nil
	}
	filter := history.Filter{Orgs: slices.Sorted(maps.Keys(orgs))}
	for rows, err := range x.c.store.Records(ctx, history.RecordsQuery{Filter: filter, Order: history.OrderRepo, Versions: true}) {
		if err != nil {
			return &storeError{err}
		}
		if rows.Version.Source != history.Published {
			continue
		}
		for _, n := range rows.Repo {
			x.had[rows.Repos[n].Repo]++
		}
	}
	return nil
}

// checked passes the export on, and refuses it at its end if it lost much of what
// earlier ones had: exports only grow.
func (x *export) checked(rows history.RowSeq) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		var n int64
		for r, err := range rows {
			if err == nil {
				x.told = r.Repos
				n += int64(r.Len())
				x.remember(r)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
		if err := x.shrunk(n); err != nil {
			yield(nil, err)
		}
	}
}

// remember keeps the days of repositories of which earlier exports told nothing.
// There are none to keep where nothing is known that could be missing: of a first
// export.
func (x *export) remember(r *history.Rows) {
	if len(x.had) == 0 {
		return
	}
	for _, t := range r.Repos[len(x.candidates):] {
		var days []dayCount
		if !x.known.has(t.Repo) || x.had[t.Repo] == 0 {
			days = []dayCount{}
		}
		x.candidates = append(x.candidates, days)
	}
	for i, n := range r.Repo {
		if x.candidates[n] != nil {
			x.candidates[n] = append(x.candidates[n], dayCount{r.Day[i], r.Downloads[i]})
		}
	}
}

func (x *export) shrunk(records int64) error {
	var before int64
	for repo, s := range x.known.byRepo {
		if !s.Gone() {
			before += x.had[repo]
		}
	}
	if !x.c.exportDoubt.refuses(records, records < before-before/10) {
		return nil
	}
	return &hub.Error{Kind: hub.KindMalformed, Route: hub.RoutePublisherAnalytics, Org: x.c.org,
		Err: fmt.Errorf("expected about the %d records of the exports before, got %d: %w", before, records, ErrShrunk)}
}

// missing returns what is to be noted of the repositories that the export no longer
// has. An export holds all that was ever published, so they were deleted, or have
// another name.
func (x *export) missing(ctx context.Context) ([]history.RepoMeta, error) {
	if len(x.told) == 0 {
		return nil, nil // an organisation without a download, or an answer without content
	}
	o := x.outcome
	in := make(map[history.Repo]bool, len(x.told))
	for _, t := range x.told {
		in[t.Repo] = true
		if !x.known.has(t.Repo) {
			o.Appeared = append(o.Appeared, t.Repo)
		}
	}
	var missing []history.Repo
	for repo, s := range x.known.byRepo {
		// Idle repositories may have no row, and spaces have no downloads at all.
		if !in[repo] && !s.Gone() && s.Total > 0 {
			missing = append(missing, repo)
		}
	}
	to, err := x.renames(ctx, missing)
	if err != nil {
		return nil, err
	}
	var states []history.RepoMeta
	for _, repo := range missing {
		gone := history.NewRepoMeta(repo)
		gone.GoneAsOf = x.asOf
		if name, ok := to[repo]; ok {
			gone.MovedTo = name.Name
			continued := history.NewRepoMeta(name) // the counters go on
			was := x.known.byRepo[repo]
			continued.Highest, continued.Corrected, continued.CorrectedAsOf = was.Highest, was.Corrected, was.CorrectedAsOf
			states = append(states, continued)
			o.Moved = append(o.Moved, Move{From: repo, To: name})
			o.Appeared = slices.DeleteFunc(o.Appeared, func(r history.Repo) bool { return r == name })
		} else {
			o.Gone = append(o.Gone, repo)
		}
		states = append(states, gone)
	}
	o.sort()
	return states, nil
}
