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

// Decode reads the query of a panel, an alert rule, an annotation or a variable.
// A member must belong to the type and format of the query, and its value must be
// of its kind and within its range; a member that is none of ours is refused.
// What Grafana itself puts into a query is let through unread, as are members of
// ours that are empty (null, "" or []): they count as absent. What is absent gets
// its default. Interval and MaxDataPoints count for the interval Auto alone.
//
// Every error is an *Error.
func Decode(asked backend.DataQuery) (Query, error) {
	m := readMembers(asked.JSON)
	m.number("version", 1, 1, 1)
	q := Query{RefID: asked.RefID, From: asked.TimeRange.From, To: asked.TimeRange.To}
	q.Type = readType(m, asked.QueryType)
	q.Format = readFormat(m, q.Type)
	q.Filter = readFilter(m)
	q.Period = readPeriod(m, q)
	switch q.Type {
	case Overview:
		readOverview(m, &q)
	case Repos:
		readRepos(m, &q)
	case Export:
		q.Order = parsed(m, "order", history.OrderTime, history.ParseOrder)
	case Milestones:
		q.Least = readLeast(m)
	case Variable:
		readVariable(m, &q)
	}
	q.Limit = readLimit(m, q)
	if q.Format == TimeSeries {
		q.Interval = word(m, "interval", Auto, Auto, Daily, Week, Month)
		if q.Interval == Auto {
			q.Interval = autoInterval(q, asked)
		}
	}
	if err := m.done(kindOf(q)); err != nil {
		return Query{}, err
	}
	return q, nil
}

// kindOf says what kind of query q is, as its members that decide it have it.
func kindOf(q Query) string {
	switch q.Type {
	case Overview, Repos:
		return fmt.Sprintf("type %s and format %s", q.Type, q.Format)
	case Variable:
		return fmt.Sprintf("type %s and values %s", q.Type, q.Values)
	}
	return "type " + string(q.Type)
}

// readType reads the type, which Grafana hands over beside the query as well.
func readType(m *members, beside string) Type {
	t := word(m, "queryType", Type(beside), Overview, Repos, Export, Milestones, Corrections, Variable)
	switch t {
	case "":
		return Overview
	case Overview, Repos, Export, Milestones, Corrections, Variable:
	default:
		m.bad("queryType", "expected overview, repos, export, milestones, corrections or variable, got %s%s", quote(beside), hint(beside))
	}
	if beside != "" && beside != string(t) {
		m.bad("queryType", "expected %s, the type that came with the query, got %s", quote(beside), quote(string(t)))
	}
	return t
}

// readFormat reads the format. The first of those that a type has is the default.
func readFormat(m *members, t Type) Format {
	switch t {
	case Overview:
		return word(m, "format", Totals, Totals, TimeSeries)
	case Repos:
		return word(m, "format", Table, Table, TimeSeries)
	}
	return word(m, "format", Table, Table)
}

func readFilter(m *members) history.Filter {
	types, orgs, repos, search := m.list("repoTypes"), m.list("orgs"), m.list("repos"), m.text("search")
	if h := hint(search); h != "" {
		// Nothing would be found, and nothing would say why.
		m.bad("search", "expected a part of a name, got %s%s", quote(search), h)
	}
	return filterOf(types, orgs, repos, search, func(list string, i int, format string, args ...any) {
		m.bad(list+"["+strconv.Itoa(i)+"]", format, args...)
	})
}

func readPeriod(m *members, q Query) Period {
	if q.To.Before(q.From) {
		m.bad("timeRange", "expected a time range that does not end before %s, where it begins, got its end at %s", q.From.UTC().Format(time.RFC3339), q.To.UTC().Format(time.RFC3339))
	}
	if q.Type == Milestones || q.Type == Corrections {
		return word(m, "period", TimeRange, TimeRange)
	}
	return word(m, "period", TimeRange, TimeRange, AllTime, LastMonth)
}

func readOverview(m *members, q *Query) {
	def := GroupByRepoType
	if q.Format == TimeSeries {
		def = GroupByNone
	}
	q.GroupBy = word(m, "groupBy", def, GroupByNone, GroupByRepoType, GroupByOrg)
}

func readRepos(m *members, q *Query) {
	q.Sort = parsed(m, "sort", history.SortDownloads, history.ParseSort)
	def := "desc"
	if q.Sort == history.SortName {
		def = "asc"
	}
	q.Ascending = word(m, "order", def, "asc", "desc") == "asc"
	if q.Format == Table {
		q.Offset = int(m.number("offset", 0, 0, maxOffset))
		q.Trend = int(m.number("trend", defaultTrend, 0, maxTrend))
	}
}

// readLimit reads the limit of what has one.
func readLimit(m *members, q Query) int {
	read := func(def, most int64) int { return int(m.number("limit", def, 1, most)) }
	switch q.Type {
	case Repos:
		if q.Format == TimeSeries {
			return read(10, 500)
		}
		return read(50, 10_000)
	case Export:
		return read(10_000, 1_000_000)
	case Milestones, Corrections:
		return read(100, 5000)
	case Variable:
		return read(1000, 10_000)
	}
	return 0
}

func readLeast(m *members) int64 {
	least := m.number("least", leastMilestone, leastMilestone, largestMilestone)
	if strings.Trim(strconv.FormatInt(least, 10), "0") != "1" {
		m.bad("least", "expected a power of ten from %d, got %d", leastMilestone, least)
	}
	return least
}

func readVariable(m *members, q *Query) {
	q.Values = word(m, "values", "", RepoTypes, Orgs, RepoNames)
	switch q.Values {
	case "":
		m.bad("values", "expected repo_type, org or repo, got nothing")
	case RepoNames:
		q.Sort = parsed(m, "sort", history.SortDownloads, parseVariableSort)
		q.Ascending = q.Sort == history.SortName
	}
}

// parseVariableSort reads what the values of a variable can be ordered by.
func parseVariableSort(s string) (history.Sort, error) {
	sort, err := history.ParseSort(s)
	if err != nil || sort == history.SortCorrected {
		return history.SortDownloads, fmt.Errorf("expected downloads, total, change or name, got %s", quote(s))
	}
	return sort, nil
}
