package victoria

import (
	"cmp"
	"context"
	"math"
	"strconv"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/columns"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
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

// group is the sums of the repositories of a group that are shown.
type group struct {
	repos int64
	total wide
	days  map[history.Day]groupDay
}

// plus returns the sums of both, on the days of other alone.
func (g *group) plus(other *group) *group {
	sum := &group{repos: g.repos + other.repos, total: g.total, days: make(map[history.Day]groupDay, len(other.days))}
	sum.total.addWide(other.total)
	for d, x := range other.days {
		was := g.days[d]
		was.downloads.addWide(x.downloads)
		was.records += x.records
		sum.days[d] = was
	}
	return sum
}

func groupIn(all map[groupKey]*group, k groupKey) *group {
	if all[k] == nil {
		all[k] = &group{days: make(map[history.Day]groupDay)}
	}
	return all[k]
}

// addTable adds what a table shows to groups, times 1 or -1.
func addTable(ctx context.Context, all map[groupKey]*group, t *columns.Table, times int64) error {
	for s := range t.States() {
		if s.Moved() {
			continue
		}
		g := groupIn(all, keyOf(s.Repo))
		g.repos += times
		if s.Total != history.Unknown {
			g.total.add(s.Total, times)
		}
	}
	tallies := make(map[groupKey]*tally)
	for rows, err := range t.Records(ctx, history.RecordsQuery{Order: history.OrderRepo}) {
		if err != nil {
			return err
		}
		var of *tally
		for i, r := range rows.Repo {
			if i == 0 || r != rows.Repo[i-1] {
				k := keyOf(rows.Repos[r].Repo)
				if of = tallies[k]; of == nil {
					of = &tally{runs: make(map[history.Day]*[tallyDays]groupDay)}
					tallies[k] = of
				}
			}
			x := of.day(rows.Day[i])
			x.downloads.add(rows.Downloads[i], times)
			x.records += times
		}
	}
	for k, of := range tallies {
		of.addTo(groupIn(all, k))
	}
	return nil
}

// tallyDays is how many days lie side by side in a tally.
const tallyDays = 64

// tally sums up days that mostly follow one another.
type tally struct {
	runs map[history.Day]*[tallyDays]groupDay // by their first day
	// run is that of the last day.
	first history.Day
	run   *[tallyDays]groupDay
}

func (t *tally) day(d history.Day) *groupDay {
	if first := d - d%tallyDays; t.run == nil || first != t.first {
		if t.first, t.run = first, t.runs[first]; t.run == nil {
			t.run = new([tallyDays]groupDay)
			t.runs[first] = t.run
		}
	}
	return &t.run[d-t.first]
}

func (t *tally) addTo(g *group) {
	for first, run := range t.runs {
		for i, x := range run {
			if x == (groupDay{}) {
				continue
			}
			d := first + history.Day(i)
			sum := g.days[d]
			sum.downloads.addWide(x.downloads)
			sum.records += x.records
			g.days[d] = sum
		}
	}
}

// groups reads the sums of all groups of those that f may select, over a run of days.
func (v *view) groups(f history.Filter, run history.Days) (map[groupKey]*group, error) {
	all := make(map[groupKey]*group)
	latest := make(map[sumKey]seq)
	f.Repos, f.Search = nil, ""
	where := conditions(f)
	read := func(start, end int64, selectors ...string) error {
		return v.s.export(v.ctx, selectors, start, end, func(l *line) error {
			k := groupKey{history.RepoType(l.label("repo_type")), l.label("org")}
			if !f.MatchesGroup(k.repoType, k.org) {
				return nil
			}
			g := groupIn(all, k)
			if l.label("__name__") == orgState {
				v.takeState(g, l)
				return nil
			}
			v.takeDays(k, g, l, run, latest)
			return nil
		})
	}
	state := v.selector(orgState, where...)
	series := func(conditions ...string) []string {
		return []string{
			v.selector(orgDownloads, append(conditions, where...)...),
			v.selector(orgDownloadsHigh, append(conditions, where...)...),
			v.selector(orgRecords, append(conditions, where...)...),
		}
	}
	if run == allDays {
		return all, read(0, endOfTime, append(series(), state)...)
	}
	if err := read(0, int64(max(v.last(), 1)), state); err != nil {
		return nil, err
	}
	if run.Len() == 0 {
		return all, nil
	}
	start, end := int64(max(run.From, history.MinDay))*msPerDay, min((int64(run.To)+1)*msPerDay-1, endOfTime)
	if start <= end {
		if err := read(start, end, series(`era=""`)...); err != nil {
			return nil, err
		}
	}
	return all, read(0, endOfTime, series(`era!=""`)...)
}

func (v *view) takeState(g *group, l *line) {
	var last part
	for i, ms := range l.times {
		if v.counts(seq(ms)) {
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

// sumKey names a day of a series of a group that is kept in an era as well.
type sumKey struct {
	group groupKey
	name  string
	day   history.Day
}

func (v *view) takeDays(k groupKey, g *group, l *line, run history.Days, latest map[sumKey]seq) {
	era, _ := strconv.Atoi(l.label("era")) // 0 if there is none
	name := l.label("__name__")
	for i, ms := range l.times {
		day, n := placed(ms, era)
		if !v.counts(n) || !run.Contains(day) {
			continue
		}
		key := sumKey{k, name, day}
		if latest[key] > n {
			continue
		}
		latest[key] = n
		d := g.days[day]
		switch name {
		case orgDownloads:
			d.downloads.low = l.values[i]
		case orgDownloadsHigh:
			d.downloads.high = l.values[i]
		case orgRecords:
			d.records = l.values[i]
		}
		g.days[day] = d
	}
}

// recorded runs from the first to the last day that has a record.
func recorded(all map[groupKey]*group) history.Days {
	run := history.NoDays
	for _, g := range all {
		for d, x := range g.days {
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
