package promapi

import (
	"context"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// readLastMonth reads the downloads of the last 30 days as the metrics page shows them: what a
// listing reported, at the time when it did, and until the first listing the sum of the records
// of the 30 days that end with the last recorded day, at each midnight.
func readLastMonth(ctx context.Context, r *request) error {
	listed := make(map[history.Repo][]promql.FPoint)
	kept := 0 // of the samples that are asked for: they wait for the sums before them
	// Where listings have come until the first sample is asked for, too.
	period := history.RangeOf(dayAt(r.mint-Lookback.Milliseconds()), dayAt(r.maxt))
	err := r.eachRepo(ctx, period, func(_ labels.Labels, readings []history.Reading) {
		var points []promql.FPoint
		for i := range readings {
			if x := &readings[i]; x.LastMonth != history.Unknown && x.Origin != history.Export {
				if points = append(points, promql.FPoint{T: millis(x.AsOf), F: float64(x.LastMonth)}); millis(x.AsOf) >= r.mint {
					kept++
				}
			}
		}
		if len(points) > 0 && r.samples+kept <= r.maxSamples {
			listed[readings[0].Repo] = points
		}
	})
	if err != nil {
		return err
	}
	if r.samples+kept > r.maxSamples {
		return r.tooManySamples()
	}
	page, err := r.Reader.Repos(ctx, history.ReposQuery{Filter: r.filter, Sort: history.SortName, Ascending: true})
	if err != nil {
		return err
	}
	first := make(map[history.Repo]history.Day)
	for _, row := range page.Rows {
		if row.Recorded.Len() > 0 {
			first[row.Repo] = row.Recorded.From
		}
	}
	if window := (history.Days{From: page.Recorded.From, To: min(dayAt(r.maxt), page.Recorded.To)}); window.Len() > 0 {
		if err := r.sumMonths(ctx, window, first, listed); err != nil {
			return err
		}
	}
	for repo, points := range listed {
		if l, ok := r.wanted(repo); ok {
			r.emit(l, points)
		}
	}
	return nil
}

// sumMonths yields the series of repositories that have records since a first day, with sums
// until the first listing, and takes them out of listed. The window is the days until the last
// one that is asked for.
func (r *request) sumMonths(ctx context.Context, window history.Days, first map[history.Repo]history.Day, listed map[history.Repo][]promql.FPoint) error {
	last, err := r.lastRecorded(ctx, window)
	if err != nil {
		return err
	}
	start := min(max(dayAt(r.mint)-1, window.From), window.To)
	start = max(last[start-window.From]-history.LastMonthDays, window.From)
	last, window.From = last[start-window.From:], start
	// before[i] is the sum of the days of the window before its day i.
	before := make([]int64, window.Len()+1)
	emit := func(repo history.Repo) {
		points, until := listed[repo], r.maxt
		if len(points) > 0 {
			until = min(until, points[0].T-1)
		}
		at := func(d history.Day) int64 { return before[max(int(d-window.From), 0)] }
		summed := r.daily(first[repo]+1, until, func(d history.Day) float64 {
			end := last[min(d-1, window.To)-window.From] + 1
			return float64(at(end) - at(end-history.LastMonthDays))
		})
		delete(first, repo)
		delete(listed, repo)
		if l, ok := r.wanted(repo); ok {
			r.emit(l, append(summed, points...))
		}
	}
	if err := r.eachRecorded(ctx, window, before, emit); err != nil {
		return err
	}
	clear(before)
	for repo := range first {
		emit(repo)
	}
	return nil
}

// lastRecorded returns, for each of some days, the last day until it that is recorded in the
// whole history.
func (r *request) lastRecorded(ctx context.Context, window history.Days) ([]history.Day, error) {
	o, err := r.Reader.Overview(ctx, history.OverviewQuery{Period: history.RangeOf(window.From, window.To), Series: true})
	if err != nil {
		return nil, err
	}
	last := make([]history.Day, max(window.Len(), 0))
	for _, g := range o.Groups {
		for _, d := range g.Series {
			last[d.Day-window.From] = d.Day
		}
	}
	for i := range last {
		if i > 0 {
			last[i] = max(last[i], last[i-1])
		}
	}
	return last, nil
}

// eachRecorded calls use with each repository that has records of a window of days, with their
// sums before each day of it in before.
func (r *request) eachRecorded(ctx context.Context, window history.Days, before []int64, use func(history.Repo)) error {
	var repo history.Repo
	has := false
	end := func() {
		if !has {
			return
		}
		for i := 1; i < len(before); i++ {
			before[i] = history.SaturatingAdd(before[i], before[i-1])
		}
		use(repo)
		clear(before)
		has = false
	}
	query := history.RecordsQuery{Filter: r.filter, Period: history.RangeOf(window.From, window.To), Order: history.OrderRepo}
	for rows, err := range r.Reader.Records(ctx, query) {
		if err != nil {
			return err
		}
		for i := range rows.Len() {
			if next := rows.Repos[rows.Repo[i]].Repo; next != repo {
				end()
				repo = next
			}
			has = true
			before[rows.Day[i]-window.From+1] = rows.Downloads[i]
		}
	}
	end()
	return nil
}
