package victoria

import (
	"cmp"
	"context"
	"math"
	"strconv"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// groupKey names the repositories of one type and organization.
type groupKey struct {
	repoType history.RepoType
	org      string
}

func (k groupKey) compare(l groupKey) int {
	return cmp.Or(k.repoType.Compare(l.repoType), strings.Compare(k.org, l.org))
}

// wide is a sum of counts: of their lower 32 bits and of their upper ones. A sample
// holds each exactly for two million repositories of whatever counts, and what was
// added can be taken away again.
type wide struct{ low, high int64 }

func (s *wide) add(v, times int64) {
	s.low += times * (v & math.MaxUint32)
	s.high += times * (v >> 32)
}

func (s *wide) addWide(t wide, times int64) {
	s.low, s.high = s.low+times*t.low, s.high+times*t.high
}

// count returns the sum, or the largest int64 if it is larger.
func (s wide) count() int64 {
	high := s.high + s.low>>32
	if high > math.MaxInt32 {
		return math.MaxInt64
	}
	return high<<32 | s.low&math.MaxUint32
}

// groupDay is a day of a group.
type groupDay struct {
	downloads wide
	records   int64
}

func (x *groupDay) add(y groupDay, times int64) {
	x.downloads.addWide(y.downloads, times)
	x.records += times * y.records
}

// group is the sums of the repositories of a group that are shown.
type group struct {
	repos int64
	total wide
	days  dayMap[groupDay]
}

type groups map[groupKey]*group

// of returns a group, which is made if it is not there.
func (gs groups) of(k groupKey) *group {
	if gs[k] == nil {
		gs[k] = new(group)
	}
	return gs[k]
}

// addTable adds what a table shows, times 1 or -1.
func (gs groups) addTable(ctx context.Context, t *memtable.Table, times int64) error {
	for m := range t.Meta() {
		if m.Moved() {
			continue
		}
		g := gs.of(groupKey{m.Repo.Type, m.Repo.Org()})
		g.repos += times
		if m.Total != history.Unknown {
			g.total.add(m.Total, times)
		}
	}
	for rows, err := range t.Records(ctx, history.RecordsQuery{Order: history.OrderRepo}) {
		if err != nil {
			return err
		}
		var g *group
		for i, r := range rows.Repo {
			if i == 0 || r != rows.Repo[i-1] {
				repo := rows.Repos[r].Repo
				g = gs.of(groupKey{repo.Type, repo.Org()})
			}
			x := g.days.at(rows.Day[i])
			x.downloads.add(rows.Downloads[i], times)
			x.records += times
		}
	}
	return nil
}

// addGroups adds all of other, times 1 or -1.
func (gs groups) addGroups(other groups, times int64) {
	for k, h := range other {
		g := gs.of(k)
		g.repos += times * h.repos
		g.total.addWide(h.total, times)
		for d, x := range h.days.all() {
			g.days.at(d).add(*x, times)
		}
	}
}

// recorded runs from the first to the last day that has a record.
func (gs groups) recorded() history.Days {
	run := history.NoDays
	for _, g := range gs {
		for d, x := range g.days.all() {
			if x.records != 0 {
				run = span(run, history.Days{From: d, To: d})
			}
		}
	}
	return run
}

// sum adds up the days of a run of the groups that f selects.
func (gs groups) sum(f history.Filter, run history.Days) (days dayMap[groupDay], all groupDay) {
	for k, g := range gs {
		if !f.MatchesGroup(k.repoType, k.org) {
			continue
		}
		for d, x := range g.days.all() {
			if run.Contains(d) {
				days.at(d).add(*x, 1)
				all.add(*x, 1)
			}
		}
	}
	return days, all
}

// The fields of orgMeta.
const (
	reposField     = "repos"
	totalField     = "total"
	totalHighField = "total_high"
)

// writeGroups writes, under the numbers of their organizations, the sums that diff changes,
// which are those of known and diff.
func (w *writer) writeGroups(known, diff groups, numbers map[string]*orgNumbers) {
	for k, add := range diff {
		if numbers[k.org] == nil {
			continue // nothing of it changes
		}
		old := known[k]
		if old == nil {
			old = new(group)
		}
		n, l := numbers[k.org].last(), labels{"repo_type", string(k.repoType), "org", k.org}
		for _, f := range []struct {
			name     string
			old, add int64
		}{
			{reposField, old.repos, add.repos},
			{totalField, old.total.low, add.total.low},
			{totalHighField, old.total.high, add.total.high},
		} {
			if f.add != 0 {
				w.field(orgMeta, l, f.name, n, f.old+f.add)
			}
		}
		var low, high, records []daySample
		for d, add := range add.days.all() {
			was := old.days.get(d)
			if add.downloads.low != 0 {
				low = append(low, daySample{d, n, was.downloads.low + add.downloads.low})
			}
			if add.downloads.high != 0 {
				high = append(high, daySample{d, n, was.downloads.high + add.downloads.high})
			}
			if add.records != 0 {
				records = append(records, daySample{d, n, was.records + add.records})
			}
		}
		w.days(orgDownloads, l, low)
		w.days(orgDownloadsHigh, l, high)
		w.days(orgRecords, l, records)
	}
}

// groups reads the sums of all groups of those that f may select.
func (v *snapshot) groups(f history.Filter) (groups, error) {
	f.Repos, f.Search = nil, ""
	where := conditions(f)
	selectors := []string{v.selector(textSeries, append(where, `repo=""`)...)}
	for _, name := range []string{orgMeta, orgDownloads, orgDownloadsHigh, orgRecords} {
		selectors = append(selectors, v.selector(name, where...))
	}
	r := groupReader{v, f, make(groups), make(map[groupField]*dayMap[part]), make(map[groupField]part)}
	if err := v.s.export(v.ctx, selectors, 0, endOfTime, r.add); err != nil {
		return nil, err
	}
	r.finish()
	return r.groups, nil
}

// groupReader gathers the sums of groups as their series come in.
type groupReader struct {
	*snapshot
	filter history.Filter
	groups groups
	days   map[groupField]*dayMap[part]
	fields map[groupField]part
}

// groupField names a number of a group: by the name of its series, or its field.
type groupField struct {
	group groupKey
	name  string
}

func (r *groupReader) add(l *line) error {
	k := groupKey{history.RepoType(l.label("repo_type")), l.label("org")}
	if !r.filter.MatchesGroup(k.repoType, k.org) {
		return nil
	}
	name, log := l.label("__name__"), r.log(k.org)
	switch name {
	case orgMeta, textSeries:
		x, text := log.latest(l), l.label("value")
		if x.n == 0 {
			return nil
		}
		if text != "" {
			var err error
			if x.value, err = strconv.ParseInt(text, 10, 64); err != nil {
				return err
			}
		}
		f := groupField{k, l.label("field")}
		if text := l.label("day"); text != "" {
			day, err := history.ParseDay(text)
			if err != nil {
				return err
			}
			r.daysOf(f).at(day).update(x)
			return nil
		}
		known := r.fields[f]
		known.update(x)
		r.fields[f] = known
	default:
		days := r.daysOf(groupField{k, name})
		counted := counter{log: log}
		for i, ms := range l.times {
			if n := seq(ms % msPerDay); counted.has(n) {
				days.at(history.Day(ms / msPerDay)).update(part{n, l.values[i]})
			}
		}
	}
	return nil
}

func (r *groupReader) daysOf(f groupField) *dayMap[part] {
	if r.days[f] == nil {
		r.days[f] = new(dayMap[part])
	}
	return r.days[f]
}

// finish puts the groups together.
func (r *groupReader) finish() {
	for f, x := range r.fields {
		g := r.groups.of(f.group)
		switch f.name {
		case reposField:
			g.repos = x.value
		case totalField:
			g.total.low = x.value
		case totalHighField:
			g.total.high = x.value
		}
	}
	for f, days := range r.days {
		g := r.groups.of(f.group)
		for d, x := range days.all() {
			switch f.name {
			case orgDownloads:
				g.days.at(d).downloads.low = x.value
			case orgDownloadsHigh:
				g.days.at(d).downloads.high = x.value
			case orgRecords:
				g.days.at(d).records = x.value
			}
		}
	}
}
