package query

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

const (
	// maxOffset is the last row that a page can begin after.
	maxOffset = 1<<31 - 1

	defaultTrend = 30
	maxTrend     = 400

	// leastMilestone is the smallest milestone there is, and the default.
	leastMilestone   = 1000
	largestMilestone = 1_000_000_000_000_000_000
)

// types has what decodes each type of query. The first is the default.
var types = []struct {
	name   Type
	decode func(*form, backend.DataQuery) Query
}{
	{TypeOverview, decodeOverview},
	{TypeRepos, decodeRepos},
	{TypeExport, decodeExport},
	{TypeMilestones, decodeMilestones},
	{TypeCorrections, decodeCorrections},
	{TypeVariable, decodeVariable},
}

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
	f.number("version", 1, 1, 1)
	name := word(f, "queryType", Type(asked.QueryType), names...)
	if asked.QueryType != "" && asked.QueryType != string(name) {
		f.bad("queryType", "expected %s, the type that came with the query, got %s", quote(asked.QueryType), quote(string(name)))
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
	f.bad("queryType", "expected %s, got %s%s", orWords(names), quote(string(name)), hint(string(name)))
	return nil, f.done()
}

// common reads what every query has. The first of the periods is the default.
func (f *form) common(asked backend.DataQuery, periods ...Period) Common {
	c := Common{Type: f.queryType, RefID: asked.RefID, From: asked.TimeRange.From, To: asked.TimeRange.To}
	c.Filter = f.filter("repoTypes", "orgs", "repos", "search")
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

func decodeOverview(f *form, asked backend.DataQuery) Query {
	q := Overview{Format: f.format(Totals, TimeSeries), Common: f.common(asked, TimeRange, AllTime, LastMonth)}
	def := GroupByRepoType
	if q.Format == TimeSeries {
		def = GroupByNone
		q.Interval = f.interval(q.Common, asked)
	}
	q.GroupBy = word(f, "groupBy", def, GroupByNone, GroupByRepoType, GroupByOrg)
	return q
}

func decodeRepos(f *form, asked backend.DataQuery) Query {
	q := Repos{Format: f.format(Table, TimeSeries), Common: f.common(asked, TimeRange, AllTime, LastMonth)}
	q.Sort = parsed(f, "sort", history.SortDownloads, history.ParseSort)
	def := "desc"
	if q.Sort == history.SortName {
		def = "asc"
	}
	q.Ascending = word(f, "order", def, "asc", "desc") == "asc"
	if q.Format == TimeSeries {
		q.Limit = f.limit(10, 500)
		q.Interval = f.interval(q.Common, asked)
		return q
	}
	q.Limit = f.limit(50, 10_000)
	q.Offset = int(f.number("offset", 0, 0, maxOffset))
	q.Trend = int(f.number("trend", defaultTrend, 0, maxTrend))
	return q
}

func decodeExport(f *form, asked backend.DataQuery) Query {
	f.format(Table)
	return Export{
		Common: f.common(asked, TimeRange, AllTime, LastMonth),
		Order:  parsed(f, "order", history.OrderTime, history.ParseOrder),
		Limit:  f.limit(10_000, 1_000_000),
	}
}

func decodeMilestones(f *form, asked backend.DataQuery) Query {
	f.format(Table)
	q := Milestones{Common: f.common(asked, TimeRange), Limit: f.limit(100, 5000)}
	q.Least = f.number("least", leastMilestone, leastMilestone, largestMilestone)
	if strings.Trim(strconv.FormatInt(q.Least, 10), "0") != "1" {
		f.bad("least", "expected a power of ten from %d, got %d", leastMilestone, q.Least)
	}
	return q
}

func decodeCorrections(f *form, asked backend.DataQuery) Query {
	f.format(Table)
	return Corrections{Common: f.common(asked, TimeRange), Limit: f.limit(100, 5000)}
}

func decodeVariable(f *form, asked backend.DataQuery) Query {
	f.format(Table)
	q := Variable{Common: f.common(asked, TimeRange, AllTime, LastMonth), Limit: f.limit(1000, 10_000)}
	q.Values = word(f, "values", "", RepoTypes, Orgs, RepoNames)
	f.what += " and values " + string(q.Values)
	switch q.Values {
	case "":
		f.bad("values", "expected repo_type, org or repo, got nothing")
	case RepoNames:
		q.Sort = parsed(f, "sort", history.SortDownloads, parseVariableSort)
		q.Ascending = q.Sort == history.SortName
	}
	return q
}

// parseVariableSort reads what the values of a variable can be ordered by.
func parseVariableSort(s string) (history.Sort, error) {
	sort, err := history.ParseSort(s)
	if err != nil || sort == history.SortCorrected {
		return history.SortDownloads, fmt.Errorf("expected downloads, total, change or name, got %s", quote(s))
	}
	return sort, nil
}
