package frames

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestReadings(t *testing.T) {
	s := listed(t)
	q := between(ask{Type: query.TypeReadings, Number: query.Likes, Limit: 10}, "2024-03-12", "2024-03-13")
	golden(t, "readings_likes", answer(t, s, q))

	f := func(q ask, want ...string) {
		t.Helper()
		var got []string
		for _, f := range answer(t, s, q) {
			line := f.Fields[1].Config.DisplayNameFromDS
			values := field[int64](t, f, string(q.Number))
			for i, at := range field[time.Time](t, f, "time") {
				line += fmt.Sprintf(" %s=%d", at.UTC().Format("02T15"), values[i])
			}
			got = append(got, line)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%+v: got\n%q\nwant\n%q", q, got, want)
		}
	}
	// Exports have totals, and sums of their last 30 days; what was never said is no point.
	q.Number, q.Period = query.TotalDownloads, query.AllTime
	f(q, "acme/alpha (dataset) 11T06=1000000 12T06=1000012 13T06=1000013", "acme/alpha (model) 11T06=10050 12T06=10062 13T06=10063",
		"legacy-one 11T06=500", "beta/fast? 11T06=0")
	q.Number = query.LastMonthDownloads
	q.Filter = history.Filter{Repos: []string{alpha.Name, legacy.Name}, RepoTypes: []history.RepoType{history.Model}}
	f(q, "acme/alpha 11T06=87 12T06=87 13T06=87", "legacy-one 11T06=7")
	q.Limit = 1
	f(q, "acme/alpha 11T06=87 12T06=87 13T06=87")

	q.Filter = history.Filter{Search: "nothing like it"}
	noData(t, answer(t, s, q), data.FrameTypeTimeSeriesMulti)
	q = between(q, "2025-01-01", "2025-01-09")
	q.Filter = history.Filter{}
	noData(t, answer(t, s, q), data.FrameTypeTimeSeriesMulti)
}
