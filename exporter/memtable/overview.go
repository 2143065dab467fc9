//gosec:disable G115 -- packed values keep their bits

package memtable

import (
	"maps"
	"math/bits"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Overview sums over repositories. Unless single repositories are asked for, it
// costs the number of days of the groups, not that of their records.
func (t *Table) Overview(q history.OverviewQuery) history.Overview {
	return t.OverviewIn(t.recorded, q)
}

// OverviewIn is Overview of a table that holds a part of a history, which was recorded
// over the given days.
func (t *Table) OverviewIn(recorded history.Days, q history.OverviewQuery) history.Overview {
	o := history.Overview{Recorded: recorded}
	o.Days, o.Before, o.HasBefore = q.Period.Resolve(recorded)
	s := summary{query: q, overview: &o, parts: make(map[groupKey]*part)}
	f, groups := q.Filter, t.groups
	if p := t.part(f); p != nil {
		f.Sets, groups = nil, p.groups
	}
	if f.WholeOrgs() {
		for _, g := range groups {
			if f.MatchesGroup(g.key.repoType, g.key.org) {
				s.addGroup(g)
			}
		}
	} else {
		shown, matches := t.selected(q.Filter)
		for _, c := range shown {
			if matches(c) {
				s.addColumn(c)
			}
		}
	}
	o.Groups = s.groups()
	return o
}

// summary adds up the groups of an answer.
type summary struct {
	query    history.OverviewQuery
	overview *history.Overview
	parts    map[groupKey]*part
	sums     sums // of the window at hand
}

// part is a group of an answer, with windows if its series is asked for.
type part struct {
	group
	downloads, before wide
	recorded          history.Days
}

// part returns the part that repositories of a group belong to.
func (s *summary) part(key groupKey) *part {
	if !s.query.ByRepoType {
		key.repoType = ""
	}
	if !s.query.ByOrg {
		key.org = ""
	}
	if s.parts[key] == nil {
		s.parts[key] = &part{group: group{key: key}, recorded: history.NoDays}
	}
	return s.parts[key]
}

func (s *summary) addGroup(g *group) {
	p := s.part(g.key)
	p.repos += g.repos
	p.records += g.records
	p.total.addWide(g.total)
	if len(g.windows) > 0 {
		p.recorded = p.recorded.Span(g.recorded())
	}
	p.downloads.addWide(g.downloads(s.overview.Days))
	if s.overview.HasBefore {
		p.before.addWide(g.downloads(s.overview.Before))
	}
	if s.query.Series {
		in := g.in(s.overview.Days)
		for i := range in {
			in[i].expand(&s.sums)
			to, _ := p.open.window(in[i].no)
			to.merge(&s.sums)
		}
	}
}

func (s *summary) addColumn(c *column) {
	p := s.part(keyOf(c.meta.Repo))
	p.repos++
	p.records += c.records
	p.total.add(max(c.meta.Total, 0))
	p.recorded = p.recorded.Span(c.recorded())
	p.downloads.add(c.total(s.overview.Days))
	if s.overview.HasBefore {
		p.before.add(c.total(s.overview.Before))
	}
	if s.query.Series {
		for d, v := range c.each(s.overview.Days) {
			no, bit := windowOf(d)
			to, _ := p.open.window(no)
			to.add(int(bit), v)
		}
	}
}

func (s *summary) groups() []history.Group {
	parts := slices.SortedFunc(maps.Values(s.parts), func(a, b *part) int { return a.key.compare(b.key) })
	out := make([]history.Group, len(parts))
	for i, p := range parts {
		out[i] = history.Group{
			RepoType: p.key.repoType, Org: p.key.org, Repos: p.repos, Records: p.records,
			Total: p.total.count(), Recorded: p.recorded, Downloads: p.downloads.count(), Before: p.before.count(),
		}
		if s.query.Series {
			out[i].Series = make([]history.DayDownloads, 0, len(p.open)*windowDays)
		}
		for _, w := range p.open {
			for m := w.clip(s.overview.Days); m != 0; m &= m - 1 {
				bit := bits.TrailingZeros64(m)
				out[i].Series = append(out[i].Series, history.DayDownloads{Day: dayAt(w.no, bit), Downloads: w.days[bit].count()})
			}
		}
	}
	return out
}
