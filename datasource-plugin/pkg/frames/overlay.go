//gosec:disable G115 -- numbers of days are small

package frames

import (
	"context"
	"maps"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/analysis"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

const (
	// daysOfMean is the length of query.SevenDays.
	daysOfMean = 7
	// weeksOfYear is what the previous year is back, in days, so that weekdays meet.
	weeksOfYear = 52 * 7
	longestYear = 366
)

// overlays is what is drawn over the series of an overview. It needs days from before the
// period.
type overlays struct {
	q    query.Overview
	days history.Days // of the period
	// groups have the days from before the period until its end.
	groups map[groupKey][]history.DayDownloads
}

type groupKey struct {
	repoType history.RepoType
	org      string
	group    string
}

func keyOf(g *history.Group) groupKey { return groupKey{g.RepoType, g.Org, g.Group} }

func newOverlays(ctx context.Context, store history.Reader, o history.Overview, q query.Overview) (overlays, error) {
	over := overlays{q: q, days: o.Days, groups: make(map[groupKey][]history.DayDownloads)}
	earlier := 0
	if over.hasMean() {
		earlier = daysOfMean - 1
	}
	switch {
	case q.Overlay == query.PreviousYear:
		earlier = longestYear
	case over.hasPrevious():
		earlier = max(earlier, o.Days.Len())
	}
	if earlier == 0 || o.Days.Len() == 0 {
		return over, nil
	}
	from := max(o.Days.From-history.Day(earlier), history.MinDay)
	ask := groupsBy(q.GroupBy, q.Filter, history.RangeOf(from, o.Days.To))
	ask.Series = true
	wide, err := store.Overview(ctx, ask)
	for i := range wide.Groups {
		over.groups[keyOf(&wide.Groups[i])] = wide.Groups[i].Series
	}
	return over, err
}

// hasMean: a week or a month is more than seven days already.
func (o overlays) hasMean() bool { return o.q.Smooth != "" && o.q.Interval == query.Daily }

func (o overlays) hasPrevious() bool {
	return o.q.Overlay == query.PreviousPeriod && o.q.Period != query.AllTime || o.q.Overlay == query.PreviousYear
}

// frames returns what is drawn over the series of a group.
func (o overlays) frames(g *history.Group, name string, labels data.Labels) data.Frames {
	days := o.groups[keyOf(g)]
	var out data.Frames
	if o.hasMean() {
		if f := o.mean(days, name, labels); f != nil {
			out = append(out, f)
		}
	}
	if !o.hasPrevious() {
		return out
	}
	s := newSeries(o.q.Interval, o.days)
	for _, d := range days {
		if at := o.shown(d.Day); o.days.Contains(at) {
			s.add(at, d.Downloads)
		}
	}
	title := map[query.Overlay]string{query.PreviousPeriod: " (previous period)", query.PreviousYear: " (previous year)"}[o.q.Overlay]
	for _, f := range s.frames(nameOverview, name+title, with(labels, "overlay", string(o.q.Overlay))) {
		f.Fields[1].Config.Description = "Downloads of the days before that are compared with those shown at this time."
		f.Fields[1].Config.Custom = lineOver(map[string]any{"lineStyle": map[string]any{"fill": "dash", "dash": []int{4, 6}}})
		out = append(out, f)
	}
	return out
}

// shown returns the day of the period which a day before it is compared with.
func (o overlays) shown(day history.Day) history.Day {
	switch {
	case o.q.Overlay == query.PreviousPeriod:
		return day + history.Day(o.days.Len())
	case o.q.Interval != query.Month:
		return day + weeksOfYear
	}
	year, month, date := day.Date()
	date = min(date, history.DaysIn(year+1, month))
	return history.DayOf(time.Date(year+1, time.Month(month), date, 0, 0, 0, 0, time.UTC))
}

// mean returns the seven-day mean of a group, nil if no day of the period has one.
func (o overlays) mean(days []history.DayDownloads, name string, labels data.Labels) *data.Frame {
	var times []time.Time
	var means []float64
	for _, m := range analysis.Means(days, daysOfMean) {
		if o.days.Contains(m.Day) {
			times, means = append(times, m.Day.Time()), append(means, m.Downloads)
		}
	}
	if len(times) == 0 {
		return nil
	}
	f := describe(data.NewField("downloads", with(labels, "smooth", string(o.q.Smooth)), means), name+" (7-day mean)", unitCount,
		"Mean of the recorded days among the seven that end with the day.")
	oneDecimal(f).Config.Custom = lineOver(map[string]any{"lineWidth": 2})
	return newFrame(nameOverview, data.FrameTypeTimeSeriesMulti, timeField(o.q.Interval, times), f)
}

// lineOver is the style of a line that is drawn over bars or areas, and not stacked on them.
func lineOver(style map[string]any) map[string]any {
	maps.Copy(style, map[string]any{
		"drawStyle": "line", "fillOpacity": 0, "showPoints": "never", "axisSoftMin": 0,
		"stacking": map[string]any{"mode": "none", "group": "A"},
	})
	return style
}

// with returns labels with one more.
func with(labels data.Labels, name, value string) data.Labels {
	out := data.Labels{name: value}
	maps.Copy(out, labels)
	return out
}
