package web

import (
	"context"
	"slices"
	"time"

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
	Milestones                 []milestone
	Readings                   string // the address of all
}

// milestone is a day on which the cumulative downloads passed a power of ten.
type milestone struct {
	Downloads int64
	Day       history.Day
}

func (v *view) loadRepo(ctx context.Context, store history.Reader, r *history.RepoRow) error {
	one := history.Filter{RepoTypes: []history.RepoType{r.Repo.Type}, Repos: []string{r.Repo.Name}}
	out := &repoView{
		Repo: r.Repo, Total: r.Total, LastMonth: history.Unknown, Likes: history.Unknown, Recorded: r.Recorded,
		Removed: r.Removed, RemovedTime: asOfTime(r.RemovedAsOf), Backdated: r.Backdated, BackdatedTime: asOfTime(r.BackdatedAsOf),
		Back:     address(history.ReposQuery{Period: v.q.Period, Limit: v.q.Limit}),
		Readings: "api/v1/readings?" + wire.Readings.Encode(history.ReadingsQuery{Filter: one}),
	}
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
		out.Milestones = milestones(r.Total, g.Series)
	}
	v.Repo = out
	return nil
}

// milestones returns the days on which a repository passed a power of ten from 1,000 on, the
// newest first. What it had at the end of a day is its total less the downloads of the days
// after it. Without a total it is the sum of the days.
func milestones(total int64, series []history.DayDownloads) (out []milestone) {
	if total == history.Unknown {
		total = 0
		for _, d := range series {
			total += d.Downloads
		}
	}
	for _, d := range slices.Backward(series) {
		before := total - d.Downloads
		power := int64(1000)
		for ; power*10 > 0 && power*10 <= total; power *= 10 {
		}
		for ; power >= 1000 && power > before; power /= 10 {
			if power <= total {
				out = append(out, milestone{power, d.Day})
			}
		}
		total = before
	}
	return out
}
