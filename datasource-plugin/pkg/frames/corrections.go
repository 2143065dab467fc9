package frames

import (
	"context"
	"fmt"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// corrections answers with the repositories of which the Hub took back downloads in
// the time range, the last time that it did. When it did so before, and of how much,
// is not kept.
func corrections(ctx context.Context, store history.Reader, q query.Query) (data.Frames, error) {
	ask := history.ReposQuery{Filter: q.Filter, Period: q.Days(), Sort: history.SortCorrected}
	var events []event
	err := eachRow(ctx, store, ask, func(r *history.RepoRow) bool {
		if r.Corrected <= 0 {
			return false // and so have all that come after it
		}
		at := r.CorrectedAsOf.Time()
		if r.CorrectedAsOf == 0 || at.Before(q.From) || !q.To.IsZero() && at.After(q.To) {
			return true
		}
		events = append(events, event{
			time:  at,
			kind:  "correction",
			title: "The Hub took back downloads of " + r.Repo.Name,
			text:  fmt.Sprintf("Of the %s %s, %d downloads have been taken back so far.", r.Repo.Type, r.Repo.Name, r.Corrected),
			repo:  r.Repo,
			value: r.Corrected,
		})
		return true
	})
	if err != nil {
		return nil, err
	}
	return eventsFrame(nameCorrections, events, q.Limit), nil
}
