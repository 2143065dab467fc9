package frames

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// overview answers with sums.
func overview(ctx context.Context, store history.Reader, q query.Overview) (data.Frames, error) {
	o, err := store.Overview(ctx, history.OverviewQuery{
		Filter:     q.Filter,
		Period:     q.Days(),
		ByRepoType: q.GroupBy == query.GroupByRepoType,
		ByOrg:      q.GroupBy == query.GroupByOrg,
		Series:     q.Format == query.TimeSeries,
	})
	switch {
	case err != nil:
		return nil, err
	case q.Format == query.TimeSeries:
		return overviewSeries(ctx, store, o, q)
	}
	tallies, err := groupTallies(ctx, store, o, q)
	if err != nil {
		return nil, err
	}
	var f *data.Frame
	if q.Value == "" {
		f = overviewTotals(o, tallies, q)
	} else if f, err = overviewNumbers(ctx, store, o, tallies, q); err != nil {
		return nil, err
	}
	markHub(f, tallies)
	return data.Frames{f}, nil
}

// overviewTotals has a row for each group.
func overviewTotals(o history.Overview, tallies []tally, q query.Overview) *data.Frame {
	f := newFrame(nameOverview, data.FrameTypeNumericLong)
	n := len(o.Groups)
	if n == 0 {
		return f
	}
	repoTypes, orgs := make([]string, n), make([]string, n)
	repos, totals := make([]int64, n), make([]int64, n)
	for i := range o.Groups {
		g := &o.Groups[i]
		repoTypes[i], orgs[i] = string(g.RepoType), g.Org
		repos[i], totals[i] = int64(g.Repos), g.Total
	}
	switch q.GroupBy {
	case query.GroupByRepoType:
		f.Fields = append(f.Fields, dimensionField("repo_type", repoTypes))
	case query.GroupByOrg:
		f.Fields = append(f.Fields, dimensionField("org", orgs))
	}
	f.Fields = append(f.Fields, numberField(query.RepoCount, repos), numberField(query.TotalDownloads, totals))
	f.Fields = append(f.Fields, comparisonFields(tallies, q.Common)...)
	return f
}

// overviewSeries has a frame for each group that has a record in the period, and those of
// what is drawn over it.
func overviewSeries(ctx context.Context, store history.Reader, o history.Overview, q query.Overview) (data.Frames, error) {
	over, err := newOverlays(ctx, store, o, q)
	if err != nil {
		return nil, err
	}
	var frames data.Frames
	for i := range o.Groups {
		g := &o.Groups[i]
		s := newSeries(q.Interval, o.Days)
		for _, d := range g.Series {
			s.add(d.Day, d.Downloads)
		}
		name, labels := groupName(g, q.GroupBy)
		frames = append(frames, s.frames(nameOverview, name, labels)...)
		frames = append(frames, over.frames(g, name, labels)...)
	}
	frames = framesOrNone(nameOverview, frames)
	if q.Overlay == query.PreviousPeriod && q.Period == query.AllTime {
		inform(frames[0], "All time has no previous period to compare with.")
	}
	return frames, nil
}

// groupName returns the name of a group for people, and the labels that its numbers have.
func groupName(g *history.Group, by query.GroupBy) (name string, labels data.Labels) {
	switch by {
	case query.GroupByRepoType:
		return string(g.RepoType), data.Labels{"repo_type": string(g.RepoType)}
	case query.GroupByOrg:
		return orgText(g.Org), data.Labels{"org": g.Org}
	}
	return "Downloads", nil
}
