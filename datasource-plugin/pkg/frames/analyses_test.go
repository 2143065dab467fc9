package frames

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/analysis"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/groups"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// seriesByType are the daily sums of records by repo type, the naive way.
func seriesByType(records []history.Record) map[history.RepoType][]history.DayDownloads {
	sums := make(map[history.RepoType]map[history.Day]int64)
	for _, r := range records {
		if sums[r.Repo.Type] == nil {
			sums[r.Repo.Type] = make(map[history.Day]int64)
		}
		sums[r.Repo.Type][r.Day] += r.Downloads
	}
	out := make(map[history.RepoType][]history.DayDownloads)
	for repoType, days := range sums {
		for _, day := range slices.Sorted(maps.Keys(days)) {
			out[repoType] = append(out[repoType], history.DayDownloads{Day: day, Downloads: days[day]})
		}
	}
	return out
}

// TestHighlightsOfRandomHistories expects the records and outliers of complete histories,
// those within the time range.
func TestHighlightsOfRandomHistories(t *testing.T) {
	found := 0
	for seed := range uint64(20) {
		s, records := randomHistory(t, seed, 100+int(seed)*30)
		f := func(event query.Event, from, to history.Day) {
			t.Helper()
			var want []string
			add := func(repoType history.RepoType, d history.DayDownloads) {
				if d.Day >= from && d.Day <= to {
					want = append(want, fmt.Sprint(repoType, " ", d.Day, " ", d.Downloads))
				}
			}
			for repoType, series := range seriesByType(records) {
				for i, d := range series {
					best := slices.MaxFunc(series[:i+1], func(a, b history.DayDownloads) int { return int(a.Downloads - b.Downloads) })
					if event == query.RecordDay && i >= 28 && best == d {
						add(repoType, d)
					}
				}
				if event == query.OutlierDay {
					for _, o := range analysis.Outliers(series) {
						add(repoType, history.DayDownloads{Day: o.Day, Downloads: o.Downloads})
					}
				}
			}
			q := ask{
				Type: query.TypeHighlights, Event: event, GroupBy: query.GroupByRepoType, Period: query.TimeRange,
				From: from.Time(), To: to.Time().Add(13 * time.Hour),
			}
			var got []string
			if frame := answer(t, s, q)[0]; len(frame.Fields) > 0 {
				types, values := field[string](t, frame, "repo_type"), field[int64](t, frame, "value")
				for i, at := range field[time.Time](t, frame, "time") {
					got = append(got, fmt.Sprint(types[i], " ", history.DayOf(at), " ", values[i]))
				}
			}
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("history %d, %s from %s to %s:\ngot  %v\nwant %v", seed, event, from, to, got, want)
			}
			found += len(want)
		}
		// Whatever the time range is, a day is compared with all of the eight weeks before it.
		for _, o := range analysis.Outliers(seriesByType(records)[history.Model]) {
			q := ask{
				Type: query.TypeHighlights, Event: query.OutlierDay, GroupBy: query.GroupByRepoType, Period: query.TimeRange,
				From: o.Day.Time(), To: o.Day.Time().Add(13 * time.Hour), Filter: history.Filter{RepoTypes: []history.RepoType{history.Model}},
			}
			text := ""
			if frame := answer(t, s, q)[0]; len(frame.Fields) > 0 {
				text = field[string](t, frame, "text")[0]
			}
			if want := fmt.Sprintf("z-score is %.1f.", o.Score); !strings.Contains(text, want) {
				t.Errorf("history %d, %s: got %q, want %q", seed, o.Day, text, want)
			}
		}
		for _, event := range []query.Event{query.RecordDay, query.OutlierDay} {
			f(event, synthetic0-29, synthetic0)
			f(event, synthetic0-90, synthetic0-10)
			f(event, synthetic0-3000, synthetic0+10)
		}
	}
	if found < 200 {
		t.Errorf("expected many records and outliers, found %d", found)
	}
}

func TestHighlights(t *testing.T) {
	s := syntheticStore(t, 1, 1)
	var records []history.Record
	for i := range history.Day(60) {
		n := int64(100 + i%7)
		switch i {
		case 40:
			n = 500
		case 50:
			n = 3
		case 59:
			n = 1234
		}
		records = append(records, history.Record{Repo: alpha, Total: 99_999, Day: synthetic0 - 59 + i, Downloads: n})
	}
	add(t, s, "2026-01-02T00:00:00Z", records...)
	g := groups.New()
	g.Set([]groups.Definition{{Name: "alphas", Repos: []string{"*/alpha"}}})
	f := func(q ask, want ...string) {
		t.Helper()
		q.Type, q.Period, q.From, q.To = query.TypeHighlights, query.TimeRange, (synthetic0 - 59).Time(), (synthetic0 + 1).Time()
		q.Filter.Repos = []string{alpha.Name}
		frame := answer(t, g.Reader(s), q)[0]
		if dimension := dimensions[q.GroupBy]; dimension != "" {
			field[string](t, frame, dimension)
		}
		var got []string
		texts, tags := field[string](t, frame, "text"), field[string](t, frame, "tags")
		for i, title := range field[string](t, frame, "title") {
			got = append(got, title+"|"+texts[i]+"|"+tags[i])
		}
		if !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	last := "best day so far, 1,234 downloads|The previous record was 500 downloads on December 12, 2025.|record"
	before := "best day so far, 500 downloads|The previous record was 106 downloads on November 8, 2025.|record"
	f(ask{Event: query.RecordDay, GroupBy: query.GroupByNone}, last, before)
	f(ask{Event: query.RecordDay, GroupBy: query.GroupByNone, Limit: 1}, last)
	f(ask{Event: query.RecordDay, GroupBy: query.GroupByRepoType, Limit: 1}, "model: "+last+",model")
	f(ask{Event: query.RecordDay, GroupBy: query.GroupByOrg, Limit: 1}, "acme: "+last+",acme")
	f(ask{Event: query.RecordDay, GroupBy: query.GroupByGroup, Limit: 1}, "alphas: "+last+",alphas")
	f(ask{Event: query.OutlierDay, GroupBy: query.GroupByNone, Limit: 3},
		"1,234 downloads, 1098% more than usual|The Wednesdays of the 8 weeks before had 103 downloads (median). The robust z-score is 111.4.|outlier",
		"3 downloads, 97% fewer than usual|The Mondays of the 8 weeks before had 101 downloads (median). The robust z-score is -9.8.|outlier",
		"500 downloads, 376% more than usual|The Fridays of the 8 weeks before had 105 downloads (median). The robust z-score is 38.5.|outlier",
	)
}

func TestForecast(t *testing.T) {
	s, records := randomHistory(t, 7, 300)
	totals := make(map[history.Repo]int64)
	byRepo := make(map[history.Repo][]history.Record)
	for _, r := range records {
		totals[r.Repo] = r.Total
		byRepo[r.Repo] = append(byRepo[r.Repo], r)
	}
	f := func(by query.GroupBy, limit int, want map[string]analysis.Forecast) {
		t.Helper()
		frame := answer(t, s, between(ask{Type: query.TypeForecast, GroupBy: by, Limit: limit}, "2024-03-01", "2024-03-02"))[0]
		var got []time.Time
		days, earliest, latest := field[*time.Time](t, frame, "day"), field[*time.Time](t, frame, "earliest"), field[*time.Time](t, frame, "latest")
		perDay, milestones := field[*float64](t, frame, "per_day"), field[int64](t, frame, "milestone")
		for i := range days {
			name := ""
			for _, dimension := range []string{"repo_type", "repo"} {
				if v, at := frame.FieldByName(dimension); at >= 0 {
					name += v.At(i).(string)
				}
			}
			w, ok := want[name]
			if !ok {
				t.Errorf("by %s: got a forecast of %q", by, name)
				continue
			}
			if (days[i] == nil) != (w.PerDay == 0) || milestones[i] != w.Milestone {
				t.Errorf("by %s, %s: got the milestone %d on %v, want %+v", by, name, milestones[i], days[i], w)
				continue
			}
			if days[i] == nil {
				continue
			}
			got = append(got, *days[i])
			if !days[i].Equal(w.Day.Time()) || !earliest[i].Equal(w.Earliest.Time()) || !latest[i].Equal(w.Latest.Time()) || *perDay[i] != w.PerDay {
				t.Errorf("by %s, %s: got %v, %v to %v with %g a day, want %+v", by, name, *days[i], *earliest[i], *latest[i], *perDay[i], w)
			}
		}
		if len(days) != min(limit, len(want)) || !slices.IsSortedFunc(got, time.Time.Compare) {
			t.Errorf("by %s: got %d forecasts on %v, want %d in their order", by, len(days), got, min(limit, len(want)))
		}
	}
	all := make(map[string]analysis.Forecast)
	types := make(map[string]analysis.Forecast)
	sums := make(map[history.RepoType]int64)
	for repo, total := range totals {
		n, _ := analysis.NextOf(total, seriesByType(byRepo[repo])[repo.Type], synthetic0)
		all[string(repo.Type)+repo.Name] = n
		sums[repo.Type] += total
	}
	series := seriesByType(records)
	for repoType, total := range sums {
		types[string(repoType)], _ = analysis.NextOf(total, series[repoType], synthetic0)
	}
	f(query.GroupByRepo, 100, all)
	f(query.GroupByRepo, 2, all)
	f(query.GroupByRepoType, 100, types)
	f(query.GroupByRepoType, 1, types)
	noData(t, answer(t, world(t), ask{Type: query.TypeForecast, GroupBy: query.GroupByRepo, Limit: 5, Filter: history.Filter{Search: "demo"}}), data.FrameTypeTable)
}

// TestLaunchCurves compares the curves of random histories with sums over their records.
func TestLaunchCurves(t *testing.T) {
	for seed := range uint64(10) {
		s, records := randomHistory(t, seed, 300)
		q := ask{Type: query.TypeRepos, Format: query.Launch, Period: query.AllTime, Sort: history.SortTotal, Limit: 3}
		frame := answer(t, s, q)[0]
		if len(frame.Fields) != 4 {
			t.Fatalf("history %d: got %d fields, want the days and three curves", seed, len(frame.Fields))
		}
		since := field[int64](t, frame, "days_since_release")
		for _, curve := range frame.Fields[1:] {
			repo := history.Repo{Type: history.RepoType(curve.Labels["repo_type"]), Name: curve.Labels["repo"]}
			want := make(map[int64]int64)
			release, sum := history.NoDay, int64(0)
			for _, r := range records {
				if r.Repo == repo {
					if release == history.NoDay {
						release = r.Day
					}
					sum += r.Downloads
					want[int64(r.Day-release)] = sum
				}
			}
			got := make(map[int64]int64)
			for i, day := range since {
				if v := curve.At(i).(*int64); v != nil {
					got[day] = *v
				}
			}
			if len(want) == 0 || !maps.Equal(got, want) {
				t.Errorf("history %d, %v: got %v, want %v", seed, repo, got, want)
			}
		}
	}
	frame := answer(t, world(t), ask{Type: query.TypeRepos, Format: query.Launch, Period: query.AllTime, Sort: history.SortName, Ascending: true, Limit: 10})[0]
	if n := frame.Meta.Notices; len(n) != 1 || !strings.Contains(n[0].Text, "The records of 1 of 5 repositories begin with the history itself") {
		t.Errorf("expected a notice that one may be older than the history, got %v", n)
	}
}

// TestNothingToShow: a frame without data says which day was recorded last.
func TestNothingToShow(t *testing.T) {
	f := func(s history.Reader, q ask, want string) {
		t.Helper()
		notices := answer(t, s, q)[0].Meta.Notices
		got := ""
		for _, n := range notices {
			got += n.Text
		}
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s, %s: got the notice %q, want %q", q.Type, q.Format, got, want)
		}
	}
	later := func(q ask) ask {
		q.Limit, q.Interval, q.GroupBy = 10, query.Daily, query.GroupByRepoType
		return between(q, "2024-04-01", "2024-04-02")
	}
	const last = "The last recorded day of the selected repositories is March 9, 2024, the first is March 1, 2024."
	s := world(t)
	f(s, later(ask{Type: query.TypeOverview, Format: query.TimeSeries}), last)
	f(s, later(ask{Type: query.TypeOverview, Format: query.Totals}), last)
	f(s, later(ask{Type: query.TypeRepos, Format: query.TimeSeries}), last)
	f(s, later(ask{Type: query.TypeRepos, Format: query.Table}), last)
	f(s, later(ask{Type: query.TypeExport}), last)
	f(s, later(ask{Type: query.TypeReadings, Number: query.TotalDownloads}), last)
	f(s, later(ask{Type: query.TypeMilestones}), "")
	f(s, later(ask{Type: query.TypeOverview, Format: query.TimeSeries, Filter: history.Filter{Search: "demo"}}),
		"repositories is March 6, 2024, the first is March 5, 2024.")
	f(s, later(ask{Type: query.TypeExport, Filter: history.Filter{Search: "nothing like it"}}),
		"No repository matches the selection. The last recorded day of others is March 9, 2024.")
	f(memtable.NewStore(), later(ask{Type: query.TypeExport}), "No downloads are recorded yet.")
}
