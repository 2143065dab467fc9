package query

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// variablePrefix begins the parameters that Grafana writes for dashboard variables.
const variablePrefix = "var-"

// readParams reads the parameters of a URL. With variables they may come from
// dashboard variables: "var-org" stands for "org" where there is no "org", unless it
// is empty, which selects nothing in Grafana; every other "var-" is ignored.
//
// The other rules are those of the exporter's HTTP API, so that a link can be moved
// from one to the other.
func readParams(rawQuery string, variables bool) (*form, error) {
	params, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, bad("", "expected a URL-encoded query, got %s: %s", textenc.Quote(rawQuery), err)
	}
	f := &form{values: make(map[string]value)}
	for field, texts := range params {
		name, ok := field, false
		if variables {
			if name, ok = strings.CutPrefix(field, variablePrefix); ok {
				set := slices.ContainsFunc(texts, func(v string) bool { return v != "" })
				if !set || params.Has(name) || !slices.Contains(linkParams, name) {
					continue
				}
			}
		}
		v := value{field: field, text: texts[0]}
		if len(texts) > 1 {
			v.kind, v.text = isOther, fmt.Sprintf("%d: %s, %s", len(texts), textenc.Quote(texts[0]), textenc.Quote(texts[1]))
		}
		// A list may be repeated, may hold several items with commas between them, or both.
		for _, text := range texts {
			v.items = wire.AppendItems(v.items, text)
		}
		f.values[name] = v
	}
	return f, nil
}

// linkParams are the parameters of the CSV link.
var linkParams = []string{"bom", "from", "group", "order", "org", "period", "repo", "repo_type", "search", "sep", "to"}

// maxLookup is the most names that a lookup gives, and the default.
const maxLookup = 50

// Lookup asks for names to choose from in an editor.
type Lookup struct {
	// Filter has the repo types, organizations, groups and search asked for.
	Filter history.Filter
	// Limit is the most names, 1 to 50; Offset how many to skip.
	Limit, Offset int
}

// DecodeLookup reads a lookup from the parameters of its URL: repo_type, org, group,
// search, limit and offset. Every error is an *Error.
func DecodeLookup(rawQuery string) (Lookup, error) {
	f, err := readParams(rawQuery, false)
	if err != nil {
		return Lookup{}, err
	}
	l := Lookup{
		Filter: f.filter("repo_type", "org", "", "group", "search"),
		Limit:  int(f.number("limit", maxLookup, 1, maxLookup)),
		Offset: int(f.number("offset", 0, 0, maxOffset)),
	}
	if err := f.done(); err != nil {
		return Lookup{}, err
	}
	return l, nil
}

// DecodeURL reads the query of the CSV link from the parameters of its URL.
// Every error is an *Error. The query has no Limit.
//
// The parameters are repo_type, org, repo, group, search, period, from, to, order, sep
// and bom. Where one is absent, a dashboard variable of its name (var-org)
// stands in for it, unless it is empty; other dashboard variables are let
// through. From and to are milliseconds since 1970, times as in RFC 3339, or
// days, the last of which is included whole; one of them may be absent. They
// count only with the period time_range, which is the default if one of them is
// there; without, it is all_time.
func DecodeURL(rawQuery string) (Export, hubcsv.WriterOptions, error) {
	f, err := readParams(rawQuery, true)
	if err != nil {
		return Export{}, hubcsv.WriterOptions{}, err
	}
	q := Export{Common: f.period(), Order: parsed(f, "order", history.OrderTime, history.ParseOrder)}
	q.Type, q.Filter = TypeExport, f.filter("repo_type", "org", "repo", "group", "search")
	options := hubcsv.WriterOptions{
		Separator:   parsed(f, "sep", ',', parseSeparator),
		Spreadsheet: word(f, "bom", "false", "true", "false") == "true",
	}
	if err := f.done(); err != nil {
		return Export{}, hubcsv.WriterOptions{}, err
	}
	return q, options, nil
}

// period reads the days of a query.
func (f *form) period() (c Common) {
	c.From = f.instant("from", 0)
	// A day is meant whole. Its last instant is all that DaysOf needs.
	c.To = f.instant("to", secondsPerDay*time.Second-1)
	c.Period = AllTime
	if !c.From.IsZero() || !c.To.IsZero() {
		c.Period = TimeRange
	}
	c.Period = word(f, "period", c.Period, TimeRange, AllTime, LastMonth)
	switch {
	case c.Period != TimeRange:
		c.From, c.To = time.Time{}, time.Time{}
	case c.From.IsZero() && c.To.IsZero():
		f.bad("period", "expected from, to or both beside %q, got neither", TimeRange)
	case !c.To.IsZero() && c.To.Before(c.From):
		f.bad("to", "expected a time that is not before from, which is %s, got %s", c.From.Format(time.RFC3339), c.To.Format(time.RFC3339))
	}
	return c
}

// instant returns a time, or for a day the time that lies so far into it. It is
// zero if the parameter is absent or empty.
func (f *form) instant(name string, into time.Duration) time.Time {
	return parsed(f, name, time.Time{}, func(s string) (time.Time, error) {
		if s == "" {
			return time.Time{}, nil
		}
		t, err := parseInstant(s, into)
		if err != nil {
			return t, err
		}
		if t.Unix() < int64(history.MinDay)*secondsPerDay || t.Unix() >= (int64(history.MaxDay)+1)*secondsPerDay {
			return t, fmt.Errorf("expected a time from %s to %s, got %s", history.MinDay, history.MaxDay, textenc.Quote(s))
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
		"a day like 2021-01-22 or a time like 2021-01-22T15:04:05Z, got %s", textenc.Quote(s))
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
	return 0, fmt.Errorf("expected comma, semicolon or tab, got %s", textenc.Quote(s))
}
