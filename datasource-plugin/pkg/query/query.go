// Package query is what Grafana asks the data source: the query as panels,
// annotations, variables and the CSV link send it, decoded and checked.
//
// Each type of query is a struct of its own. The TypeScript side of the same model is
// src/query/model.ts; the files in testdata/queries are read by the tests of both.
package query

import (
	"math"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// Query is a decoded and checked query: an Overview, Repos, Export, Readings,
// Milestones, Forecast, Highlights, Corrections or Variable.
type Query interface {
	// Base returns what every query has.
	Base() Common
}

// Type says what a query asks for.
type Type string

// Common is what every query has.
type Common struct {
	Type   Type
	RefID  string
	Filter history.Filter
	// Period as it was asked for; Days is what it means for a history.Reader.
	Period Period
	// From and To are the time range of the dashboard or of the alert rule. They
	// count with TimeRange; a zero time leaves that end open.
	From, To time.Time
	// Nothing is set if the ad hoc filters of the dashboard leave nothing of what the query
	// selects. Filter is what the query itself selects then.
	Nothing bool
}

// Base implements Query.
func (c Common) Base() Common { return c }

// Format says what kind of frames the answer is.
type Format string

// The formats. A query that has no choice has Table.
const (
	Totals     Format = "totals"
	TimeSeries Format = "time_series"
	Table      Format = "table"
	// Launch is the cumulative downloads of repositories by days since their release.
	Launch Format = "launch"
)

// Period says which days a query is about.
type Period string

// The periods. LastMonth is the 30 days that end with the last recorded day.
const (
	TimeRange Period = "time_range"
	AllTime   Period = "all_time"
	LastMonth Period = "last_month"
)

// GroupBy says what an overview is grouped by.
type GroupBy string

// The groupings.
const (
	GroupByNone     GroupBy = "none"
	GroupByRepoType GroupBy = "repo_type"
	GroupByOrg      GroupBy = "org"
	// GroupByGroup is by the groups of the configuration, which may overlap.
	GroupByGroup GroupBy = "group"
	// GroupByRepo is of forecasts alone.
	GroupByRepo GroupBy = "repo"
)

// groupings are those of an overview.
var groupings = []GroupBy{GroupByNone, GroupByRepoType, GroupByOrg, GroupByGroup}

// Interval is the length of time that a point of a series sums up. Weeks begin
// on Monday.
type Interval string

// The intervals. Auto picks by the interval that Grafana asks for.
const (
	Auto  Interval = "auto"
	Daily Interval = "day"
	Week  Interval = "week"
	Month Interval = "month"
)

// Overlay says which days are drawn over those of a series, to compare with.
type Overlay string

// The overlays. The previous period is as long and ends where the period starts. The
// previous year is 52 weeks before, so that weekdays meet, and the same months of the year
// before for the interval Month.
const (
	PreviousPeriod Overlay = "previous_period"
	PreviousYear   Overlay = "previous_year"
)

// Smooth says which mean is drawn over a series, "" for none.
type Smooth string

// SevenDays is the mean of the seven days that end with a day. Only series by day have it.
const SevenDays Smooth = "7d"

// Number names a number of a reading, a repository or a group.
type Number string

// The numbers. Those of a reading are the first three.
const (
	TotalDownloads     Number = "total"
	LastMonthDownloads Number = "last_month"
	Likes              Number = "likes"

	Downloads       Number = "downloads"
	Before          Number = "before"
	Change          Number = "change"
	ChangePercent   Number = "change_percent"
	Share           Number = "share"
	Rank            Number = "rank"
	DaysSinceRecord Number = "days_since_record"
	RepoCount       Number = "repos"
	Removed         Number = "removed"
	Backdated       Number = "backdated"
)

// sums are the numbers that both a group and a repository have.
var sums = []Number{Downloads, Before, Change, ChangePercent, Share, Rank, TotalDownloads, DaysSinceRecord}

// Event says which days highlights are.
type Event string

// The events. A RecordDay has more downloads than each day before, an OutlierDay many more or
// fewer than the same weekdays of the eight weeks before.
const (
	RecordDay  Event = "record"
	OutlierDay Event = "outlier"
)

// Values says what the values of a variable are.
type Values string

// What a variable can list.
const (
	RepoTypes Values = "repo_type"
	Orgs      Values = "org"
	Groups    Values = "group"
	RepoNames Values = "repo"
	// LastDay is the last recorded day.
	LastDay Values = "last_day"
	// Pages is where one can go from a page of the table of repositories.
	Pages Values = "page"
)

// version is that of the query model. A query without one is of this version.
const version = 1

// Decode reads the query of a panel, an alert rule, an annotation or a variable.
// A member must belong to the type and format of the query, and its value must be
// of its kind and within its range; any other member is refused. What Grafana itself
// puts into a query is ignored, as are members that are empty (null, "" or []). What
// is absent gets its default. Interval and MaxDataPoints count for the interval Auto
// alone.
//
// Every error is an *Error.
func Decode(asked backend.DataQuery) (Query, error) {
	f, err := readObject(asked.JSON)
	if err != nil {
		return nil, err
	}
	var names []Type
	for _, t := range types {
		names = append(names, t.name)
	}
	if v := f.number("version", version, 1, math.MaxInt32); v > version {
		f.bad("version", "expected %d, got %d: a newer version of the plugin has written this query; update the plugin", version, v)
	}
	name := word(f, "queryType", Type(asked.QueryType), names...)
	if asked.QueryType != "" && asked.QueryType != string(name) {
		f.bad("queryType", "expected %s, the type that came with the query, got %s", textenc.Quote(asked.QueryType), textenc.Quote(string(name)))
	}
	if name == "" {
		name = names[0]
	}
	for _, t := range types {
		if t.name == name {
			f.what, f.queryType = "type "+string(name), name
			q := t.decode(f, asked)
			if err := f.done(); err != nil {
				return nil, err
			}
			return q, nil
		}
	}
	f.bad("queryType", "expected %s, got %s%s", alternatives(names), textenc.Quote(string(name)), hint(string(name)))
	return nil, f.done()
}

// common reads what every query has. The first of the periods is the default.
func (f *form) common(asked backend.DataQuery, periods ...Period) Common {
	c := Common{Type: f.queryType, RefID: asked.RefID, From: asked.TimeRange.From, To: asked.TimeRange.To}
	c.Filter = f.filter("repoTypes", "orgs", "repos", "groups", "search")
	c.Nothing = !f.narrow(&c.Filter)
	if c.To.Before(c.From) {
		f.bad("timeRange", "expected a time range that does not end before %s, where it begins, got its end at %s",
			c.From.UTC().Format(time.RFC3339), c.To.UTC().Format(time.RFC3339))
	}
	c.Period = word(f, "period", periods[0], periods...)
	return c
}

// format reads the format of a query that has several; the first is the default.
func (f *form) format(formats ...Format) Format {
	format := word(f, "format", formats[0], formats...)
	if len(formats) > 1 {
		f.what += " and format " + string(format)
	}
	return format
}

func (f *form) limit(def, most int64) int { return int(f.number("limit", def, 1, most)) }

func (f *form) interval(c Common, asked backend.DataQuery) Interval {
	interval := word(f, "interval", Auto, Auto, Daily, Week, Month)
	if interval == Auto {
		return autoInterval(c, asked)
	}
	return interval
}
