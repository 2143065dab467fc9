package memtable

import (
	"math/bits"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Overview sums over repositories. Unless single repositories are asked for, it
// costs the number of days of the groups, not that of their records.
func (t *Table) Overview(q history.OverviewQuery) history.Overview {
	o := history.Overview{Recorded: t.recorded}
	o.Days, o.Before, o.HasBefore = q.Period.Resolve(t.recorded)
	p := parts{query: q, overview: &o, index: make(map[groupKey]*part)}
	if q.Filter.ByGroup() {
		for _, g := range t.groups {
			if q.Filter.MatchesGroup(g.key.repoType, g.key.org) {
				p.addGroup(g)
			}
		}
	} else {
		matches := q.Filter.Matcher()
		for _, c := range t.shown {
			if matches(c.state.Repo) {
				p.addColumn(c)
			}
		}
	}
	o.Groups = p.groups()
	return o
}

// parts adds up the groups of an answer.
type parts struct {
	query    history.OverviewQuery
	overview *history.Overview
	index    map[groupKey]*part
}

type part struct {
	key                      groupKey
	repos                    int
	records                  int64
	total, downloads, before wide
	windows                  map[int32]*sums
}

// of returns the part that repositories of a group belong to.
func (p *parts) of(key groupKey) *part {
	if !p.query.ByRepoType {
		key.repoType = ""
	}
	if !p.query.ByOrg {
		key.org = ""
	}
	a := p.index[key]
	if a == nil {
		a = &part{key: key, windows: make(map[int32]*sums)}
		p.index[key] = a
	}
	return a
}

func (a *part) window(no int32) *sums {
	s := a.windows[no]
	if s == nil {
		s = &sums{no: no}
		a.windows[no] = s
	}
	return s
}

func (p *parts) addGroup(g *group) {
	a := p.of(g.key)
	a.repos += g.repos
	a.records += g.records
	a.total.addWide(g.total)
	a.downloads.addWide(g.downloads(p.overview.Days))
	if p.overview.HasBefore {
		a.before.addWide(g.downloads(p.overview.Before))
	}
	if p.query.Series {
		for _, s := range g.in(p.overview.Days) {
			a.window(s.no).merge(s)
		}
	}
}

func (p *parts) addColumn(c *column) {
	a := p.of(keyOf(c.state.Repo))
	a.repos++
	a.records += c.records
	if c.state.Total > 0 {
		a.total.add(c.state.Total)
	}
	a.downloads.add(c.total(p.overview.Days))
	if p.overview.HasBefore {
		a.before.add(c.total(p.overview.Before))
	}
	if p.query.Series {
		for d, v := range c.each(p.overview.Days) {
			no, bit := windowOf(d)
			a.window(no).add(int(bit), v)
		}
	}
}

func (p *parts) groups() []history.Group {
	list := make([]*part, 0, len(p.index))
	for _, a := range p.index {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b *part) int { return a.key.compare(b.key) })
	out := make([]history.Group, len(list))
	for i, a := range list {
		out[i] = history.Group{
			RepoType:  a.key.repoType,
			Org:       a.key.org,
			Repos:     a.repos,
			Records:   a.records,
			Total:     a.total.count(),
			Downloads: a.downloads.count(),
			Before:    a.before.count(),
		}
		if p.query.Series {
			out[i].Series = a.series(p.overview.Days)
		}
	}
	return out
}

// series returns the days of the run that have a record.
func (a *part) series(run history.Days) []history.DayDownloads {
	numbers := make([]int32, 0, len(a.windows))
	n := 0
	for no, s := range a.windows {
		numbers = append(numbers, no)
		n += bits.OnesCount64(s.mask)
	}
	slices.Sort(numbers)
	out := make([]history.DayDownloads, 0, n)
	for _, no := range numbers {
		s := a.windows[no]
		for m := s.clip(run); m != 0; m &= m - 1 {
			bit := bits.TrailingZeros64(m)
			out = append(out, history.DayDownloads{Day: dayAt(no, bit), Downloads: s.days[bit].count()})
		}
	}
	return out
}
