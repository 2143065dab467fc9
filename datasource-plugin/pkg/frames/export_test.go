package frames

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
)

func TestExport(t *testing.T) {
	s := world(t)
	q := between(ask{Type: query.TypeExport, Format: query.Table, Limit: 100}, "2024-03-02", "2024-03-09")
	golden(t, "export", answer(t, s, q))
	q.Order, q.Limit = history.OrderRepo, 3
	golden(t, "export_cut", answer(t, s, q))

	// as many as there are: nothing is cut
	q.Limit = 11
	f := answer(t, s, q)[0]
	if f.Rows() != 11 || len(f.Meta.Notices) > 0 {
		t.Errorf("got %d rows and the notices %v, want 11 and none", f.Rows(), f.Meta.Notices)
	}
	q.Filter.Orgs = []string{"nobody"}
	noData(t, answer(t, s, q), data.FrameTypeTable)
}

// TestExportEndsTheStream checks that no more is read than the limit needs.
func TestExportEndsTheStream(t *testing.T) {
	f := func(limit, rows, blocks int, cut bool) {
		t.Helper()
		s := &spy{Reader: syntheticStore(t, 100, 200)}
		got := answer(t, s, ask{Type: query.TypeExport, Period: query.AllTime, Limit: limit})[0]
		if got.Rows() != rows || s.blocks != blocks {
			t.Errorf("limit %d: got %d rows of %d blocks, want %d of %d", limit, got.Rows(), s.blocks, rows, blocks)
		}
		if (len(got.Meta.Notices) > 0) != cut {
			t.Errorf("limit %d: got the notices %v, want one: %t", limit, got.Meta.Notices, cut)
		}
	}
	records, err := history.Collect(syntheticStore(t, 100, 200).Records(t.Context(), history.RecordsQuery{}))
	if err != nil {
		t.Fatal(err)
	}
	all := len(records)
	blocks := (all + history.BlockRows - 1) / history.BlockRows
	f(1, 1, 1, true)
	f(history.BlockRows-1, history.BlockRows-1, 1, true)
	// Only the next block tells whether there are more.
	f(history.BlockRows, history.BlockRows, 2, true)
	f(history.BlockRows+1, history.BlockRows+1, 2, true)
	f(all-1, all-1, blocks, true)
	f(all, all, blocks, false)
	f(all+1, all, blocks, false)
	f(0, all, blocks, false)
}

// TestExportRecords compares frames with the records themselves.
func TestExportRecords(t *testing.T) {
	s := syntheticStore(t, 30, 300)
	add(t, s, "2026-01-02T00:00:00Z", rec(untold, history.Unknown, "2025-12-30", 5), rec(untold, history.Unknown, "2025-12-31", 0))
	f := func(q ask) {
		t.Helper()
		want, err := history.Collect(s.Records(t.Context(), history.RecordsQuery{Filter: q.Filter, Period: q.query().Base().Days(), Order: q.Order}))
		if err != nil {
			t.Fatal(err)
		}
		q.Type = query.TypeExport
		frames, err := Answer(t.Context(), s, q.query(), hub.DefaultEndpoint)
		if err != nil {
			t.Fatal(err)
		}
		var got []history.Record
		if len(want) > 0 {
			got = recordsOf(t, frames[0])
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %d records, want %d, or others", len(got), len(want))
		}
	}
	f(ask{Period: query.AllTime})
	f(ask{Period: query.AllTime, Order: history.OrderRepo})
	f(ask{Period: query.AllTime, Filter: history.Filter{Repos: []string{untold.Name}}})
	f(ask{Period: query.AllTime, Filter: history.Filter{Repos: []string{"nobody"}}})
	f(ask{Period: query.LastMonth})
}

func recordsOf(t *testing.T, f *data.Frame) []history.Record {
	t.Helper()
	repoTypes, repoNames := field[string](t, f, "repoType"), field[string](t, f, "repoName")
	totals, downloads := field[*int64](t, f, "total"), field[int64](t, f, "downloads")
	out := make([]history.Record, f.Rows())
	for i, at := range field[time.Time](t, f, "timestamp") {
		if at.Location() != time.UTC || at != history.DayOf(at).Time() {
			t.Errorf("row %d: got the timestamp %s, want midnight UTC", i, at)
		}
		out[i] = history.Record{
			Repo:  history.Repo{Type: history.RepoType(repoTypes[i]), Name: repoNames[i]},
			Total: history.Unknown, Day: history.DayOf(at), Downloads: downloads[i],
		}
		if totals[i] != nil {
			out[i].Total = *totals[i]
		}
	}
	return out
}

// broken is a store that fails.
type broken struct{ history.Reader }

var errBroken = errors.New("the store is broken")

func (broken) Overview(context.Context, history.OverviewQuery) (history.Overview, error) {
	return history.Overview{}, errBroken
}

func (broken) Repos(context.Context, history.ReposQuery) (history.ReposPage, error) {
	return history.ReposPage{}, errBroken
}

func (b broken) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		for rows := range b.Reader.Records(ctx, q) {
			if !yield(rows, nil) {
				return
			}
			break
		}
		yield(nil, errBroken)
	}
}

// onlyRecords is a store of which nothing but the stream of records fails.
type onlyRecords struct{ history.Reader }

func (s onlyRecords) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	return broken(s).Records(ctx, q)
}

func TestErrorsOfTheStore(t *testing.T) {
	s := syntheticStore(t, 50, 2100)
	f := func(s history.Reader, q ask) {
		t.Helper()
		frames, err := Answer(t.Context(), s, q.query(), hub.DefaultEndpoint)
		if !errors.Is(err, errBroken) || frames != nil {
			t.Errorf("%s, %s: got %d frames and error %v, want %v", q.Type, q.Format, len(frames), err, errBroken)
		}
	}
	f(broken{s}, ask{Type: query.TypeOverview, Format: query.Totals})
	f(broken{s}, ask{Type: query.TypeOverview, Format: query.TimeSeries})
	f(broken{s}, ask{Type: query.TypeRepos, Format: query.Table})
	f(broken{s}, ask{Type: query.TypeRepos, Format: query.TimeSeries})
	f(broken{s}, ask{Type: query.TypeExport})
	f(broken{s}, ask{Type: query.TypeMilestones})
	f(broken{s}, ask{Type: query.TypeCorrections})
	f(broken{s}, ask{Type: query.TypeVariable, Values: query.RepoNames})
	f(broken{s}, ask{Type: query.TypeVariable, Values: query.Orgs})
	f(onlyRecords{s}, ask{Type: query.TypeRepos, Format: query.TimeSeries, Limit: 500, Period: query.AllTime})
	f(onlyRecords{s}, ask{Type: query.TypeMilestones, Least: 10, Period: query.TimeRange})

	_, err := Answer(t.Context(), s, ask{Type: "other"}.query(), hub.DefaultEndpoint)
	if err == nil || !strings.Contains(err.Error(), "got a query.Common") {
		t.Errorf("got error %v, want one that quotes the type", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Answer(ctx, s, ask{Type: query.TypeExport}.query(), hub.DefaultEndpoint); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want that of the context", err)
	}
}
