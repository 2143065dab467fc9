package victoria

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// allDays is every day that a record can have.
var allDays = history.Days{From: history.MinDay, To: history.MaxDay}

// look returns the history as it is now, or was maxAge ago.
func (s *Store) look(ctx context.Context) (*view, error) {
	if j, ok := s.recent(); ok {
		return &view{s: s, journal: j, ctx: ctx}, ctx.Err()
	}
	j, err := s.refresh(ctx)
	return &view{s: s, journal: j, ctx: ctx}, err
}

// recent returns the journal as it was read last, if that is not too long ago.
func (s *Store) recent() (journal, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.journal, s.refreshed.After(s.committed) && time.Since(s.refreshed) < s.maxAge
}

// lookAtGroups returns the history as it is now, and the sums of all groups. Both are
// asked for at once, for mostly nothing was appended since the last time; otherwise the
// sums are asked for again.
func (s *Store) lookAtGroups(ctx context.Context) (*view, map[groupKey]*group, error) {
	known, isRecent := s.recent()
	if isRecent {
		v := &view{s: s, journal: known, ctx: ctx}
		all, err := v.groups(history.Filter{}, allDays)
		return v, all, err
	}
	var now *view
	var all map[groupKey]*group
	g, both := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		now, err = s.look(both)
		return err
	})
	if known.last() > 0 {
		g.Go(func() (err error) {
			v := view{s: s, journal: known, ctx: both}
			all, err = v.groups(history.Filter{}, allDays)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	now.ctx = ctx
	if all != nil && now.sum == known.sum {
		return now, all, nil
	}
	all, err := now.groups(history.Filter{}, allDays)
	return now, all, err
}

// fixed returns a period of the days that another was resolved to.
func fixed(run history.Days) history.Period {
	if run.Len() == 0 {
		return history.RangeOf(1, 0)
	}
	return history.RangeOf(run.From, run.To)
}

// span returns the run that covers both.
func span(a, b history.Days) history.Days {
	switch {
	case a.Len() == 0:
		return b
	case b.Len() == 0:
		return a
	}
	return history.Days{From: min(a.From, b.From), To: max(a.To, b.To)}
}

// Overview implements history.Reader. Without a filter by name it reads the sums of
// the groups, and no repository.
func (s *Store) Overview(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
	v, all, err := s.lookAtGroups(ctx)
	if err != nil {
		return history.Overview{}, err
	}
	o := history.Overview{Recorded: recorded(all)}
	o.Days, o.Before, o.HasBefore = q.Period.Resolve(o.Recorded)
	if q.Filter.ByGroup() {
		o.Groups = sumGroups(all, q, &o)
		return o, nil
	}
	t, err := v.table(q.Filter, allDays)
	if err != nil {
		return history.Overview{}, err
	}
	q.Period = fixed(o.Days)
	o.Groups = t.Overview(q).Groups
	for i := range o.Groups {
		if !o.HasBefore {
			o.Groups[i].Before = 0
		}
	}
	return o, nil
}

// sums is a group of an overview as it is summed up.
type sums struct {
	repos, records           int64
	total, downloads, before wide
	series                   dayRuns[groupDay]
}

func sumGroups(all map[groupKey]*group, q history.OverviewQuery, o *history.Overview) []history.Group {
	summed := make(map[groupKey]*sums)
	for k, g := range all {
		if g.repos == 0 || !q.Filter.MatchesGroup(k.repoType, k.org) {
			continue
		}
		var to groupKey
		if q.ByRepoType {
			to.repoType = k.repoType
		}
		if q.ByOrg {
			to.org = k.org
		}
		if summed[to] == nil {
			summed[to] = new(sums)
		}
		summed[to].add(g, o, q.Series)
	}
	var out []history.Group
	for _, k := range slices.SortedFunc(maps.Keys(summed), groupKey.compare) {
		x := summed[k]
		g := history.Group{
			RepoType: k.repoType, Org: k.org, Repos: int(x.repos), Records: x.records,
			Total: x.total.count(), Downloads: x.downloads.count(), Before: x.before.count(),
		}
		for d, n := range x.series.all() {
			g.Series = append(g.Series, history.DayDownloads{Day: d, Downloads: n.downloads.count()})
		}
		out = append(out, g)
	}
	return out
}

func (x *sums) add(g *group, o *history.Overview, series bool) {
	x.repos += g.repos
	x.total.addWide(g.total)
	for d, n := range g.days.all() {
		if n.records == 0 {
			continue
		}
		x.records += n.records
		if o.HasBefore && o.Before.Contains(d) {
			x.before.addWide(n.downloads)
		}
		if !o.Days.Contains(d) {
			continue
		}
		x.downloads.addWide(n.downloads)
		if series {
			x.series.at(d).add(*n)
		}
	}
}

// Repos implements history.Reader.
func (s *Store) Repos(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
	v, all, err := s.lookAtGroups(ctx)
	if err != nil {
		return history.ReposPage{}, err
	}
	page := history.ReposPage{Recorded: recorded(all)}
	page.Days, page.Before, page.HasBefore = q.Period.Resolve(page.Recorded)
	states, err := v.states(q.Filter)
	if err != nil {
		return history.ReposPage{}, err
	}
	of := newRoster(states)
	t, err := v.series(q.Filter, of, span(page.Days, page.Before))
	if err != nil {
		return history.ReposPage{}, err
	}
	q.Period = fixed(page.Days)
	p := t.Repos(q)
	page.Rows, page.Matched, page.TrendStep = p.Rows, p.Matched, p.TrendStep
	return page, v.addRecorded(q.Filter, of, page.Rows)
}

// addRecorded says of the rows of a page which days their repositories have a record
// of: of all days, and not of those of the period alone.
func (v *view) addRecorded(f history.Filter, of *roster, rows []history.RepoRow) error {
	if len(rows) == 0 {
		return nil
	}
	at := make(map[history.Repo]*history.RepoRow, len(rows))
	names := make([]string, 0, len(rows))
	for i := range rows {
		rows[i].Recorded = history.NoDays
		at[rows[i].Repo] = &rows[i]
		names = append(names, rows[i].Repo.Name)
	}
	if slices.Sort(names); len(strings.Join(names, "|")) < maxPattern {
		f.Repos = slices.Compact(names)
	}
	return v.days(f, of, allDays, func(x *repoDays) error {
		if row := at[of.all[x.at].Repo]; row != nil && len(x.days) > 0 {
			row.Recorded = history.Days{From: x.days[0], To: x.days[len(x.days)-1]}
		}
		return nil
	})
}
