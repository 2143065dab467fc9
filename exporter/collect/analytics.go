package collect

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

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
	asOf := c.asOf(o)
	x := export{c: c, outcome: o, asOf: asOf, known: knownOf(c.store, c.org, nil)}
	if err := x.countRecords(ctx); err != nil {
		return err
	}
	err = c.append(ctx, o, history.Batch{Rows: x.checked(a.Rows(history.Version{Source: history.Published, AsOf: asOf}))})
	if err != nil {
		return err
	}
	o.Repos = len(x.told)
	// What is stored now tells who appeared: if that is not put to use at once, a
	// renamed repository cannot be told from a deleted one any more.
	ctx, cancel := outlive(ctx, finishWithin)
	defer cancel()
	if err := x.missing(ctx); err != nil {
		return err
	}
	c.validators = a.Validators
	return nil
}

// finishWithin is how long a collection that was told to stop may take to mark
// the repositories that an export no longer has: less than a drain takes.
const finishWithin = 5 * time.Second

// outlive returns a context that ends d after ctx.
func outlive(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() { stop(); cancel() }
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

// missing marks the repositories that the export no longer has. An export holds
// all that was ever published, so they were deleted, or have another name.
func (x *export) missing(ctx context.Context) error {
	if len(x.told) == 0 {
		return nil // an organisation without a download, or an answer without content
	}
	o := x.outcome
	in := make(map[history.Repo]bool, len(x.told))
	var missing, candidates []history.Repo
	for _, t := range x.told {
		in[t.Repo] = true
		if !x.known.has(t.Repo) {
			o.Appeared = append(o.Appeared, t.Repo)
		}
		if !x.known.has(t.Repo) || x.had[t.Repo] == 0 {
			candidates = append(candidates, t.Repo)
		}
	}
	for repo, s := range x.known.byRepo {
		// Idle repositories may have no row, and spaces have no downloads at all.
		if !in[repo] && !s.Gone() && s.Total > 0 {
			missing = append(missing, repo)
		}
	}
	to, err := x.renames(ctx, missing, candidates)
	if err != nil {
		return err
	}
	var states []history.State
	for _, repo := range missing {
		gone := history.NewState(repo)
		gone.GoneAsOf = x.asOf
		if name, ok := to[repo]; ok {
			gone.MovedTo = name.Name
			continued := history.NewState(name) // the counters go on
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
	if len(states) == 0 {
		return nil
	}
	return x.c.append(ctx, o, history.Batch{States: states})
}
