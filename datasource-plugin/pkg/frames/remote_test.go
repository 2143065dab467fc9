package frames

import (
	"net/http/httptest"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/client"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/server"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// TestOverTheAPI asks an exporter over HTTP: the answers are those of its store, and
// what is asked for keeps to the limits of the API.
func TestOverTheAPI(t *testing.T) {
	f := func(s history.Reader, all ...ask) {
		t.Helper()
		server := httptest.NewServer(server.New(s, server.Options{}))
		t.Cleanup(server.Close)
		client, err := client.New(server.URL, server.Client(), client.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range all {
			if got, want := jsonOf(t, answer(t, client, q)), jsonOf(t, answer(t, s, q)); got != want {
				t.Errorf("%+v: got\n%s\nwant\n%s", q, got, want)
			}
		}
	}
	q := between(ask{Format: query.Table, Limit: 100, Interval: query.Daily, Least: 1000, Values: query.Orgs}, "2024-03-01", "2024-03-30")
	all := func(change func(*ask)) ask {
		q := q
		change(&q)
		return q
	}
	f(corrected(t),
		all(func(q *ask) { q.Type, q.GroupBy = query.TypeOverview, query.GroupByOrg }),
		all(func(q *ask) {
			q.Type, q.Format, q.GroupBy = query.TypeOverview, query.TimeSeries, query.GroupByNone
		}),
		all(func(q *ask) { q.Type, q.Trend, q.Limit = query.TypeRepos, 400, 2500 }),
		all(func(q *ask) { q.Type, q.Format = query.TypeRepos, query.TimeSeries }),
		all(func(q *ask) { q.Type = query.TypeExport }),
		all(func(q *ask) { q.Type, q.Number = query.TypeReadings, query.TotalDownloads }),
		all(func(q *ask) { q.Type = query.TypeMilestones }),
		all(func(q *ask) { q.Type = query.TypeCorrections }),
		all(func(q *ask) { q.Type, q.GroupBy = query.TypeForecast, query.GroupByOrg }),
		all(func(q *ask) { q.Type, q.Format = query.TypeRepos, query.Launch }),
		all(func(q *ask) { q.Type = query.TypeVariable }),
		all(func(q *ask) { q.Type, q.Values = query.TypeVariable, query.RepoNames }),
	)
	large := ask{Type: query.TypeRepos, Format: query.TimeSeries, Interval: query.Month, Period: query.AllTime}
	few, many := large, large
	few.Limit, many.Limit = 1, 500 // the many by their records
	last := between(ask{Type: query.TypeMilestones, Least: 1000}, "2025-01-01", "2025-12-31")
	overlaid := ask{
		Type: query.TypeOverview, Format: query.TimeSeries, Interval: query.Daily, Period: query.LastMonth, GroupBy: query.GroupByRepoType,
		Overlay: query.PreviousYear, Smooth: query.SevenDays,
	}
	record := between(ask{Type: query.TypeHighlights, Event: query.RecordDay, GroupBy: query.GroupByOrg}, "2025-01-01", "2025-12-31")
	outlier := record
	outlier.Event = query.OutlierDay
	next := ask{Type: query.TypeForecast, GroupBy: query.GroupByRepo, Limit: 500}
	curves := ask{Type: query.TypeRepos, Format: query.Launch, Period: query.AllTime, Limit: 100}
	f(syntheticStore(t, 120, 2100), few, many, last, overlaid, record, outlier, next, curves)
}

// TestScanOfManyPages reads a table of more pages than one.
func TestScanOfManyPages(t *testing.T) {
	f := func(repos, n, pages int) {
		t.Helper()
		s := &spy{Reader: syntheticStore(t, repos, 1)}
		seen := make(map[history.Repo]bool)
		err := eachRow(t.Context(), s, history.ReposQuery{Sort: history.SortTotal}, func(r *history.RepoRow) bool {
			seen[r.Repo] = true
			return len(seen) < n || n == repos
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(seen) != n || len(s.repos) != pages {
			t.Errorf("got %d repositories of %d in %d pages, want %d in %d", len(seen), repos, len(s.repos), n, pages)
		}
	}
	f(scanRows+1, 1, 1)
	f(scanRows+1, scanRows, 1)
	f(scanRows+1, scanRows+1, 2)
	f(2*scanRows, 2*scanRows, 2)
	f(1, 1, 1)
}
