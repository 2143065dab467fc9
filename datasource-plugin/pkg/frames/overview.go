package frames

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// overview answers with sums.
func overview(ctx context.Context, store history.Reader, q query.Overview) (data.Frames, error) {
	ask := groupsBy(q.GroupBy, q.Filter, q.Days())
	ask.Series = q.Format == query.TimeSeries
	o, err := store.Overview(ctx, ask)
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
	if len(f.Fields) > 0 && !anyDownloads(tallies) {
		err = sayWhyEmpty(ctx, store, f, q)
	}
	return data.Frames{f}, err
}

// groupsBy asks for the sums of groups.
func groupsBy(by query.GroupBy, f history.Filter, p history.Period) history.OverviewQuery {
	return history.OverviewQuery{
		Filter: f, Period: p,
		ByRepoType: by == query.GroupByRepoType, ByOrg: by == query.GroupByOrg, ByGroup: by == query.GroupByGroup,
	}
}

// overviewTotals has a row for each group.
func overviewTotals(o history.Overview, tallies []tally, q query.Overview) *data.Frame {
	f := newFrame(nameOverview, data.FrameTypeNumericLong)
	n := len(o.Groups)
	if n == 0 {
		return f
	}
	names, repos, totals := make([]string, n), make([]int64, n), make([]int64, n)
	for i := range o.Groups {
		g := &o.Groups[i]
		names[i], repos[i], totals[i] = dimensionOf(g, q.GroupBy), int64(g.Repos), g.Total
	}
	if dimension := dimensions[q.GroupBy]; dimension != "" {
		f.Fields = append(f.Fields, dimensionField(dimension, names))
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
	value := dimensionOf(g, by)
	switch by {
	case query.GroupByNone:
		return "Downloads", nil
	case query.GroupByOrg:
		name = orgText(value)
	default:
		name = value
	}
	return name, data.Labels{dimensions[by]: value}
}

// dimensions are what groups are told apart by.
var dimensions = map[query.GroupBy]string{query.GroupByRepoType: "repo_type", query.GroupByOrg: "org", query.GroupByGroup: "group"}

// dimensionOf returns what a group is told apart by from others, "" if there is one group.
func dimensionOf(g *history.Group, by query.GroupBy) string {
	switch by {
	case query.GroupByRepoType:
		return string(g.RepoType)
	case query.GroupByOrg:
		return g.Org
	case query.GroupByGroup:
		return g.Group
	}
	return ""
}
