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
	// Midnights at the ends belong to it.
	f("2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z", "2026-03-01", "2026-03-03")
	f("2026-03-01T00:00:00.000000001Z", "2026-03-02T23:59:59.999999999Z", "2026-03-02", "2026-03-02")
	f("2026-02-28T23:59:59.999Z", "2026-03-01T00:00:00Z", "2026-03-01", "2026-03-01")
	f("2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-03-01", "2026-03-01")
	// No midnight within.
	f("2026-03-01T09:00:00Z", "2026-03-01T15:00:00Z", "2026-03-01", "2026-03-01")
	f("2026-03-01T09:00:00Z", "2026-03-01T09:00:00Z", "2026-03-01", "2026-03-01")
	// The days are those of UTC, wherever the browser is.
	f("2026-03-01T00:00:00+09:00", "2026-03-03T00:00:00+09:00", "2026-03-01", "2026-03-02")
	f("2026-03-01T00:00:00-08:00", "2026-03-03T00:00:00-08:00", "2026-03-02", "2026-03-03")
	// What no record can have.
	f("1960-01-01T00:00:00Z", "1970-01-02T03:00:00Z", "1970-01-01", "1970-01-02")
	f("1960-01-01T00:00:00Z", "1960-01-02T00:00:00Z", "1970-01-01", "1970-01-01")
	f("9999-12-30T12:00:00Z", "9999-12-31T23:59:59.999Z", "9999-12-31", "9999-12-31")
	f("9999-12-31T12:00:00Z", "9999-12-31T13:00:00Z", "9999-12-31", "9999-12-31")

	if got := DaysOf(time.Unix(math.MinInt64/2, 0), time.Unix(math.MaxInt64/2, 0)); got != (history.Days{From: history.MinDay, To: history.MaxDay}) {
		t.Errorf("all of time: expected every day there can be, got %s to %s", got.From, got.To)
	}
}

// A dashboard of the last 30 days has 30 of them at every time of the day.
func TestLastDaysOfADashboard(t *testing.T) {
	const days = 30
	end := at(t, "2026-03-31T00:00:00Z")
	for now := end; now.Before(end.Add(2 * oneDay)); now = now.Add(97 * time.Minute) {
		from := now.Add(-days * oneDay)
		got := DaysOf(from, now)
		want := days
		if now.Equal(end) {
			want++ // both ends are midnights
		}
		if got.Len() != want || got.From.Time().Before(from) || got.To.Time().After(now) {
			t.Errorf("30 days until %s: expected %d days within them, got %s to %s", now, want, got.From, got.To)
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
	f(TimeRange, from, to, history.RangeOf(day("2026-03-02"), day("2026-03-31")))
	f(TimeRange, from, "", history.RangeOf(day("2026-03-02"), history.NoDay))
	f(TimeRange, "", to, history.RangeOf(history.NoDay, day("2026-03-31")))
	f(TimeRange, "", "", history.RangeOf(history.NoDay, history.NoDay))
}

func TestAutoInterval(t *testing.T) {
	f := func(period string, days int, asked time.Duration, points int64, want Interval) {
		t.Helper()
		to := at(t, "2026-01-01T00:00:00Z")
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
