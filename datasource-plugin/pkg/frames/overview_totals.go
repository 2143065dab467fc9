package frames

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// overviewTotals answers with a row for each group.
func overviewTotals(ctx context.Context, store history.Reader, q query.Query) (data.Frames, error) {
	o, err := store.Overview(ctx, overviewOf(q))
	if err != nil {
		return nil, err
	}
	if len(o.Groups) == 0 {
		return data.Frames{newFrame(nameOverview, data.FrameTypeNumericLong)}, nil
	}
	n := len(o.Groups)
	repoTypes, orgs := make([]string, n), make([]string, n)
	repos, totals := make([]int64, n), make([]int64, n)
	compared := newComparison(n)
	for i := range o.Groups {
		g := &o.Groups[i]
		repoTypes[i], orgs[i] = string(g.RepoType), g.Org
		repos[i], totals[i] = int64(g.Repos), g.Total
		compared.set(i, g.Downloads, g.Before, o.HasBefore)
	}
	f := newFrame(nameOverview, data.FrameTypeNumericLong)
	switch q.GroupBy {
	case query.GroupByRepoType:
		f.Fields = append(f.Fields, repoTypeField(repoTypes))
	case query.GroupByOrg:
		f.Fields = append(f.Fields, describe(data.NewField("org", nil, orgs),
			"Organisation", "", "Organisation or user, nothing for legacy names without one."))
	}
	f.Fields = append(f.Fields,
		describe(data.NewField("repos", nil, repos), "Repos", unitCount, "Number of repositories."),
		describe(data.NewField("total", nil, totals), "Total", unitCount, "Sum of the Hub's cumulative numbers of downloads."),
	)
	f.Fields = append(f.Fields, compared.fields()...)
	return data.Frames{f}, nil
}

// overviewOf is the query of the store for an overview, without series.
func overviewOf(q query.Query) history.OverviewQuery {
	return history.OverviewQuery{
		Filter:     q.Filter,
		Period:     q.Days(),
		ByRepoType: q.GroupBy == query.GroupByRepoType,
		ByOrg:      q.GroupBy == query.GroupByOrg,
	}
}

func repoTypeField(values []string) *data.Field {
	return describe(data.NewField("repo_type", nil, values),
		"Repo type", "", "What the repository holds: model, dataset, space or another word of the Hub.")
}
