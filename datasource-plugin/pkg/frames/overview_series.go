package frames

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// overviewSeries answers with a frame for each group that has a record in the period.
func overviewSeries(ctx context.Context, store history.Reader, q query.Query) (data.Frames, error) {
	ask := overviewOf(q)
	ask.Series = true
	o, err := store.Overview(ctx, ask)
	if err != nil {
		return nil, err
	}
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
	return framesOrNone(nameOverview, frames), nil
}
