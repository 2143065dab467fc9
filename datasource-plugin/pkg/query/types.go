package query

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/analysis"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// The types of queries. types has what decodes them.
const (
	TypeOverview    Type = "overview"
	TypeRepos       Type = "repos"
	TypeExport      Type = "export"
	TypeReadings    Type = "readings"
	TypeMilestones  Type = "milestones"
	TypeForecast    Type = "forecast"
	TypeHighlights  Type = "highlights"
	TypeCorrections Type = "corrections"
	TypeVariable    Type = "variable"
)

// types has what decodes each type of query. The first is the default.
var types = []struct {
	name   Type
	decode func(*form, backend.DataQuery) Query
}{
	{TypeOverview, decodeOverview},
	{TypeRepos, decodeRepos},
	{TypeExport, decodeExport},
	{TypeReadings, decodeReadings},
	{TypeMilestones, decodeMilestones},
	{TypeForecast, decodeForecast},
	{TypeHighlights, decodeHighlights},
	{TypeCorrections, decodeCorrections},
	{TypeVariable, decodeVariable},
}

const (
	// maxOffset is the last row that a page can begin after.
	maxOffset = 1<<31 - 1

	// maxEvents is how many events are shown by default: more marks hide a chart.
	maxEvents = 20

	// DefaultRows is how many rows or numbers of repositories there are if a query does not say.
	DefaultRows = 50

	defaultTrend = 30
	maxTrend     = 400

	largestMilestone = 1_000_000_000_000_000_000
)

// Overview sums over repositories.
type Overview struct {
	Common
	Format  Format // TimeSeries or Totals
	GroupBy GroupBy
	// Value is the one number wanted of each group, "" for Totals with all of them.
	Value Number
	// Interval is of TimeSeries, and never Auto. So are Overlay, "" for none, and Smooth.
	Interval Interval
	Overlay  Overlay
	Smooth   Smooth
}

func decodeOverview(f *form, asked backend.DataQuery) Query {
	formats := []Format{TimeSeries, Totals}
	if f.has("value") {
		slices.Reverse(formats)
	}
	q := Overview{Format: f.format(formats...), Common: f.common(asked, TimeRange, AllTime, LastMonth)}
	q.GroupBy = word(f, "groupBy", GroupByRepoType, groupings...)
	if q.Format == TimeSeries {
		q.Interval = f.interval(q.Common, asked)
		// A dashboard variable has no empty value.
		if q.Overlay = word(f, "overlay", "", "none", PreviousPeriod, PreviousYear); q.Overlay == "none" {
			q.Overlay = ""
		}
		q.Smooth = word(f, "smooth", "", SevenDays)
		return q
	}
	q.Value = word(f, "value", "", append(slices.Clip(sums), RepoCount)...)
	return q
}

// Repos is the table of repositories, or a series or a launch curve for each.
type Repos struct {
	Common
	Format    Format // Table, TimeSeries or Launch, which is of AllTime
	Sort      history.Sort
	Ascending bool
	// Limit is the most rows, series or curves, at least 1; Offset how many rows to skip. One that
	// skips all rows skips none: the search or the filter has changed since that page was shown.
	Limit, Offset int
	// Trend is the most points of each row's trend, 0 for none.
	Trend int
	// Value is the one number wanted of each repository, "" for a Table with all of them.
	Value Number
	// Interval is of TimeSeries, and never Auto.
	Interval Interval
}

func decodeRepos(f *form, asked backend.DataQuery) Query {
	periods := []Period{TimeRange, AllTime, LastMonth}
	format := f.format(Table, TimeSeries, Launch)
	if format == Launch {
		periods = []Period{AllTime}
	}
	q := Repos{Format: format, Common: f.common(asked, periods...)}
	q.Sort = parsed(f, "sort", history.SortDownloads, history.ParseSort)
	order := word(f, "order", "auto", "auto", "asc", "desc")
	q.Ascending = order == "asc" || order == "auto" && q.Sort == history.SortName
	switch q.Format {
	case Launch:
		q.Limit = f.limit(10, 100)
		return q
	case TimeSeries:
		q.Limit = f.limit(10, 500)
		q.Interval = f.interval(q.Common, asked)
		return q
	}
	q.Limit = f.limit(DefaultRows, 10_000)
	q.Offset = int(f.number("offset", 0, 0, maxOffset))
	q.Trend = int(f.number("trend", defaultTrend, 0, maxTrend))
	q.Value = word(f, "value", "", append(slices.Clip(sums), LastMonthDownloads, Likes, Removed, Backdated)...)
	return q
}

// Export is the daily records themselves.
type Export struct {
	Common
	Order history.Order
	Limit int // 0 for none, in a query of DecodeURL
}

func decodeExport(f *form, asked backend.DataQuery) Query {
	f.format(Table)
	return Export{
		Common: f.common(asked, TimeRange, AllTime, LastMonth),
		Order:  parsed(f, "order", history.OrderTime, history.ParseOrder),
		Limit:  f.limit(10_000, 1_000_000),
	}
}

// Readings are what the Hub said of repositories day by day: a series of a number for each.
type Readings struct {
	Common
	Number Number
	// Limit is the most series: those of the repositories with the largest totals.
	Limit int
}

func decodeReadings(f *form, asked backend.DataQuery) Query {
	f.format(TimeSeries)
	return Readings{
		Common: f.common(asked, TimeRange, AllTime, LastMonth),
		Number: word(f, "number", TotalDownloads, TotalDownloads, LastMonthDownloads, Likes),
		Limit:  f.limit(10, 500),
	}
}

// Milestones are the days on which a repository passed a round number of downloads,
// for annotations.
type Milestones struct {
	Common
	Least int64 // the smallest milestone, a power of ten from 1000; 0 for one that suits the total
	Limit int
}

func decodeMilestones(f *form, asked backend.DataQuery) Query {
	f.format(Table)
	q := Milestones{Common: f.common(asked, TimeRange), Limit: f.limit(maxEvents, 5000)}
	q.Least = f.number("least", 0, analysis.LeastMilestone, largestMilestone)
	if q.Least > 0 && strings.Trim(strconv.FormatInt(q.Least, 10), "0") != "1" {
		f.bad("least", "expected a power of ten from %d, got %d", analysis.LeastMilestone, q.Least)
	}
	return q
}

// Forecast is when the totals of groups or repositories will pass their next milestone.
type Forecast struct {
	Common
	GroupBy GroupBy
	Limit   int // the most rows: those with the largest totals
}

func decodeForecast(f *form, asked backend.DataQuery) Query {
	f.format(Table)
	return Forecast{
		Common:  f.common(asked, TimeRange),
		GroupBy: word(f, "groupBy", GroupByRepoType, append(slices.Clip(groupings), GroupByRepo)...),
		Limit:   f.limit(10, 500),
	}
}

// Highlights are the days on which the downloads of groups stand out, for annotations.
type Highlights struct {
	Common
	GroupBy GroupBy
	Event   Event
	Limit   int
}

func decodeHighlights(f *form, asked backend.DataQuery) Query {
	f.format(Table)
	return Highlights{
		Common:  f.common(asked, TimeRange),
		GroupBy: word(f, "groupBy", GroupByRepoType, groupings...),
		Event:   word(f, "event", RecordDay, RecordDay, OutlierDay),
		Limit:   f.limit(maxEvents, 5000),
	}
}

// Corrections are the times at which the Hub removed downloads, or added some for the past,
// for annotations; with a Value, how many of which repository, for alert rules.
type Corrections struct {
	Common
	Value Number // Removed, Backdated or ""
	Limit int
}

func decodeCorrections(f *form, asked backend.DataQuery) Query {
	f.format(Table)
	return Corrections{
		Common: f.common(asked, TimeRange), Limit: f.limit(maxEvents, 5000),
		Value: word(f, "value", "", Removed, Backdated),
	}
}

// Variable is the values that a dashboard variable can take.
type Variable struct {
	Common
	Values Values
	// Sort and Ascending are of RepoNames.
	Sort      history.Sort
	Ascending bool
	// Limit is the most values, and of Pages the rows of a page; Offset is of Pages, the rows
	// before the page.
	Limit, Offset int
}

func decodeVariable(f *form, asked backend.DataQuery) Query {
	f.format(Table)
	q := Variable{Common: f.common(asked, TimeRange, AllTime, LastMonth), Limit: f.limit(1000, 10_000)}
	q.Values = word(f, "values", "", RepoTypes, Orgs, Groups, RepoNames, LastDay, Pages)
	f.what += " and values " + string(q.Values)
	switch q.Values {
	case "":
		f.bad("values", "expected repo_type, org, group, repo, last_day or page, got nothing")
	case Pages:
		q.Offset = int(f.number("offset", 0, 0, maxOffset))
	case RepoNames:
		q.Sort = parsed(f, "sort", history.SortDownloads, parseVariableSort)
		q.Ascending = q.Sort == history.SortName
	}
	return q
}

// parseVariableSort reads what the values of a variable can be ordered by.
func parseVariableSort(s string) (history.Sort, error) {
	sort, err := history.ParseSort(s)
	if err != nil || sort == history.SortRemoved {
		return history.SortDownloads, fmt.Errorf("expected downloads, total, change or name, got %s", textenc.Quote(s))
	}
	return sort, nil
}
