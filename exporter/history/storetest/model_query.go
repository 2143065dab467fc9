package storetest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Overview implements history.Reader.
func (m *Model) Overview(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
	if err := ctx.Err(); err != nil {
		return history.Overview{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o := history.Overview{Recorded: m.recorded()}
	o.Days, o.Before, o.HasBefore = q.Period.Resolve(o.Recorded)

	type key struct {
		repoType history.RepoType
		org      string
	}
	members := make(map[key][]*modelRepo)
	for _, r := range m.matching(q.Filter) {
		var k key
		if q.ByRepoType {
			k.repoType = r.state.Repo.Type
		}
		if q.ByOrg {
			k.org = r.state.Repo.Org()
		}
		members[k] = append(members[k], r)
	}
	keys := slices.SortedFunc(maps.Keys(members), func(a, b key) int {
		return cmp.Or(a.repoType.Compare(b.repoType), strings.Compare(a.org, b.org))
	})
	for _, k := range keys {
		g := groupOf(members[k], o)
		g.RepoType, g.Org = k.repoType, k.org
		if q.Series {
			g.Series = seriesOf(members[k], o.Days)
		}
		o.Groups = append(o.Groups, g)
	}
	return o, nil
}

func groupOf(repos []*modelRepo, o history.Overview) history.Group {
	g := history.Group{Repos: len(repos), Recorded: history.NoDays}
	for _, r := range repos {
		g.Records += int64(len(r.days))
		g.Recorded = g.Recorded.Span(recordedDays(r))
		if r.state.Total != history.Unknown {
			g.Total = addUp(g.Total, r.state.Total)
		}
		g.Downloads = addUp(g.Downloads, r.sum(o.Days))
		if o.HasBefore {
			g.Before = addUp(g.Before, r.sum(o.Before))
		}
	}
	return g
}

func seriesOf(repos []*modelRepo, run history.Days) []history.DayDownloads {
	sums := make(map[history.Day]int64)
	for _, r := range repos {
		for d, f := range r.days {
			if run.Contains(d) {
				sums[d] = addUp(sums[d], f.downloads)
			}
		}
	}
	var out []history.DayDownloads
	for _, d := range slices.Sorted(maps.Keys(sums)) {
		out = append(out, history.DayDownloads{Day: d, Downloads: sums[d]})
	}
	return out
}

// Repos implements history.Reader.
func (m *Model) Repos(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
	if err := ctx.Err(); err != nil {
		return history.ReposPage{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	p := history.ReposPage{Recorded: m.recorded()}
	p.Days, p.Before, p.HasBefore = q.Period.Resolve(p.Recorded)
	p.TrendStep = history.TrendStep(p.Days.Len(), q.Trend)
	for _, r := range m.matching(q.Filter) {
		row := history.RepoRow{
			Repo:      r.state.Repo,
			Total:     r.state.Total,
			Downloads: r.sum(p.Days),
			Recorded:  recordedDays(r),

			Removed:       r.state.Removed,
			RemovedAsOf:   r.state.RemovedAsOf,
			Backdated:     r.state.Backdated,
			BackdatedAsOf: r.state.BackdatedAsOf,
		}
		if p.HasBefore {
			row.Before = r.sum(p.Before)
		}
		if p.TrendStep > 0 {
			row.Trend = trendOf(r, p.Days, p.TrendStep)
		}
		p.Rows = append(p.Rows, row)
	}
	p.Matched = len(p.Rows)
	slices.SortFunc(p.Rows, func(a, b history.RepoRow) int {
		c := compareBy(q.Sort, a, b)
		if !q.Ascending {
			c = -c
		}
		return cmp.Or(c, a.Repo.Compare(b.Repo))
	})
	p.Rows = p.Rows[min(q.Offset, len(p.Rows)):]
	if q.Limit > 0 {
		p.Rows = p.Rows[:min(q.Limit, len(p.Rows))]
	}
	return p, nil
}

func compareBy(s history.Sort, a, b history.RepoRow) int {
	switch s {
	case history.SortTotal:
		return cmp.Compare(a.Total, b.Total)
	case history.SortChange:
		return cmp.Compare(a.Downloads-a.Before, b.Downloads-b.Before)
	case history.SortName:
		return strings.Compare(a.Repo.Name, b.Repo.Name)
	case history.SortRemoved:
		return cmp.Or(cmp.Compare(a.Removed, b.Removed), cmp.Compare(a.Backdated, b.Backdated))
	}
	return cmp.Compare(a.Downloads, b.Downloads)
}

// trendOf sums up each step days of a run.
func trendOf(r *modelRepo, run history.Days, step int) []int64 {
	var out []int64
	for from := run.From; from <= run.To; from += history.Day(step) {
		part := history.Days{From: from, To: min(from+history.Day(step)-1, run.To)}
		point := history.Unknown
		for d, f := range r.days {
			if part.Contains(d) {
				point = addUp(max(point, 0), f.downloads)
			}
		}
		out = append(out, point)
	}
	return out
}

// shownVersion is the version of a day: one that follows from readings is as old as the first
// reading of a later day.
func (r *modelRepo) shownVersion(d history.Day, v history.Version) history.Version {
	if v.AsOf != 0 || v.Source == history.Published {
		return v
	}
	for _, later := range slices.Sorted(maps.Keys(r.readings)) {
		if later > d {
			v.AsOf = r.readings[later].FirstAsOf
			break
		}
	}
	return v
}

// modelRecord is a record with its version.
type modelRecord struct {
	history.Record
	version history.Version
}

// records returns the records that q asks for, as they are now.
func (m *Model) records(q history.RecordsQuery) []modelRecord {
	m.mu.Lock()
	defer m.mu.Unlock()
	repos, recorded := m.matching(q.Filter), m.recorded()
	if q.Stored {
		matches := q.Filter.Matcher()
		repos = slices.DeleteFunc(m.kept(), func(r *modelRepo) bool { return !matches(r.state.Repo) })
	}
	run := q.Days(recorded)
	var out []modelRecord
	for _, r := range repos {
		days := r.days
		if q.Stored {
			days = r.stored
		}
		for d, f := range days {
			if run.Contains(d) {
				rec := history.Record{Repo: r.state.Repo, Total: r.state.Total, Day: d, Downloads: f.downloads}
				if q.Stored {
					rec.Total = history.Unknown
				}
				out = append(out, modelRecord{rec, r.shownVersion(d, f.version)})
			}
		}
	}
	slices.SortFunc(out, func(a, b modelRecord) int {
		byDay, byRepo := cmp.Compare(a.Day, b.Day), a.Repo.Compare(b.Repo)
		if q.Order == history.OrderRepo {
			return cmp.Or(byRepo, byDay)
		}
		return cmp.Or(byDay, byRepo)
	})
	return out
}
