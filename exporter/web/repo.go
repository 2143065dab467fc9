package web

import (
	"context"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/analysis"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// repoView is what the page of a repository shows in addition to the sums and the chart.
type repoView struct {
	Repo history.Repo
	Back string // to the table
	// Total, LastMonth and Likes are the Hub's own numbers, Unknown if it has not said.
	Total, LastMonth, Likes    int64
	Recorded                   history.Days
	Removed, Backdated         int64
	RemovedTime, BackdatedTime time.Time
	Lines                      []line
	Milestones                 []analysis.Milestone
	Readings                   string // the address of all
	Badge, Chart               string // the addresses of pictures for other pages
}

func (v *view) loadRepo(ctx context.Context, store history.Reader, r *history.RepoRow) error {
	one := history.Filter{RepoTypes: []history.RepoType{r.Repo.Type}, Repos: []string{r.Repo.Name}}
	out := &repoView{
		Repo: r.Repo, Total: r.Total, LastMonth: history.Unknown, Likes: history.Unknown, Recorded: r.Recorded,
		Removed: r.Removed, RemovedTime: asOfTime(r.RemovedAsOf), Backdated: r.Backdated, BackdatedTime: asOfTime(r.BackdatedAsOf),
		Back:     address(history.ReposQuery{Period: v.q.Period, Limit: v.q.Limit}),
		Readings: "api/v1/readings?" + wire.Readings.Encode(history.ReadingsQuery{Filter: one}),
	}
	badge, _ := wire.Badge.Decode("format=svg")
	badge.Filter, badge.Period = one, v.q.Period
	chart, _ := wire.Chart.Decode("")
	chart.Filter, chart.Period = one, v.q.Period
	out.Badge, out.Chart = "api/v1/badge?"+wire.Badge.Encode(badge), "api/v1/chart.svg?"+wire.Chart.Encode(chart)
	for c, err := range store.Counts(ctx, one) {
		if err != nil {
			return err
		}
		out.LastMonth, out.Likes = c.LastMonth, c.Likes
	}
	readings := make(map[history.Day]history.Reading)
	days := history.NoDays
	for reading, err := range store.Readings(ctx, history.ReadingsQuery{Filter: one, Period: v.q.Period}) {
		if err != nil {
			return err
		}
		if len(readings) == 0 {
			days.From = reading.Day()
		}
		days.To = reading.Day()
		readings[reading.Day()] = reading
	}
	for _, of := range []struct {
		title, class string
		number       func(history.Reading) int64
	}{
		{"All-time downloads", "total", func(r history.Reading) int64 { return r.Total }},
		{"Downloads in 30 days", "month", func(r history.Reading) int64 { return r.LastMonth }},
		{"Likes", "likes", func(r history.Reading) int64 { return r.Likes }},
	} {
		l := newLine(of.title, of.class, days, func(d history.Day) int64 {
			if r, ok := readings[d]; ok {
				return of.number(r)
			}
			return history.Unknown
		})
		if l.Path != "" {
			out.Lines = append(out.Lines, l)
		}
	}
	all, err := store.Overview(ctx, history.OverviewQuery{Filter: one, Series: true})
	if err != nil {
		return err
	}
	for _, g := range all.Groups {
		out.Milestones = analysis.Milestones(r.Total, g.Series, analysis.LeastMilestone)
	}
	v.Repo = out
	return nil
}
