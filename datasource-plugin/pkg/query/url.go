package query

import (
	"fmt"
	"strconv"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
)

// DecodeURL reads the query of the CSV link from the parameters of its URL.
// Every error is an *Error. The query's Type is Export, its Limit 0 for none.
//
// The parameters are repo_type, org, repo, search, period, from, to, order, sep
// and bom. Where one is absent, a dashboard variable of its name (var-org)
// stands in for it, unless it is empty; other dashboard variables are let
// through. From and to are milliseconds since 1970, times as in RFC 3339, or
// days, the last of which is included whole; one of them may be absent. They
// count only with the period time_range, which is the default if one of them is
// there; without, it is all_time.
func DecodeURL(rawQuery string) (Query, hubcsv.WriterOptions, error) {
	p := readParams(rawQuery, true)
	q := Query{Type: Export, Format: Table, Filter: p.filter(true)}
	q.Period, q.From, q.To = p.period()
	q.Order = choice(p, "order", history.OrderTime, history.ParseOrder)
	options := hubcsv.WriterOptions{
		Separator:   choice(p, "sep", ',', parseSeparator),
		Spreadsheet: choice(p, "bom", false, parseFlag),
	}
	if err := p.done(); err != nil {
		return Query{}, hubcsv.WriterOptions{}, err
	}
	return q, options, nil
}

func (p *params) period() (period Period, from, to time.Time) {
	from = p.instant("from", 0)
	// A day is meant whole. Its last instant is all that DaysOf needs.
	to = p.instant("to", secondsPerDay*time.Second-1)
	period = AllTime
	if !from.IsZero() || !to.IsZero() {
		period = TimeRange
	}
	period = choice(p, "period", period, parsePeriod)
	switch {
	case period != TimeRange:
		return period, time.Time{}, time.Time{}
	case from.IsZero() && to.IsZero():
		p.bad("period", "expected from, to or both beside %q, got neither", TimeRange)
	case !to.IsZero() && to.Before(from):
		p.bad("to", "expected a time that is not before from, which is %s, got %s", from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	return period, from, to
}

// instant returns a time, or for a day the time that lies so far into it. It is
// zero if the parameter is absent or empty.
func (p *params) instant(name string, into time.Duration) time.Time {
	return choice(p, name, time.Time{}, func(s string) (time.Time, error) {
		if s == "" {
			return time.Time{}, nil
		}
		t, err := parseInstant(s, into)
		if err != nil {
			return t, err
		}
		if t.Unix() < int64(history.MinDay)*secondsPerDay || t.Unix() >= (int64(history.MaxDay)+1)*secondsPerDay {
			return t, fmt.Errorf("expected a time from %s to %s, got %s", history.MinDay, history.MaxDay, quote(s))
		}
		return t.UTC(), nil
	})
}

func parseInstant(s string, into time.Duration) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, s); err == nil {
		return day.Add(into), nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.UnixMilli(ms), nil
	}
	return time.Time{}, fmt.Errorf("expected milliseconds since 1970 (what Grafana puts for ${__from} and ${__to}), "+
		"a day like 2021-01-22 or a time like 2021-01-22T15:04:05Z, got %s", quote(s))
}

func parsePeriod(s string) (Period, error) {
	switch p := Period(s); p {
	case TimeRange, AllTime, LastMonth:
		return p, nil
	}
	return "", fmt.Errorf("expected time_range, all_time or last_month, got %s", quote(s))
}

func parseSeparator(s string) (rune, error) {
	switch s {
	case "comma", ",":
		return ',', nil
	case "semicolon", ";":
		return ';', nil
	case "tab", "\t":
		return '\t', nil
	}
	return 0, fmt.Errorf("expected comma, semicolon or tab, got %s", quote(s))
}

func parseFlag(s string) (bool, error) {
	switch s {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("expected true or false, got %s", quote(s))
}
