package query

import (
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// secondsPerDay is the length of a UTC day: there are no leap seconds in time.Time.
const secondsPerDay = 86400

// Days returns the period as a Store takes it. A time range means DaysOf; if one
// end of it is open, the midnights on the closed end's side.
func (q Query) Days() history.Period {
	switch q.Period {
	case AllTime:
		return history.Period{}
	case LastMonth:
		return history.Period{Kind: history.LastMonth}
	}
	switch {
	case q.From.IsZero() && q.To.IsZero():
		return history.RangeOf(history.NoDay, history.NoDay)
	case q.From.IsZero():
		return history.RangeOf(history.NoDay, lastDay(q.To))
	case q.To.IsZero():
		return history.RangeOf(firstDay(q.From), history.NoDay)
	}
	days := DaysOf(q.From, q.To)
	return history.RangeOf(days.From, days.To)
}

// DaysOf returns the days whose first instant, UTC midnight, lies from from to
// to, both included: the last 30 days of a dashboard are 30 days, and each of
// them is drawn within the panel. A range within one day that touches no
// midnight is that day. Times before 1970 or after 9999 count as the first or
// last day that a record can have.
func DaysOf(from, to time.Time) history.Days {
	days := history.Days{From: firstDay(from), To: lastDay(to)}
	if days.To < days.From {
		day := lastDay(from)
		return history.Days{From: day, To: day}
	}
	return days
}

// firstDay is the first day that begins at t or later.
func firstDay(t time.Time) history.Day {
	day := lastDay(t)
	if t.After(day.Time()) && day < history.MaxDay {
		day++
	}
	return day
}

// lastDay is the last day that begins at t or before, the one in which t lies.
func lastDay(t time.Time) history.Day {
	// A Day holds fewer days than a Time can be away.
	seconds := min(max(t.Unix(), int64(history.MinDay)*secondsPerDay), int64(history.MaxDay)*secondsPerDay)
	return history.Day(seconds / secondsPerDay)
}
