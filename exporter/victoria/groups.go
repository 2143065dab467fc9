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

// groupKey names the repositories of one type and organisation.
type groupKey struct {
	repoType history.RepoType
	org      string
}

func (k groupKey) compare(l groupKey) int {
	return cmp.Or(k.repoType.Compare(l.repoType), strings.Compare(k.org, l.org))
}

func (k groupKey) labels() labels { return labels{"repo_type", string(k.repoType), "org", k.org} }

func keyOf(r history.Repo) groupKey { return groupKey{r.Type, r.Org()} }

// wide is a sum of counts: of their lower 32 bits and of their upper ones. A sample
// holds each exactly for two million repositories of whatever counts, and what was
// added can be taken away again.
type wide struct{ low, high int64 }

func (s *wide) add(v, times int64) {
	s.low += times * (v & math.MaxUint32)
	s.high += times * (v >> 32)
}

func (s *wide) addWide(t wide) { s.low, s.high = s.low+t.low, s.high+t.high }

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

func (x *groupDay) add(y groupDay) {
	x.downloads.addWide(y.downloads)
	x.records += y.records
}

// group is the sums of the repositories of a group that are shown.
type group struct {
	repos int64
	total wide
	days  dayRuns[groupDay]
}

func groupIn(all map[groupKey]*group, k groupKey) *group {
	if all[k] == nil {
		all[k] = new(group)
	}
	return all[k]
}

// addTable adds what a table shows to groups, times 1 or -1.
func addTable(ctx context.Context, all map[groupKey]*group, t *memtable.Table, times int64) error {
	for s := range t.Meta() {
		if s.Moved() {
			continue
		}
		g := groupIn(all, keyOf(s.Repo))
		g.repos += times
		if s.Total != history.Unknown {
			g.total.add(s.Total, times)
		}
	}
	for rows, err := range t.Records(ctx, history.RecordsQuery{Order: history.OrderRepo}) {
		if err != nil {
			return err
		}
		var g *group
		for i, r := range rows.Repo {
			if i == 0 || r != rows.Repo[i-1] {
				g = groupIn(all, keyOf(rows.Repos[r].Repo))
			}
			x := g.days.at(rows.Day[i])
			x.downloads.add(rows.Downloads[i], times)
			x.records += times
		}
	}
	return nil
}

// groups reads the sums of all groups of those that f may select, over a run of days.
func (v *view) groups(f history.Filter, run history.Days) (map[groupKey]*group, error) {
	r := groupReader{view: v, filter: f, run: run, all: make(map[groupKey]*group), days: make(map[groupSeries]*dayRuns[part])}
	f.Repos, f.Search = nil, ""
	where := conditions(f)
	state := v.selector(orgState, where...)
	series := func(conditions ...string) []string {
		return []string{
			v.selector(orgDownloads, append(conditions, where...)...),
			v.selector(orgDownloadsHigh, append(conditions, where...)...),
			v.selector(orgRecords, append(conditions, where...)...),
		}
	}
	if run == allDays {
		err := v.s.export(v.ctx, append(series(), state), 0, endOfTime, r.take)
		return r.groups(), err
	}
	if err := v.s.export(v.ctx, []string{state}, 0, int64(max(v.last(), 1)), r.take); err != nil {
		return nil, err
	}
	if run.Len() == 0 {
		return r.groups(), nil
	}
	start, end := int64(max(run.From, history.MinDay))*msPerDay, min((int64(run.To)+1)*msPerDay-1, endOfTime)
	if start <= end {
		if err := v.s.export(v.ctx, series(`era=""`), start, end, r.take); err != nil {
			return nil, err
		}
	}
	err := v.s.export(v.ctx, series(`era!=""`), 0, endOfTime, r.take)
	return r.groups(), err
}

// groupSeries names the days of a group of one series name, of all eras.
type groupSeries struct {
	group groupKey
	name  string
}

// groupReader gathers the sums of groups as their series come in.
type groupReader struct {
	*view
	filter history.Filter
	run    history.Days
	all    map[groupKey]*group
	days   map[groupSeries]*dayRuns[part]
}

func (r *groupReader) take(l *line) error {
	k := groupKey{history.RepoType(l.label("repo_type")), l.label("org")}
	if !r.filter.MatchesGroup(k.repoType, k.org) {
		return nil
	}
	name := l.label("__name__")
	if name == orgState {
		r.takeState(groupIn(r.all, k), l)
		return nil
	}
	of := groupSeries{k, name}
	if r.days[of] == nil {
		r.days[of] = new(dayRuns[part])
	}
	days := r.days[of]
	era, _ := strconv.Atoi(l.label("era")) // 0 if there is none
	for i, ms := range l.times {
		if day, n := placed(ms, era); r.counts(n) && r.run.Contains(day) {
			days.at(day).take(n, l.values[i])
		}
	}
	return nil
}

// groups returns what was gathered.
func (r *groupReader) groups() map[groupKey]*group {
	for of, days := range r.days {
		g := groupIn(r.all, of.group)
		for d, x := range days.all() {
			switch of.name {
			case orgDownloads:
				g.days.at(d).downloads.low = x.value
			case orgDownloadsHigh:
				g.days.at(d).downloads.high = x.value
			case orgRecords:
				g.days.at(d).records = x.value
			}
		}
	}
	return r.all
}

func (r *groupReader) takeState(g *group, l *line) {
	var last part
	for i, ms := range l.times {
		if r.counts(seq(ms)) {
			last.take(seq(ms), l.values[i])
		}
	}
	switch l.label("field") {
	case "repos":
		g.repos = last.value
	case "total":
		g.total.low = last.value
	case "total_high":
		g.total.high = last.value
	}
}

// recorded runs from the first to the last day that has a record.
func recorded(all map[groupKey]*group) history.Days {
	run := history.NoDays
	for _, g := range all {
		for d, x := range g.days.all() {
			switch {
			case x.records == 0:
			case run.Len() == 0:
				run = history.Days{From: d, To: d}
			default:
				run = history.Days{From: min(run.From, d), To: max(run.To, d)}
			}
		}
	}
	return run
}
