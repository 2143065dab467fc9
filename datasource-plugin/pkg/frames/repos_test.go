package frames

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestReposTable(t *testing.T) {
	s := corrected(t)
	q := between(ask{Type: query.TypeRepos, Format: query.Table, Limit: 50, Trend: 30}, "2024-03-06", "2024-03-09")
	golden(t, "repos_table", answer(t, s, q))
	q.Limit, q.Offset, q.Trend, q.Sort, q.Ascending = 2, 1, 0, history.SortName, true
	golden(t, "repos_table_page", answer(t, s, q))
	q.Period, q.Trend = query.AllTime, 3
	golden(t, "repos_table_all_time", answer(t, s, q))

	// A page that is no longer there, since a search found less, is the first one.
	q.Offset = 5
	frame := answer(t, s, q)[0]
	if got, want := frame.Meta.Custom, (PageInfo{Matched: 5, Offset: 0, TrendStepDays: 3}); got != want || frame.Rows() != 2 {
		t.Errorf("behind the last row: got %+v and %d rows, want %+v and 2", got, frame.Rows(), want)
	}
	q.Filter.Search = "nothing like it"
	noData(t, answer(t, s, q), data.FrameTypeTable)
}

// TestLinks: repositories link to their pages on the Hub that the data source is configured
// for, in tables and in series.
func TestLinks(t *testing.T) {
	s := world(t)
	const mirror = "https://hub.example.org/hf"
	links := func(q ask) (out []string) {
		t.Helper()
		frames, err := Answer(t.Context(), s, q.query(), mirror)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range frames {
			for _, field := range f.Fields {
				for _, l := range field.Config.Links {
					if !l.TargetBlank {
						t.Errorf("expected a page of its own for %s", l.URL)
					}
					out = append(out, field.Name+" "+l.URL)
				}
			}
			if pages, at := f.FieldByName("url"); at >= 0 {
				out = append(out, pages.At(0).(string))
			}
		}
		return out
	}
	f := func(q ask, want ...string) {
		t.Helper()
		q.Limit, q.Interval, q.GroupBy = 1, query.Daily, query.GroupByRepo
		q.Filter = history.Filter{RepoTypes: []history.RepoType{history.Dataset}}
		if got := links(between(q, "2024-03-01", "2024-03-09")); !slices.Equal(got, want) {
			t.Errorf("%s, %s: got %q, want %q", q.Type, q.Format, got, want)
		}
	}
	const page = mirror + "/datasets/acme/alpha"
	f(ask{Type: query.TypeRepos, Format: query.Table}, "repo ${__data.fields.url}", page)
	f(ask{Type: query.TypeRepos, Format: query.TimeSeries}, "downloads "+page)
	f(ask{Type: query.TypeRepos, Format: query.Launch}, "downloads "+page)
	f(ask{Type: query.TypeMilestones, Least: 1000}, "repo ${__data.fields.url}", page)
	f(ask{Type: query.TypeForecast}, "repo ${__data.fields.url}", page)
	// A column of addresses would be a dimension of numbers, and none of the CSV.
	f(ask{Type: query.TypeRepos, Format: query.Table, Value: query.Downloads})
	f(ask{Type: query.TypeExport})
}

func TestReposSeries(t *testing.T) {
	s := world(t)
	q := between(ask{Type: query.TypeRepos, Format: query.TimeSeries, Limit: 3, Interval: query.Daily}, "2024-03-02", "2024-03-09")
	golden(t, "repos_series", answer(t, s, q))
	q = between(q, "2025-01-01", "2025-01-09")
	noData(t, answer(t, s, q), data.FrameTypeTimeSeriesMulti)
	q.Filter.Search = "nothing like it"
	noData(t, answer(t, s, q), data.FrameTypeTimeSeriesMulti)
}

// TestReposSeriesAreRecords compares the series of repositories with their
// records, over days that fit a page with trends and over more.
func TestReposSeriesAreRecords(t *testing.T) {
	f := func(days, limit int, wantRecords bool) {
		t.Helper()
		filled := syntheticStore(t, 7, days)
		s := &spy{Reader: filled}
		// A name of another type, that is not at the top.
		add(t, filled, "2026-01-02T00:00:00Z", rec(history.Repo{Type: "space", Name: topName(t, s)}, 1, "2025-12-31", 0))
		q := ask{Type: query.TypeRepos, Format: query.TimeSeries, Limit: limit, Interval: query.Daily, Period: query.AllTime}
		frames := answer(t, s, q)
		if len(s.repos) != 1+1 || (len(s.records) > 0) != wantRecords {
			t.Errorf("%d days: asked for %d pages and %d streams, want one page, and records: %t", days, len(s.repos)-1, len(s.records), wantRecords)
		}
		got := make(map[history.Repo]map[history.Day]int64)
		for _, f := range frames {
			l := f.Fields[1].Labels
			r := history.Repo{Type: history.RepoType(l["repo_type"]), Name: l["repo"]}
			if l["org"] != r.Org() {
				t.Errorf("got the labels %v", l)
			}
			got[r] = make(map[history.Day]int64)
			downloads := field[int64](t, f, "downloads")
			for i, at := range field[time.Time](t, f, "time") {
				got[r][history.DayOf(at)] = downloads[i]
			}
		}
		page, err := s.Reader.Repos(t.Context(), history.ReposQuery{Limit: limit})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(page.Rows) {
			t.Fatalf("got %d series, want %d", len(got), len(page.Rows))
		}
		records, err := history.Collect(s.Reader.Records(t.Context(), history.RecordsQuery{}))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, r := range records {
			if points := got[r.Repo]; points != nil {
				n++
				if v, ok := points[r.Day]; !ok || v != r.Downloads {
					t.Fatalf("%s on %s: got %d (%t), want %d", r.Repo, r.Day, v, ok, r.Downloads)
				}
			}
		}
		for _, points := range got {
			n -= len(points)
		}
		if n != 0 {
			t.Errorf("there are %d points too few or too many", n)
		}
	}
	f(300, 3, false)
	f(2100, 400, false)
	f(2100, 7, false)
	f(2100, 500, true)
	f(2000, 500, false)
}

// topName returns the name of the repository with the most downloads.
func topName(t *testing.T, s history.Reader) string {
	t.Helper()
	page, err := s.Repos(t.Context(), history.ReposQuery{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	return page.Rows[0].Repo.Name
}

func TestChunks(t *testing.T) {
	f := func(want []int, names ...string) {
		t.Helper()
		var got []int
		var joined []string
		for part := range chunks(names) {
			got = append(got, len(part))
			joined = append(joined, part...)
		}
		if !slices.Equal(got, want) || !slices.Equal(joined, names) {
			t.Errorf("got pieces of %d names of %d, want %d", got, len(names), want)
		}
	}
	repeat := func(n, size int) []string { return slices.Repeat([]string{strings.Repeat("n", size)}, n) }
	f(nil)
	f([]int{1}, "a")
	f([]int{200}, repeat(200, 3)...)
	f([]int{200, 200, 1}, repeat(401, 3)...)
	f([]int{4, 4, 1}, repeat(9, 1024)...)
	f([]int{1, 1}, repeat(2, 10_000)...)
}
