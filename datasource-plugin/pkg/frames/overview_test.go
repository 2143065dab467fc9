package frames

import (
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestOverviewTotals(t *testing.T) {
	s := world(t)
	q := between(ask{Type: query.TypeOverview, Format: query.Totals, GroupBy: query.GroupByRepoType}, "2024-03-07", "2024-03-09")
	golden(t, "overview_totals_by_repo_type", answer(t, s, q))
	q.GroupBy = query.GroupByOrg
	golden(t, "overview_totals_by_org", answer(t, s, q))
	q.GroupBy, q.Period = query.GroupByNone, query.AllTime // which has no period before
	golden(t, "overview_totals_all_time", answer(t, s, q))
	q.Filter.Search = "nothing like it"
	noData(t, answer(t, s, q), data.FrameTypeNumericLong)
}

func TestOverviewSeries(t *testing.T) {
	s := world(t)
	q := between(ask{Type: query.TypeOverview, Format: query.TimeSeries, GroupBy: query.GroupByRepoType, Interval: query.Daily},
		"2024-03-02", "2024-03-09")
	golden(t, "overview_series_by_repo_type", answer(t, s, q))
	q.GroupBy, q.Interval = query.GroupByOrg, query.Week
	golden(t, "overview_series_by_org_week", answer(t, s, q))
	q.GroupBy, q.Interval = query.GroupByNone, query.Month
	golden(t, "overview_series_month", answer(t, s, q))

	q = between(q, "2025-01-01", "2025-02-01")
	noData(t, answer(t, s, q), data.FrameTypeTimeSeriesMulti)
	q.GroupBy = query.GroupByOrg
	noData(t, answer(t, s, q), data.FrameTypeTimeSeriesMulti)
}

// TestSeriesAreSeries checks that Grafana takes each frame for a time series.
func TestSeriesAreSeries(t *testing.T) {
	q := between(ask{Type: query.TypeOverview, Format: query.TimeSeries, GroupBy: query.GroupByOrg, Interval: query.Week}, "2024-03-01", "2024-03-09")
	for _, f := range answer(t, world(t), q) {
		if s := f.TimeSeriesSchema(); s.Type != data.TimeSeriesTypeWide {
			t.Errorf("the frame of %v is of type %s, want wide", f.Fields[1].Labels, s.Type)
		}
	}
}

// TestIntervals compares sums over days, weeks and months with those of the
// calendar of the standard library.
func TestIntervals(t *testing.T) {
	s := syntheticStore(t, 5, 900)
	f := func(interval query.Interval, first func(time.Time) time.Time) {
		t.Helper()
		want := make(map[time.Time]int64)
		for rows, err := range s.Records(t.Context(), history.RecordsQuery{}) {
			if err != nil {
				t.Fatal(err)
			}
			for i, d := range rows.Day {
				want[first(d.Time())] += rows.Downloads[i]
			}
		}
		frames := answer(t, s, ask{Type: query.TypeOverview, Format: query.TimeSeries, GroupBy: query.GroupByNone, Interval: interval, Period: query.AllTime})
		var all []time.Time
		for _, frame := range frames {
			times, downloads := field[time.Time](t, frame, "time"), field[int64](t, frame, "downloads")
			for i, at := range times {
				if downloads[i] != want[at] {
					t.Errorf("interval %s: got %d downloads at %s, want %d", interval, downloads[i], at, want[at])
				}
			}
			all = append(all, times...)
			// The history begins within a week and within a month, and ends within a week.
			if partial := frame.Fields[1].Labels["partial"] == "true"; partial && len(times) != map[query.Interval]int{query.Week: 2, query.Month: 1}[interval] {
				t.Errorf("interval %s: got the partial %v", interval, times)
			}
		}
		if wantFrames := map[query.Interval]int{query.Daily: 1, query.Week: 2, query.Month: 2}[interval]; len(frames) != wantFrames {
			t.Errorf("interval %s: got %d series, want %d", interval, len(frames), wantFrames)
		}
		slices.SortFunc(all, time.Time.Compare)
		if !slices.Equal(all, slices.SortedFunc(maps.Keys(want), time.Time.Compare)) {
			t.Errorf("interval %s: got points at %v", interval, all)
		}
	}
	f(query.Daily, func(t time.Time) time.Time { return t })
	f(query.Week, func(t time.Time) time.Time {
		for t.Weekday() != time.Monday {
			t = t.AddDate(0, 0, -1)
		}
		return t
	})
	f(query.Month, func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC) })
}

func TestPartialIntervals(t *testing.T) {
	f := func(interval query.Interval, first, from, to string, want bool) {
		t.Helper()
		day := func(s string) history.Day { return history.DayOf(instant(s + "T00:00:00Z")) }
		s := newSeries(interval, history.Days{From: day(from), To: day(to)})
		if got := s.isPartial(day(first)); got != want {
			t.Errorf("the %s from %s within %s to %s: got %v, want %v", interval, first, from, to, got, want)
		}
	}
	f(query.Daily, "2024-03-09", "2024-03-09", "2024-03-09", false)
	f(query.Week, "2024-03-04", "2024-03-04", "2024-03-10", false)
	f(query.Week, "2024-03-04", "2024-03-05", "2024-03-20", true)
	f(query.Week, "2024-03-04", "2024-03-01", "2024-03-09", true)
	f(query.Month, "2024-02-01", "2024-02-01", "2024-02-29", false)
	f(query.Month, "2024-02-01", "2024-02-01", "2024-02-28", true)
	f(query.Month, "2024-02-01", "2024-02-02", "2024-12-31", true)
}

// TestFirstDays is about the days before the first Monday of 1970.
func TestFirstDays(t *testing.T) {
	f := func(interval query.Interval, day history.Day, want string) {
		t.Helper()
		if got := firstOf(interval, day).Time().Format(time.DateOnly); got != want {
			t.Errorf("the first day of the %s of %s: got %s, want %s", interval, day, got, want)
		}
	}
	f(query.Week, 0, "1969-12-29")
	f(query.Week, 3, "1969-12-29")
	f(query.Week, 4, "1970-01-05")
	f(query.Month, 0, "1970-01-01")
	f(query.Month, history.MaxDay, "9999-12-01")
}

// TestSeriesStayInRange sums up more than fits.
func TestSeriesStayInRange(t *testing.T) {
	s := newSeries(query.Month, history.NoDays)
	s.add(1, math.MaxInt64-1)
	s.add(2, 1)
	s.add(3, 5)
	if !slices.Equal(s.downloads, []int64{math.MaxInt64}) {
		t.Errorf("got %d, want the largest int64", s.downloads)
	}
}
