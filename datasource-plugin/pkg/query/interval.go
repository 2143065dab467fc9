package query

import (
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

const (
	oneDay = secondsPerDay * time.Second

	// A point of a finer interval is drawn for as long as there is room for half of
	// the points or more: two days for a week are too many, three are not.
	dailyUpTo  = 2 * oneDay
	weeklyUpTo = 14 * oneDay
)

// autoInterval picks the interval of a series by the time that a point has on
// the panel: the days of the period divided by the most points (MaxDataPoints,
// the width in pixels), or the interval that Grafana asks for, if that is longer
// (the panel's own least interval). Up to two days a point the series is daily,
// up to fourteen it is weekly, and monthly beyond.
//
// LastMonth has its own length, whatever the dashboard shows. How long AllTime
// is shows only when the history is read: it is drawn by week, which makes ten
// years some 500 points.
func autoInterval(q Query, asked backend.DataQuery) Interval {
	var wanted time.Duration
	var days int
	switch q.Period {
	case AllTime:
		return Week
	case LastMonth:
		days = history.LastMonthDays
	default:
		days = DaysOf(q.From, q.To).Len()
		wanted = asked.Interval
	}
	if asked.MaxDataPoints > 0 {
		// In seconds: the nanoseconds of some ten thousand years do not fit.
		seconds := int64(days) * secondsPerDay / asked.MaxDataPoints
		wanted = max(wanted, time.Duration(min(seconds, int64(366*oneDay/time.Second)))*time.Second)
	}
	switch {
	case wanted <= dailyUpTo:
		return Daily
	case wanted <= weeklyUpTo:
		return Week
	}
	return Month
}
