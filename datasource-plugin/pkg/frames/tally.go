package frames

import (
	"context"
	"slices"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// tally is what is known of the downloads of a group or a repository. What is not known
// is Unknown, and never 0.
type tally struct {
	total, downloads, before int64
	hasBefore                bool
	recorded                 history.Days
	// short says that not all days of the previous period are recorded, so that a percentage
	// would compare unequal numbers of days.
	short bool
	// byHub says that downloads are the Hub's own number of the last 30 days.
	byHub bool
}

// groupTallies returns those of the groups of an overview. Of a group without a record in
// the period nothing is known, and one that was not recorded over the previous period
// compares with nothing.
func groupTallies(ctx context.Context, store history.Reader, o history.Overview, q query.Overview) ([]tally, error) {
	tallies, at := make([]tally, len(o.Groups)), make(map[groupKey]int, len(o.Groups))
	for i, g := range o.Groups {
		at[keyOf(&o.Groups[i])] = i
		t := tally{total: g.Total, downloads: g.Downloads, before: g.Before, hasBefore: o.HasBefore, recorded: g.Recorded}
		if g.Recorded.To < o.Days.From || g.Recorded.From > o.Days.To {
			t.downloads, t.hasBefore = history.Unknown, false
		}
		t.hasBefore = t.hasBefore && g.Recorded.From <= o.Before.From
		tallies[i] = t
	}
	if !lackDays(tallies, o.Days, q.Common) {
		return tallies, nil
	}
	months := newMonths(len(tallies))
	add := func(f history.Filter, k groupKey) error {
		for c, err := range store.Counts(ctx, f) {
			if err != nil {
				return err
			}
			switch q.GroupBy {
			case query.GroupByRepoType:
				k.repoType = c.Repo.Type
			case query.GroupByOrg:
				k.org = c.Repo.Org()
			}
			if i, ok := at[k]; ok {
				months.add(i, c)
			}
		}
		return nil
	}
	filters := []history.Filter{q.Filter}
	if q.GroupBy == query.GroupByGroup {
		filters = nil
		for _, g := range o.Groups {
			q.Filter.Groups = []string{g.Group}
			filters = append(filters, q.Filter)
		}
	}
	for i, f := range filters {
		var k groupKey
		if q.GroupBy == query.GroupByGroup {
			k.group = o.Groups[i].Group
		}
		if err := add(f, k); err != nil {
			return nil, err
		}
	}
	months.fill(tallies, o.Days)
	return tallies, nil
}

// rowTallies returns those of the rows of a table. A repository that has records, and none
// in the period, has no downloads in it, unless all its records are of later days. What is
// new has grown, by no percentage.
func rowTallies(ctx context.Context, store history.Reader, page history.ReposPage, q query.Common) ([]tally, error) {
	tallies, at, lacking := make([]tally, len(page.Rows)), make(map[history.Repo]int), make(map[history.Repo]bool)
	for i, r := range page.Rows {
		t := tally{total: r.Total, downloads: r.Downloads, before: r.Before, hasBefore: page.HasBefore, recorded: r.Recorded}
		if r.Recorded.Len() == 0 || r.Recorded.From > page.Days.To {
			t.downloads, t.hasBefore = history.Unknown, false
		}
		t.short = r.Recorded.From > page.Before.From
		tallies[i], at[r.Repo] = t, i
		if lackDays(tallies[i:i+1], page.Days, q) {
			lacking[r.Repo] = true
		}
	}
	months := newMonths(len(tallies))
	err := eachCount(ctx, store, q.Filter.RepoTypes, lacking, func(c history.Counts) { months.add(at[c.Repo], c) })
	months.fill(tallies, page.Days)
	return tallies, err
}

// lackDays reports whether the Hub may know more of the last month than the records of
// one of the tallies say, which do not reach back to its first day.
func lackDays(tallies []tally, days history.Days, q query.Common) bool {
	for _, t := range tallies {
		if q.Period == query.LastMonth && (t.downloads == history.Unknown || t.recorded.From > days.From) {
			return true
		}
	}
	return false
}

// months are the numbers of the last month as the metrics page has them: the Hub's own
// where it told them, else those of the records.
type months []int64

func newMonths(n int) months {
	m := make(months, n)
	for i := range m {
		m[i] = history.Unknown
	}
	return m
}

func (m months) add(i int, c history.Counts) {
	if c.LastMonth != history.Unknown {
		m[i] = max(m[i], 0) + c.LastMonth
	}
}

// fill puts them in the place of sums over fewer days, which they do not compare with. A 0
// says no more than the records do.
func (m months) fill(tallies []tally, days history.Days) {
	for i := range tallies {
		t := &tallies[i]
		if lacks := t.downloads == history.Unknown || t.recorded.From > days.From; lacks && m[i] > max(t.downloads, 0) {
			t.downloads, t.hasBefore, t.byHub = m[i], false, true
		}
	}
}

// anyDownloads reports whether the downloads in the period are known of any of them.
func anyDownloads(tallies []tally) bool {
	return slices.ContainsFunc(tallies, func(t tally) bool { return t.downloads != history.Unknown })
}

// number returns a number that follows from the tally alone.
func (t tally) number(n query.Number, q query.Common) (value float64, known bool) {
	switch n {
	case query.TotalDownloads:
		return float64(t.total), t.total != history.Unknown
	case query.Downloads:
		return float64(t.downloads), t.downloads != history.Unknown
	case query.Before:
		return float64(t.before), t.hasBefore
	case query.Change:
		return float64(t.downloads - t.before), t.hasBefore
	case query.ChangePercent:
		return percent(t.downloads-t.before, t.before), t.hasBefore && t.before != 0 && !t.short
	case query.DaysSinceRecord:
		end := q.To
		if end.IsZero() {
			end = time.Now()
		}
		return float64(max(history.DayOf(end)-t.recorded.To, 0)), t.recorded.Len() > 0
	}
	return 0, false
}

// percent returns part as a percentage of whole, which is not 0.
func percent(part, whole int64) float64 { return 100 * float64(part) / float64(whole) }

// comparisonFields are the downloads of a period and those of the previous period,
// null where they are not known. A change from nothing has no percentage.
func comparisonFields(tallies []tally, q query.Common) []*data.Field {
	n := len(tallies)
	downloads, before, change, percents := make([]*int64, n), make([]*int64, n), make([]*int64, n), make([]*float64, n)
	for i := range tallies {
		t := &tallies[i]
		downloads[i] = history.Known(&t.downloads)
		if t.hasBefore {
			b, c := t.before, t.downloads-t.before
			before[i], change[i] = &b, &c
		}
		if p, ok := t.number(query.ChangePercent, q); ok {
			percents[i] = &p
		}
	}
	return []*data.Field{
		numberField(query.Downloads, downloads), numberField(query.Before, before),
		numberField(query.Change, change), numberField(query.ChangePercent, percents),
	}
}

// markHub says in a notice which of the downloads are the Hub's own number.
func markHub(f *data.Frame, tallies []tally) {
	n := 0
	for _, t := range tallies {
		if t.byHub {
			n++
		}
	}
	if n > 0 {
		inform(f, "The daily downloads of the last month are incomplete for %d of %d. For these, the Hub's own number for the last 30 days is shown, "+
			"without a previous period.", n, len(tallies))
	}
}
