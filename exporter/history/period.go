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
// with. An open end becomes the end of the recorded days. No run begins before
// MinDay: what lies there is cut off. before is empty (hasBefore false) for
// AllTime, for a range with an open start, for a history without a day, and
// where nothing of it lies after MinDay.
func (p Period) Resolve(recorded Days) (days, before Days, hasBefore bool) {
	switch p.Kind {
	case LastMonth:
		days = Days{From: recorded.To - LastMonthDays + 1, To: recorded.To}
	case Range:
		days = Days{From: p.From, To: p.To}
		if p.From == NoDay {
			days.From = recorded.From
		}
		if p.To == NoDay {
			days.To = recorded.To
		}
	default:
		return recorded, NoDays, false
	}
	if recorded.Len() == 0 {
		if p.Kind == LastMonth || p.From == NoDay || p.To == NoDay {
			days = NoDays
		}
		return days, NoDays, false
	}
	days.From = max(days.From, MinDay)
	if days.Len() == 0 || days.From == MinDay || p.Kind == Range && p.From == NoDay {
		return days, NoDays, false
	}
	before = Days{From: max(days.From-Day(days.Len()), MinDay), To: days.From - 1}
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
