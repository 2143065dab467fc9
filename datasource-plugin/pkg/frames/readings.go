package frames

import (
	"context"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// readings answers with a frame for each of the repositories with the most downloads of
// all time that has such a number in the period.
func readings(ctx context.Context, store history.Reader, q query.Readings) (data.Frames, error) {
	page, err := store.Repos(ctx, history.ReposQuery{Filter: q.Filter, Period: q.Days(), Sort: history.SortTotal, Limit: q.Limit})
	if err != nil {
		return nil, err
	}
	type line struct {
		times  []time.Time
		values []int64
	}
	lines := make(map[history.Repo]*line, len(page.Rows))
	for i := range page.Rows {
		lines[page.Rows[i].Repo] = &line{}
	}
	for part := range chunksOfNames(lines) {
		f := history.Filter{RepoTypes: q.Filter.RepoTypes, Repos: part}
		for r, err := range store.Readings(ctx, history.ReadingsQuery{Filter: f, Period: q.Days()}) {
			if err != nil {
				return nil, err
			}
			// A name may be of another type too, that is not among the first.
			if l, n := lines[r.Repo], numberOf(&r, q.Number); l != nil && n != history.Unknown {
				l.times, l.values = append(l.times, r.AsOf.Time()), append(l.values, n)
			}
		}
	}
	var frames data.Frames
	for repo, name := range displayNames(page.Rows) {
		l := lines[repo]
		if len(l.times) == 0 {
			continue
		}
		frames = append(frames, newFrame(nameReadings, data.FrameTypeTimeSeriesMulti,
			describe(data.NewField("time", nil, l.times), "Time", "", "When the Hub said it."),
			describe(data.NewField(string(q.Number), repoLabels(repo), l.values), name, unitCount, strings.TrimSuffix(numberTexts[q.Number].description, ".")+", as the Hub said then.")))
	}
	return framesOrNone(nameReadings, frames), nil
}

func numberOf(r *history.Reading, n query.Number) int64 {
	switch n {
	case query.LastMonthDownloads:
		return r.LastMonth
	case query.Likes:
		return r.Likes
	}
	return r.Total
}
