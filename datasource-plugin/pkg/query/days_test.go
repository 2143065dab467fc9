package query

import (
	"math"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	if s == "" {
		return time.Time{}
	}
	v, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestDaysOf(t *testing.T) {
	f := func(from, to, first, last string) {
		t.Helper()
		days := DaysOf(at(t, from), at(t, to))
		if days.From.String() != first || days.To.String() != last {
			t.Errorf("%s to %s: expected %s to %s, got %s to %s", from, to, first, last, days.From, days.To)
		}
	}
	// Noons at the ends belong to it.
	f("2026-03-01T12:00:00Z", "2026-03-03T12:00:00Z", "2026-03-01", "2026-03-03")
	f("2026-03-01T12:00:00.000000001Z", "2026-03-03T11:59:59.999999999Z", "2026-03-02", "2026-03-02")
	f("2026-03-01T00:00:00Z", "2026-03-01T23:59:59.999Z", "2026-03-01", "2026-03-01")
	f("2026-02-28T23:59:59.999Z", "2026-03-02T00:00:00Z", "2026-03-01", "2026-03-01")
	// No noon within: the day in which it begins.
	f("2026-03-01T13:00:00Z", "2026-03-01T15:00:00Z", "2026-03-01", "2026-03-01")
	f("2026-03-01T09:00:00Z", "2026-03-01T09:00:00Z", "2026-03-01", "2026-03-01")
	f("2026-03-01T18:00:00Z", "2026-03-02T06:00:00Z", "2026-03-01", "2026-03-01")
	// What no record can have.
	f("1960-01-01T00:00:00Z", "1970-01-02T15:00:00Z", "1970-01-01", "1970-01-02")
	f("1960-01-01T00:00:00Z", "1960-01-02T00:00:00Z", "1970-01-01", "1970-01-01")
	f("9999-12-30T12:00:00Z", "9999-12-31T23:59:59.999Z", "9999-12-30", "9999-12-31")
	f("9999-12-31T13:00:00Z", "9999-12-31T14:00:00Z", "9999-12-31", "9999-12-31")

	if got := DaysOf(time.Unix(math.MinInt64/2, 0), time.Unix(math.MaxInt64/2, 0)); got != (history.Days{From: history.MinDay, To: history.MaxDay}) {
		t.Errorf("all of time: expected every day there can be, got %s to %s", got.From, got.To)
	}
}

// What somebody picks in a time zone is the UTC days of the same dates.
func TestDaysOfTimeZones(t *testing.T) {
	f := func(zone string) {
		t.Helper()
		place, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		// Both changes of the clock of New York are among them.
		for day := time.Date(2026, 1, 1, 0, 0, 0, 0, place); day.Year() == 2026; day = day.AddDate(0, 0, 1) {
			date := day.Format(time.DateOnly)
			if got := DaysOf(day, day.AddDate(0, 0, 1).Add(-time.Millisecond)); got.From.String() != date || got.Len() != 1 {
				t.Errorf("%s in %s: got %s to %s", date, zone, got.From, got.To)
			}
			week := DaysOf(day, day.AddDate(0, 0, 7).Add(-time.Millisecond))
			if week.From.String() != date || week.Len() != 7 {
				t.Errorf("the week from %s in %s: got %s to %s", date, zone, week.From, week.To)
			}
		}
	}
	f("UTC")
	f("America/New_York")
	f("Asia/Tokyo")
	f("Asia/Kolkata")
	f("Pacific/Honolulu")
}

// A dashboard of the last 30 days has 30 of them at every time of the day.
func TestLastDaysOfADashboard(t *testing.T) {
	const days = 30
	noon := at(t, "2026-03-31T12:00:00Z")
	for now := noon; now.Before(noon.Add(2 * oneDay)); now = now.Add(97 * time.Minute) {
		want := days
		if now.Equal(noon) {
			want++ // both ends are noons
		}
		if got := DaysOf(now.Add(-days*oneDay), now); got.Len() != want {
			t.Errorf("30 days until %s: expected %d days, got %s to %s", now, want, got.From, got.To)
		}
	}
}

func TestDays(t *testing.T) {
	f := func(period Period, from, to string, want history.Period) {
		t.Helper()
		q := Common{Period: period, From: at(t, from), To: at(t, to)}
		if got := q.Days(); got != want {
			t.Errorf("%s from %q to %q: expected %+v, got %+v", period, from, to, want, got)
		}
	}
	day := func(s string) history.Day {
		d, err := history.ParseDay(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	const from, to = "2026-03-01T09:00:00Z", "2026-03-31T09:00:00Z"
	f(AllTime, from, to, history.Period{})
	f(LastMonth, from, to, history.Period{Kind: history.LastMonth})
	f(TimeRange, from, to, history.RangeOf(day("2026-03-01"), day("2026-03-30")))
	f(TimeRange, from, "", history.RangeOf(day("2026-03-01"), history.NoDay))
	f(TimeRange, "", to, history.RangeOf(history.NoDay, day("2026-03-30")))
	f(TimeRange, "", "", history.RangeOf(history.NoDay, history.NoDay))
}

func TestAutoInterval(t *testing.T) {
	f := func(period string, days int, asked time.Duration, points int64, want Interval) {
		t.Helper()
		to := at(t, "2026-01-01T12:00:00Z")
		q, err := Decode(backend.DataQuery{
			JSON:     []byte(`{"format":"time_series","period":"` + period + `"}`),
			Interval: asked, MaxDataPoints: points,
			TimeRange: backend.TimeRange{From: to.Add(-time.Duration(days-1) * oneDay), To: to},
		})
		if err != nil || q.(Overview).Interval != want {
			t.Errorf("%s, %d days, %s, %d points: expected %s, got %+v, %v", period, days, asked, points, want, q, err)
		}
	}
	// Panels: the interval that Grafana asks for is rounded, the points are exact.
	f("time_range", 30, time.Hour, 800, Daily)
	f("time_range", 1600, oneDay, 800, Daily)
	f("time_range", 1700, oneDay, 800, Week)
	f("time_range", 11200, 7*oneDay, 800, Week)
	f("time_range", 11300, 7*oneDay, 800, Month)
	// A panel with a least interval.
	f("time_range", 30, 7*oneDay, 800, Week)
	f("time_range", 30, 30*oneDay, 800, Month)
	f("time_range", 30, 2*oneDay, 800, Daily)
	// Alert rules have a second and many points; other clients may have neither.
	f("time_range", 90, time.Second, 43200, Daily)
	f("time_range", 3650, 0, 0, Daily)
	f("time_range", 365, time.Second, 100, Week)
	f("time_range", 90_000, time.Second, 1, Month)
	// Other periods have their own length.
	f("last_month", 3650, 7*oneDay, 800, Daily)
	f("last_month", 1, time.Minute, 10, Week)
	f("all_time", 1, time.Minute, 800, Week)
	f("all_time", 3650, 30*oneDay, 10, Week)
}
