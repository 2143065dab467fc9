package collect

import (
	"context"
	"errors"
	"fmt"
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
	before := knownOf(c.store, c.org)
	asOf := c.asOf(o)
	stored, err := c.recordsStored(ctx, before)
	if err != nil {
		return err
	}
	var told []history.RepoTotal
	err = c.append(ctx, o, history.Batch{Rows: func(yield func(*history.Rows, error) bool) {
		var n int64
		for rows, err := range a.Rows(history.Version{Source: history.Published, AsOf: asOf}) {
			if err == nil {
				told = rows.Repos
				n += int64(rows.Len())
			}
			if !yield(rows, err) || err != nil {
				return
			}
		}
		if err := c.shrunk(n, stored); err != nil {
			yield(nil, err)
		}
	}})
	if err != nil {
		return err
	}
	o.Repos = len(told)
	if err := c.missing(ctx, o, before, told, asOf); err != nil {
		return err
	}
	c.validators = a.Validators
	return nil
}

// recordsStored returns how many records the store has of the repositories that
// are still on the Hub.
func (c *Collector) recordsStored(ctx context.Context, before known) (int64, error) {
	var names []string
	for repo, s := range before.byRepo {
		if !s.Gone() {
			names = append(names, repo.Name)
		}
	}
	if len(names) == 0 {
		return 0, nil
	}
	o, err := c.store.Overview(ctx, history.OverviewQuery{Filter: history.Filter{Repos: names}})
	if err != nil {
		return 0, &storeError{err}
	}
	if len(o.Groups) == 0 {
		return 0, nil
	}
	return o.Groups[0].Records, nil
}

// shrunk refuses an export that lost much of what is known: exports only grow, and
// one that was cut at its source looks like a whole one. If the next one is no
// longer, the repositories are really gone, and it is taken.
func (c *Collector) shrunk(records, stored int64) error {
	if records >= stored-stored/10 {
		c.refusedAt = 0
		return nil
	}
	if c.refusedAt > 0 && records >= c.refusedAt {
		return nil
	}
	c.refusedAt = records
	return &hub.Error{Kind: hub.KindMalformed, Route: hub.RoutePublisherAnalytics, Org: c.org,
		Err: fmt.Errorf("expected about the %d records known before, got %d: the export may have been cut; if the next one is like it, it is taken", stored, records)}
}

// missing finds the repositories that an export no longer has. An export holds
// all that was ever published, so they were deleted, or have another name.
func (c *Collector) missing(ctx context.Context, o *Outcome, before known, told []history.RepoTotal, asOf history.AsOf) error {
	if len(told) == 0 {
		return nil // an organisation without a download, or an answer without content
	}
	in := make(map[history.Repo]bool, len(told))
	for _, t := range told {
		in[t.Repo] = true
		if s, ok := before.byRepo[t.Repo]; !ok || s.Gone() {
			o.Appeared = append(o.Appeared, t.Repo)
		}
	}
	var states []history.State
	for repo, s := range before.byRepo {
		// Idle repositories may have no row, and spaces have no downloads at all.
		if in[repo] || s.Gone() || s.Total <= 0 {
			continue
		}
		gone := history.NewState(repo)
		gone.GoneAsOf = asOf
		to, ok, err := c.sameHistory(ctx, repo, o.Appeared)
		if err != nil {
			return err
		}
		if ok {
			gone.MovedTo = to.Name
			o.Moved = append(o.Moved, Move{From: repo, To: to})
			o.Appeared = slices.DeleteFunc(o.Appeared, func(r history.Repo) bool { return r == to })
		} else {
			o.Gone = append(o.Gone, repo)
		}
		states = append(states, gone)
	}
	o.sort()
	if len(states) == 0 {
		return nil
	}
	return c.append(ctx, o, history.Batch{States: states})
}

// sameHistory looks for the repository among candidates that has the records of
// repo, on each of its days: an export has no ids, but a history is hardly ever
// that of two repositories.
func (c *Collector) sameHistory(ctx context.Context, repo history.Repo, candidates []history.Repo) (history.Repo, bool, error) {
	var days map[history.Day]int64
	for _, to := range candidates {
		if to.Type != repo.Type {
			continue
		}
		if days == nil {
			var any bool
			var err error
			if days, any, err = c.days(ctx, repo); err != nil {
				return history.Repo{}, false, err
			}
			if !any {
				return history.Repo{}, false, nil
			}
		}
		theirs, _, err := c.days(ctx, to)
		if err != nil {
			return history.Repo{}, false, err
		}
		same := true
		for d, n := range days {
			m, ok := theirs[d]
			same = same && ok && m == n
		}
		if same {
			return to, true, nil
		}
	}
	return history.Repo{}, false, nil
}

// days returns the records of a repository, and whether any is above zero.
func (c *Collector) days(ctx context.Context, repo history.Repo) (map[history.Day]int64, bool, error) {
	days := make(map[history.Day]int64)
	any := false
	for rows, err := range c.store.Records(ctx, history.RecordsQuery{Filter: only(repo), Order: history.OrderRepo}) {
		if err != nil {
			return nil, false, &storeError{err}
		}
		for i, d := range rows.Day {
			days[d] = rows.Downloads[i]
			any = any || rows.Downloads[i] > 0
		}
	}
	return days, any, nil
}

// only selects one repository.
func only(r history.Repo) history.Filter {
	return history.Filter{RepoTypes: []history.RepoType{r.Type}, Repos: []string{r.Name}}
}
