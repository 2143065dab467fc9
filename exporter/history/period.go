//gosec:disable G115 -- days are within MinDay and MaxDay

package history

import (
	"context"
)

// PeriodKind says how a Period finds its days.
type PeriodKind uint8

const (
	// AllTime is every day of the history. It has no period before it.
	AllTime PeriodKind = iota
	// LastMonth is the LastMonthDays days that end with the last recorded day
	// of the whole history, whatever the filter.
	LastMonth
	// Range is a run of days given by the caller.
	Range
)

// LastMonthDays is the length of the period LastMonth, as the Hub counts it.
const LastMonthDays = 30

// Period selects the days that a query is about. The zero value is AllTime.
type Period struct {
	Kind PeriodKind
	// From and To bound a Range, both included. NoDay leaves that end open.
	From, To Day
}

// RangeOf returns the period of the days from..to; NoDay leaves an end open.
func RangeOf(from, to Day) Period { return Period{Kind: Range, From: from, To: to} }

var periodKinds = enum[PeriodKind]{"PeriodKind", "all_time, last_month or range", []string{"all_time", "last_month", "range"}}

// ParsePeriodKind reads all_time, last_month or range.
func ParsePeriodKind(s string) (PeriodKind, error) { return periodKinds.parse(s) }

// String returns all_time, last_month or range.
func (k PeriodKind) String() string { return periodKinds.name(k) }

// Resolve returns the days of the period in a history that was recorded over
// the given days, and the run of the same length just before it, to compare
// with. A period ends with the last recorded day at the latest: what comes after
// it is not known yet, which is something else than no downloads. An open start
// becomes the first recorded day, and no run begins before MinDay.
//
// before is empty (hasBefore false) for AllTime, for a range with an open start,
// and where the history was not recorded over all of it: sums over unequal numbers
// of recorded days say nothing of growth.
func (p Period) Resolve(recorded Days) (days, before Days, hasBefore bool) {
	switch {
	case p.Kind == AllTime || recorded.Len() == 0:
		return recorded, NoDays, false
	case p.Kind == LastMonth:
		days = Days{From: recorded.To - LastMonthDays + 1, To: recorded.To}
	default:
		days = Days{From: p.From, To: recorded.To}
		if p.From == NoDay {
			days.From = recorded.From
		}
		if p.To != NoDay {
			days.To = min(p.To, recorded.To)
		}
	}
	days.From = max(days.From, MinDay)
	if days.Len() == 0 {
		return NoDays, NoDays, false
	}
	before = Days{From: days.From - Day(days.Len()), To: days.From - 1}
	if p.Kind == Range && p.From == NoDay || before.From < recorded.From {
		return days, NoDays, false
	}
	return days, before, true
}

// PeriodDays returns the days of a period. Only one with an open end asks r.
func PeriodDays(ctx context.Context, r Reader, p Period) (Days, error) {
	if p.Kind == Range && p.From != NoDay && p.To != NoDay {
		return Days{From: p.From, To: p.To}, nil
	}
	o, err := r.Overview(ctx, OverviewQuery{})
	if err != nil {
		return NoDays, err
	}
	days, _, _ := p.Resolve(o.Recorded)
	return days, nil
}
