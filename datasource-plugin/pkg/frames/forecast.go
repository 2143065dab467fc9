//gosec:disable G115 -- numbers of days are small

package frames

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/analysis"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// upcoming is the next milestone of a group or a repository.
type upcoming struct {
	dimensions []string
	total      int64
	known      bool // the forecast
	analysis.Forecast
}

// forecast answers with the next milestones of groups or repositories, the next one
// to be passed first. What is forecast does not depend on the time range: totals are those of
// the last recorded day.
func forecast(ctx context.Context, store history.Reader, q query.Forecast) (data.Frames, error) {
	o, err := store.Overview(ctx, history.OverviewQuery{Filter: q.Filter})
	f := newFrame(nameForecast, data.FrameTypeTable)
	if err != nil || o.Recorded.Len() == 0 {
		return data.Frames{f}, err
	}
	last := o.Recorded.To
	days := history.RangeOf(max(last-analysis.ForecastDays+1, history.MinDay), last)
	var all []upcoming
	add := func(total int64, series []history.DayDownloads, dimensions ...string) {
		u := upcoming{dimensions: dimensions, total: total}
		u.Forecast, u.known = analysis.NextOf(total, series, last)
		if u.Milestone > 0 {
			all = append(all, u)
		}
	}
	var names []string
	if q.GroupBy == query.GroupByRepo {
		names = []string{"repo_type", "repo"}
		page, err := store.Repos(ctx, history.ReposQuery{
			Filter: q.Filter, Period: days, Sort: history.SortTotal, Limit: q.Limit, Trend: analysis.ForecastDays,
		})
		if err != nil {
			return nil, err
		}
		for i := range page.Rows {
			r := &page.Rows[i]
			add(r.Total, seriesOf(r.Trend, page.Days), string(r.Repo.Type), r.Repo.Name)
		}
	} else {
		if dimension := dimensions[q.GroupBy]; dimension != "" {
			names = []string{dimension}
		}
		ask := groupsBy(q.GroupBy, q.Filter, days)
		ask.Series = true
		if o, err = store.Overview(ctx, ask); err != nil {
			return nil, err
		}
		for i := range o.Groups {
			g := &o.Groups[i]
			add(g.Total, g.Series, dimensionOf(g, q.GroupBy))
		}
	}
	slices.SortStableFunc(all, func(a, b upcoming) int { return cmp.Compare(b.total, a.total) })
	all = all[:min(len(all), q.Limit)]
	slices.SortStableFunc(all, func(a, b upcoming) int { return cmp.Compare(a.when(), b.when()) })
	fillForecast(f, names, all)
	return data.Frames{f}, nil
}

// when returns the day of the forecast, or what comes after all of them.
func (u upcoming) when() history.Day {
	if !u.known || u.Day == history.NoDay {
		return history.MaxDay + 1
	}
	return u.Day
}

func fillForecast(f *data.Frame, dimensions []string, all []upcoming) {
	n := len(all)
	if n == 0 {
		return
	}
	for i, dimension := range dimensions {
		values := make([]string, n)
		for j, u := range all {
			values[j] = u.dimensions[i]
		}
		f.Fields = append(f.Fields, dimensionField(dimension, values))
	}
	totals, milestones := make([]int64, n), make([]int64, n)
	perDay := make([]*float64, n)
	days, earliest, latest := make([]*time.Time, n), make([]*time.Time, n), make([]*time.Time, n)
	for i, u := range all {
		totals[i], milestones[i] = u.total, u.Milestone
		if u.known {
			perDay[i] = &u.PerDay
			days[i], earliest[i], latest[i] = timeOf(u.Day), timeOf(u.Earliest), timeOf(u.Latest)
		}
	}
	f.Fields = append(f.Fields,
		numberField(query.TotalDownloads, totals),
		describe(data.NewField("milestone", nil, milestones), "Next milestone", unitCount, "The smallest power of ten above the total, from 1,000 on."),
		oneDecimal(describe(data.NewField("per_day", nil, perDay), "Per day", unitCount, "Downloads per day: the median of the last 8 weeks.")),
		describe(data.NewField("day", nil, days), "Expected", unitDay, "The day on which the milestone is passed with that many downloads per day."),
		describe(data.NewField("earliest", nil, earliest), "Earliest", unitDay, "The same with the downloads per day of the strongest of the last 8 weeks."),
		describe(data.NewField("latest", nil, latest), "Latest", unitDay, "The same with the downloads per day of the weakest of the last 8 weeks; empty if it had none."),
	)
}

// timeOf returns a day as a nullable field has it: nil for NoDay.
func timeOf(day history.Day) *time.Time {
	if day == history.NoDay {
		return nil
	}
	t := day.Time()
	return &t
}

// seriesOf returns the recorded days of a trend whose points are days.
func seriesOf(trend []int64, days history.Days) []history.DayDownloads {
	var series []history.DayDownloads
	for i, n := range trend {
		if n != history.Unknown {
			series = append(series, history.DayDownloads{Day: days.From + history.Day(i), Downloads: n})
		}
	}
	return series
}
