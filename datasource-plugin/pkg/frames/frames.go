// Package frames turns answers of a history.Reader into the data frames of Grafana.
//
// Answer has a file for each type of query. Every frame declares its type, so that
// alert rules and expressions take it, and where there is no data the answer is one
// frame without fields. Sorting, searching and paging are left to the store.
package frames

import (
	"context"
	"fmt"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Answer asks the store what q asks for. There is always at least one frame, and
// each has the RefID of q. Errors are those of the store, and of ctx.
func Answer(ctx context.Context, store history.Reader, q query.Query) (data.Frames, error) {
	answer, err := answerOf(q)
	if err != nil {
		return nil, err
	}
	frames, err := answer(ctx, store, q)
	if err != nil {
		return nil, err
	}
	for _, f := range frames {
		f.RefID = q.RefID
	}
	return frames, nil
}

func answerOf(q query.Query) (func(context.Context, history.Reader, query.Query) (data.Frames, error), error) {
	switch q.Type {
	case query.Overview:
		if q.Format == query.TimeSeries {
			return overviewSeries, nil
		}
		return overviewTotals, nil
	case query.Repos:
		if q.Format == query.TimeSeries {
			return reposSeries, nil
		}
		return reposTable, nil
	case query.Export:
		return exportTable, nil
	case query.Milestones:
		return milestones, nil
	case query.Corrections:
		return corrections, nil
	case query.Variable:
		return variable, nil
	}
	return nil, fmt.Errorf("query type: expected overview, repos, export, milestones, corrections or variable, got %q", q.Type)
}
