//gosec:disable G115 -- days are within MinDay and MaxDay

package query

import (
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// secondsPerDay is the length of a UTC day: there are no leap seconds in time.Time.
const secondsPerDay = 86400

// Days returns the period as a history.Reader takes it. A time range means DaysOf; if one
// end of it is open, the noons on the closed end's side.
func (c Common) Days() history.Period {
	switch c.Period {
	case AllTime:
		return history.Period{}
	case LastMonth:
		return history.Period{Kind: history.LastMonth}
	}
	switch {
	case c.From.IsZero() && c.To.IsZero():
		return history.RangeOf(history.NoDay, history.NoDay)
	case c.From.IsZero():
		return history.RangeOf(history.NoDay, lastDay(c.To))
	case c.To.IsZero():
		return history.RangeOf(firstDay(c.From), history.NoDay)
	}
	days := DaysOf(c.From, c.To)
	return history.RangeOf(days.From, days.To)
}

// DaysOf returns the days whose noon, in UTC, lies from from to to, both included. So
// a day, a week or a month that somebody picks in a time zone up to twelve hours from UTC
// is the UTC days of these dates, and the last 30 days are 30 days. A range within one day
// that has no noon is the day in which it begins. Times before 1970 or after 9999 count as
// the first or last day that a record can have.
func DaysOf(from, to time.Time) history.Days {
	days := history.Days{From: firstDay(from), To: lastDay(to)}
	if days.To < days.From {
		day := dayOf(from)
		return history.Days{From: day, To: day}
	}
	return days
}

// firstDay is the first day with a noon at t or later.
func firstDay(t time.Time) history.Day { return dayOf(t.Add(oneDay/2 - 1)) }

// lastDay is the last day with a noon at t or before.
func lastDay(t time.Time) history.Day { return dayOf(t.Add(-oneDay / 2)) }

// dayOf is the day in which t lies.
func dayOf(t time.Time) history.Day {
	// A Day holds fewer days than a Time can be away.
	seconds := min(max(t.Unix(), int64(history.MinDay)*secondsPerDay), int64(history.MaxDay)*secondsPerDay)
	return history.Day(seconds / secondsPerDay)
}

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
func autoInterval(c Common, asked backend.DataQuery) Interval {
	var wanted time.Duration
	var days int
	switch c.Period {
	case AllTime:
		return Week
	case LastMonth:
		days = history.LastMonthDays
	default:
		days = DaysOf(c.From, c.To).Len()
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
