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
		return overviewSeries(o, q), nil
	}
	return data.Frames{overviewTotals(o, q)}, nil
}

// overviewTotals has a row for each group.
func overviewTotals(o history.Overview, q query.Overview) *data.Frame {
	f := newFrame(nameOverview, data.FrameTypeNumericLong)
	n := len(o.Groups)
	if n == 0 {
		return f
	}
	repoTypes, orgs := make([]string, n), make([]string, n)
	repos, totals := make([]int64, n), make([]int64, n)
	compared := newComparison(n)
	for i := range o.Groups {
		g := &o.Groups[i]
		repoTypes[i], orgs[i] = string(g.RepoType), g.Org
		repos[i], totals[i] = int64(g.Repos), g.Total
		compared.set(i, g.Downloads, g.Before, o.HasBefore)
	}
	switch q.GroupBy {
	case query.GroupByRepoType:
		f.Fields = append(f.Fields, repoTypeField(repoTypes))
	case query.GroupByOrg:
		f.Fields = append(f.Fields, describe(data.NewField("org", nil, orgs),
			"Organization", "", "Organization or user, nothing for legacy names without one."))
	}
	f.Fields = append(f.Fields,
		describe(data.NewField("repos", nil, repos), "Repos", unitCount, "Number of repositories."),
		describe(data.NewField("total", nil, totals), "Total", unitCount, "Sum of the Hub's cumulative numbers of downloads."),
	)
	f.Fields = append(f.Fields, compared.fields()...)
	return f
}

// overviewSeries has a frame for each group that has a record in the period.
func overviewSeries(o history.Overview, q query.Overview) data.Frames {
	var frames data.Frames
	for i := range o.Groups {
		g := &o.Groups[i]
		s := newSeries(q.Interval)
		for _, d := range g.Series {
			s.add(d.Day, d.Downloads)
		}
		name, labels := "Downloads", data.Labels(nil)
		switch q.GroupBy {
		case query.GroupByRepoType:
			name, labels = string(g.RepoType), data.Labels{"repo_type": string(g.RepoType)}
		case query.GroupByOrg:
			name, labels = orgText(g.Org), data.Labels{"org": g.Org}
		}
		if f := s.frame(nameOverview, name, labels); f != nil {
			frames = append(frames, f)
		}
	}
	return framesOrNone(nameOverview, frames)
}

func repoTypeField(values []string) *data.Field {
	return describe(data.NewField("repo_type", nil, values),
		"Repo type", "", "What the repository holds: model, dataset, space or another word of the Hub.")
}

// comparison is the downloads of a period beside those of the period before it.
type comparison struct {
	downloads      []int64
	before, change []*int64
	percent        []*float64
}

func newComparison(n int) *comparison {
	return &comparison{
		downloads: make([]int64, n), before: make([]*int64, n), change: make([]*int64, n), percent: make([]*float64, n),
	}
}

// set sets row i. What there is no period before for stays null, and so does a
// change from nothing in percent.
func (c *comparison) set(i int, downloads, before int64, hasBefore bool) {
	c.downloads[i] = downloads
	if !hasBefore {
		return
	}
	change := downloads - before
	c.before[i], c.change[i] = &before, &change
	if before != 0 {
		percent := 100 * float64(change) / float64(before)
		c.percent[i] = &percent
	}
}

func (c *comparison) fields() []*data.Field {
	return []*data.Field{
		describe(data.NewField("downloads", nil, c.downloads), "Downloads", unitCount, "Downloads in the period."),
		describe(data.NewField("before", nil, c.before), "Before", unitCount,
			"Downloads in the period of the same length just before."),
		describe(data.NewField("change", nil, c.change), "Change", unitCount, "Downloads less those before."),
		describe(data.NewField("change_percent", nil, c.percent), "Change (%)", unitPercent, "Change in percent of the downloads before."),
	}
}
