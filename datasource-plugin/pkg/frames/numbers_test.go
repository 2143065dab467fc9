package frames

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/dataplane/sdata/numeric"
	"github.com/grafana/dataplane/sdata/reader"
	"github.com/grafana/dataplane/sdata/timeseries"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// numbersOf returns what Grafana's alert rules and expressions make of an answer: the
// numbers by their labels. It reads and checks the frames as they do.
func numbersOf(t *testing.T, frames data.Frames) map[string]float64 {
	t.Helper()
	if _, err := reader.CanReadBasedOnMeta(frames); err != nil {
		t.Fatal(err)
	}
	r, err := numeric.CollectionReaderFromFrames(frames)
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.GetCollection(false)
	if err != nil || c.Warning != nil || len(c.RemainderIndices) > 0 {
		t.Fatalf("%v, %v, fields left over: %v", err, c.Warning, c.RemainderIndices)
	}
	got := make(map[string]float64)
	for _, ref := range c.Refs {
		labels := ref.GetLabels().String()
		if _, twice := got[labels]; twice {
			t.Errorf("%q comes twice, which an alert rule cannot tell apart", labels)
		}
		v, _, err := ref.NullableFloat64Value()
		if err != nil || v == nil {
			t.Errorf("%q has no number: %v", labels, err)
			continue
		}
		got[labels] = *v
	}
	return got
}

func TestNumbersOfGroups(t *testing.T) {
	s := world(t)
	f := func(q ask, number query.Number, want map[string]float64) {
		t.Helper()
		q.Type, q.Format, q.Value = query.TypeOverview, query.Totals, number
		if got := numbersOf(t, answer(t, s, q)); !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", number, got, want)
		}
	}
	// The history runs from 2024-03-01 to 2024-03-09.
	byType := between(ask{GroupBy: query.GroupByRepoType}, "2024-03-06", "2024-03-12")
	byOrg := between(ask{GroupBy: query.GroupByOrg}, "2024-03-06", "2024-03-12")
	all := between(ask{GroupBy: query.GroupByNone}, "2024-03-06", "2024-03-12")

	// Days that are not recorded yet are left out of both sides of a comparison.
	f(byType, query.Downloads, map[string]float64{"repo_type=model": 24, "repo_type=dataset": 100_005, "repo_type=space": 1, "repo_type=kernel": 0})
	// Only of models all days of the previous period are recorded.
	f(byType, query.Before, map[string]float64{"repo_type=model": 60})
	f(byType, query.Change, map[string]float64{"repo_type=model": -36})
	f(byType, query.ChangePercent, map[string]float64{"repo_type=model": -60})
	f(byType, query.TotalDownloads, map[string]float64{"repo_type=model": 10_550, "repo_type=dataset": 1_000_000, "repo_type=space": 0, "repo_type=kernel": 0})
	f(byType, query.RepoCount, map[string]float64{"repo_type=model": 2, "repo_type=dataset": 1, "repo_type=space": 1, "repo_type=kernel": 1})
	f(byOrg, query.Rank, map[string]float64{"org=acme": 1, "org=": 2, "org=beta": 3})
	f(byOrg, query.DaysSinceRecord, map[string]float64{"org=acme": 3, "org=": 3, "org=beta": 5})
	f(all, query.Downloads, map[string]float64{"": 100_030})
	f(all, query.Share, map[string]float64{"": 100})

	// A share is of all repositories of the organizations, whatever is searched for.
	all.Filter = history.Filter{Orgs: []string{"acme"}, Repos: []string{"acme/alpha"}, RepoTypes: []history.RepoType{"model"}}
	f(all, query.Share, map[string]float64{"": 100})
	all.Filter.RepoTypes = nil
	all.Filter.Search = "nothing like it"
	f(all, query.Downloads, map[string]float64{})
	f(all, query.Share, map[string]float64{})

	// Without a record in the days that are asked for nothing is known.
	f(between(byOrg, "2024-03-01", "2024-03-04"), query.Downloads, map[string]float64{"org=acme": 70, "org=": 0})
	f(between(byOrg, "2025-01-01", "2025-01-04"), query.Downloads, map[string]float64{})
	// Nothing compares with days from before the history.
	f(between(byOrg, "2024-03-01", "2024-03-08"), query.Change, map[string]float64{})
}

func TestNumbersOfRepos(t *testing.T) {
	s := listed(t)
	f := func(q ask, number query.Number, want map[string]float64) {
		t.Helper()
		q.Type, q.Format, q.Value, q.Limit = query.TypeRepos, query.Table, number, max(q.Limit, 1)
		got := make(map[string]float64)
		for labels, n := range numbersOf(t, answer(t, s, q)) {
			got[strings.NewReplacer("org=acme, ", "", "org=beta, ", "", "org=, ", "").Replace(labels)] = n
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", number, got, want)
		}
	}
	q := between(ask{Limit: 10}, "2024-03-06", "2024-03-11")
	one := q
	one.Filter = history.Filter{Orgs: []string{"acme"}, RepoTypes: []history.RepoType{"model"}, Search: "alpha"}
	const model, dataset, old = "repo=acme/alpha, repo_type=model", "repo=acme/alpha, repo_type=dataset", "repo=legacy-one, repo_type=model"

	top := q
	top.Limit = 2
	// What is new has grown, by no percentage.
	later := between(top, "2024-03-07", "2024-03-11")
	f(later, query.Change, map[string]float64{dataset: 100_005, model: -43})
	f(later, query.ChangePercent, map[string]float64{model: -100 * 43.0 / 60})
	f(top, query.Downloads, map[string]float64{dataset: 100_005, model: 17})
	f(one, query.Downloads, map[string]float64{model: 17})
	f(one, query.TotalDownloads, map[string]float64{model: 10_063})
	f(one, query.Likes, map[string]float64{model: 5})
	f(one, query.LastMonthDownloads, map[string]float64{model: 87})
	f(one, query.DaysSinceRecord, map[string]float64{model: 0})
	f(one, query.Removed, map[string]float64{model: 0})
	// Rank and share are among all that type and organization select, not among what is searched for.
	f(one, query.Rank, map[string]float64{model: 1})
	one.Filter.RepoTypes = nil
	f(one, query.Rank, map[string]float64{dataset: 1, model: 2})
	one.Filter = history.Filter{Search: "legacy"}
	f(one, query.Rank, map[string]float64{old: 3})
	// What is not known has no number: no listing told of its likes.
	f(one, query.Likes, map[string]float64{})
	one.Filter.Search = "nothing like it"
	f(one, query.Rank, map[string]float64{})

	// An alert rule that does not look at all of them is told so.
	many := syntheticStore(t, query.DefaultRows+1, 30)
	all := ask{Type: query.TypeRepos, Format: query.Table, Value: query.Rank, Limit: query.DefaultRows, Period: query.AllTime}
	if n := answer(t, many, all)[0].Meta.Notices; len(n) != 1 || !strings.Contains(n[0].Text, "50 of 51") {
		t.Errorf("got the notices %v, want one of what is left out", n)
	}
	all.Limit = 10 // which somebody chose
	if n := answer(t, many, all)[0].Meta.Notices; len(n) != 0 {
		t.Errorf("got the notices %v, want none", n)
	}
}

func TestNumbersOfCorrections(t *testing.T) {
	s := corrected(t)
	f := func(number query.Number, from, to string, want map[string]float64) {
		t.Helper()
		q := between(ask{Type: query.TypeCorrections, Value: number, Limit: 20}, from, to)
		if got := numbersOf(t, answer(t, s, q)); !maps.Equal(got, want) {
			t.Errorf("%s from %s to %s: got %v, want %v", number, from, to, got, want)
		}
	}
	const model, dataset = "org=acme, repo=acme/alpha, repo_type=model", "org=acme, repo=acme/alpha, repo_type=dataset"
	f(query.Removed, "2024-03-12", "2024-03-13", map[string]float64{model: 50, dataset: 100_000})
	f(query.Removed, "2024-03-14", "2024-03-15", map[string]float64{})
	f(query.Backdated, "2024-03-12", "2024-03-13", map[string]float64{})
}

// TestSeriesAreTaken reads time series as alert rules and expressions do.
func TestSeriesAreTaken(t *testing.T) {
	f := func(q ask, want ...string) {
		t.Helper()
		if q.From.IsZero() {
			q = between(q, "2024-03-01", "2024-03-20")
		}
		frames := answer(t, listed(t), q)
		if _, err := reader.CanReadBasedOnMeta(frames); err != nil {
			t.Fatal(err)
		}
		r, err := timeseries.CollectionReaderFromFrames(frames)
		if err != nil {
			t.Fatal(err)
		}
		c, err := r.GetCollection(true)
		if err != nil || c.Warning != nil {
			t.Fatalf("%v, %v", err, c.Warning)
		}
		var got []string
		for _, ref := range c.Refs {
			got = append(got, ref.GetLabels().String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got the series %q, want %q", q.Type, got, want)
		}
	}
	f(ask{Type: query.TypeOverview, Format: query.TimeSeries, GroupBy: query.GroupByOrg, Interval: query.Daily}, "org=", "org=acme", "org=beta")
	f(ask{Type: query.TypeRepos, Format: query.TimeSeries, Limit: 1, Interval: query.Daily}, "org=acme, repo=acme/alpha, repo_type=dataset")
	f(ask{Type: query.TypeReadings, Number: query.Likes, Limit: 1}, "org=acme, repo=acme/alpha, repo_type=dataset")
	over := ask{
		Type: query.TypeOverview, Format: query.TimeSeries, GroupBy: query.GroupByNone, Interval: query.Daily,
		Overlay: query.PreviousPeriod, Smooth: query.SevenDays,
	}
	f(between(over, "2024-03-06", "2024-03-09"), "", "smooth=7d", "overlay=previous_period")
}

// TestUnknownIsNotZero is about an organization that listings alone have told of: its days
// are not known, its last month is.
func TestUnknownIsNotZero(t *testing.T) {
	s := world(t)
	at := history.AsOfTime(instant("2024-03-10T06:00:00Z"))
	told := history.NewRepoMeta(history.Repo{Type: history.Model, Name: "gamma/new"})
	told.Total, told.LastMonth, told.TotalAsOf, told.ListedAsOf = 5000, 668, at, at
	quiet := history.NewRepoMeta(history.Repo{Type: history.Space, Name: "gamma/space"})
	quiet.ListedAsOf = at
	if _, err := s.Append(t.Context(), history.Batch{Meta: []history.RepoMeta{told, quiet}}); err != nil {
		t.Fatal(err)
	}
	show := func(n []*int64) []int64 {
		out := make([]int64, len(n))
		for i, n := range n {
			if out[i] = history.Unknown; n != nil {
				out[i] = *n
			}
		}
		return out
	}
	f := func(q ask, marked bool, want ...int64) {
		t.Helper()
		frame := answer(t, s, q)[0]
		if got := show(field[*int64](t, frame, "downloads")); !slices.Equal(got, want) {
			t.Errorf("%s, %s: got %d, want %d", q.Type, q.Period, got, want)
		}
		if got := len(frame.Meta.Notices) > 0 && strings.Contains(frame.Meta.Notices[0].Text, "the Hub's own number"); got != marked {
			t.Errorf("%s, %s: got the notices %v, want one of the Hub's number: %v", q.Type, q.Period, frame.Meta.Notices, marked)
		}
		if marked && slices.ContainsFunc(field[*int64](t, frame, "change"), func(n *int64) bool { return n != nil }) {
			t.Errorf("%s, %s: the Hub's number compares with nothing", q.Type, q.Period)
		}
	}
	gamma := history.Filter{Orgs: []string{"gamma"}}
	month := ask{Type: query.TypeOverview, Format: query.Totals, GroupBy: query.GroupByOrg, Filter: gamma, Period: query.LastMonth}
	f(month, true, 668)
	month.GroupBy = query.GroupByRepoType
	f(month, true, 668, history.Unknown)
	month.Period = query.AllTime // which the Hub tells no such number of
	f(month, false, history.Unknown, history.Unknown)

	rows := ask{Type: query.TypeRepos, Format: query.Table, Limit: 5, Filter: gamma, Period: query.LastMonth, Sort: history.SortName, Ascending: true}
	f(rows, true, 668, history.Unknown)
	rows.Period = query.AllTime
	f(rows, false, history.Unknown, history.Unknown)
	// A repository that has records, and none in the period, has none in it.
	rows.Filter = history.Filter{Repos: []string{"beta/demo"}}
	f(between(rows, "2024-03-08", "2024-03-09"), false, 0)
	f(between(rows, "2024-03-01", "2024-03-02"), false, history.Unknown)
}
