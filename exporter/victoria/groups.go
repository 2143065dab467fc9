package victoria

import (
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/vmapi"
)

// sumSeries are the series of the sums of groups: the name of that of the days, the field
// of orgMeta with the sum of the repositories, and where it is in a GroupSum. The first is
// that of the records.
var sumSeries = [...]struct {
	days, field string
	at          func(*memtable.GroupSum) *int64
}{
	{orgRecords, "repos", func(x *memtable.GroupSum) *int64 { return &x.Count }},
	{orgDownloads, "total", func(x *memtable.GroupSum) *int64 { return &x.Low }},
	{orgDownloadsHigh, "total_high", func(x *memtable.GroupSum) *int64 { return &x.High }},
}

// groupKey names the repositories of one type and organization.
type groupKey struct {
	repoType history.RepoType
	org      string
}

func (k groupKey) labels() labels { return labels{"repo_type", string(k.repoType), "org", k.org} }

// writeSums writes the sums that change, under the numbers of their organizations.
func (w *writer) writeSums(from, to *memtable.GroupSums, numbers map[string]*orgNumbers) {
	days := make(map[groupKey]*[len(sumSeries)][]daySample)
	for was, now := range from.Changes(to) {
		x := numbers[now.Org]
		if x == nil {
			continue // another process changed it
		}
		k := groupKey{now.RepoType, now.Org}
		for i, s := range sumSeries {
			switch v := *s.at(&now); {
			case v == *s.at(&was):
			case now.Day == history.NoDay:
				w.field(orgMeta, k.labels(), s.field, x.last(), v)
			default:
				if days[k] == nil {
					days[k] = new([len(sumSeries)][]daySample)
				}
				days[k][i] = append(days[k][i], daySample{now.Day, x.last(), v})
			}
		}
	}
	for k, series := range days {
		for i, s := range sumSeries {
			w.days(s.days, k.labels(), series[i])
		}
	}
}

// storedGroup is the sums of a group as its series come in, by sumSeries.
type storedGroup [len(sumSeries)]struct {
	meta  part
	days  repoDays
	texts map[history.Day]part
}

// groups reads the sums of all groups that f does not leave out.
func (v *snapshot) groups(f history.Filter) (*memtable.GroupSums, error) {
	f.Repos, f.Search = nil, ""
	where := conditions(f)
	selectors := []string{v.selector(orgText, where...), v.selector(orgMeta, where...)}
	for _, s := range sumSeries {
		selectors = append(selectors, v.selector(s.days, where...))
	}
	all, seen := make(map[groupKey]*storedGroup), make(map[string]bool)
	err := v.s.engine.Export(v.ctx, selectors, 0, endOfTime, func(l *vmapi.Line) error {
		k := groupKey{history.RepoType(l.Label("repo_type")), l.Label("org")}
		if !f.MatchesGroup(k.repoType, k.org) {
			return nil
		}
		if all[k] == nil {
			all[k], seen[k.org] = new(storedGroup), true
		}
		return all[k].add(l, v.log(k.org))
	})
	if err == nil && len(f.RepoTypes) == 0 {
		err = v.checkSums(f, seen)
	}
	out := memtable.NewGroupSums()
	for k, g := range all {
		g.sums(k, out.Set)
	}
	return out, err
}

// checkSums returns an error if an organization that was appended to has no sums: the engine was
// emptied since the state was read.
func (v *snapshot) checkSums(f history.Filter, seen map[string]bool) error {
	for org, l := range v.logs {
		if l.last() > 0 && !seen[org] && (len(f.Orgs) == 0 || slices.Contains(f.Orgs, org)) {
			return fmt.Errorf("reading from VictoriaMetrics: %w: expected sums of %q", ErrLost, org)
		}
	}
	return nil
}

func (g *storedGroup) add(l *vmapi.Line, log *orgLog) (err error) {
	name, field, days := l.Label("__name__"), l.Label("field"), l.Label("series")
	for i := range g {
		s, x := &sumSeries[i], &g[i]
		if name == s.days {
			x.days.reset(0, len(l.Times))
			x.days.addLine(l, log, shown)
			continue
		}
		last := log.latest(l)
		if field != s.field && days != s.days || last.n == 0 {
			continue
		}
		if text := l.Label("value"); text != "" {
			last.value, err = strconv.ParseInt(text, 10, 64)
		}
		if field == s.field {
			x.meta.update(last)
		} else if err == nil {
			var d history.Day
			d, err = history.ParseDay(l.Label("day"))
			updateDay(&x.texts, d, last)
		}
	}
	return err
}

// sums calls set for the sums of the group: of the days that have a record.
func (g *storedGroup) sums(k groupKey, set func(memtable.GroupSum)) {
	sum := memtable.GroupSum{RepoType: k.repoType, Org: k.org, Day: history.NoDay}
	for i := range g {
		*sumSeries[i].at(&sum) = g[i].meta.value
		g[i].days.addTexts(g[i].texts, allDays)
	}
	if sum.Count == 0 {
		return // all of it moved to other groups
	}
	set(sum)
	var next [len(sumSeries)]int
	for _, sum.Day = range g[0].days.days {
		for i := range g {
			days, at := g[i].days.days, &next[i]
			for *at < len(days) && days[*at] < sum.Day {
				*at++
			}
			v := sumSeries[i].at(&sum)
			if *v = 0; *at < len(days) && days[*at] == sum.Day {
				*v = g[i].days.downloads[*at]
			}
		}
		if sum.Count > 0 {
			set(sum)
		}
	}
}

// setSums keeps the sums of sets of repositories, as of a state.
type setSums struct {
	mu     sync.Mutex
	as     *state
	tables map[*history.Set]*memtable.Table
}

// sumsOf returns the sums of the repositories in any of the sets. Those of one set are kept.
func (v *snapshot) sumsOf(sets []*history.Set) (*memtable.Table, error) {
	k := &v.s.sets
	k.mu.Lock()
	if k.as != v.state {
		k.as, k.tables = v.state, make(map[*history.Set]*memtable.Table)
	}
	kept := k.tables[sets[0]]
	k.mu.Unlock()
	if kept != nil && len(sets) == 1 {
		return kept, nil
	}
	t, _, err := v.read(history.Filter{Sets: sets}, allDays)
	if err != nil {
		return nil, err
	}
	sums := t.GroupSums().Table()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.as == v.state && len(sets) == 1 {
		k.tables[sets[0]] = sums
	}
	return sums, nil
}
