// Package query is what Grafana asks the data source: the query as panels,
// annotations, variables and the CSV link send it, decoded and checked.
//
// The TypeScript side of the same model is src/query/types.ts; the files in
// testdata/queries are decoded by the tests of both.
package query

import (
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Type says what a query asks for.
type Type string

// The types of queries, as the member queryType has them.
const (
	// Overview sums over repositories.
	Overview Type = "overview"
	// Repos is the table of repositories.
	Repos Type = "repos"
	// Export is the daily records themselves.
	Export Type = "export"
	// Milestones are the days on which a repository passed a round number of
	// downloads, for annotations.
	Milestones Type = "milestones"
	// Corrections are the times at which the Hub took downloads back, for
	// annotations.
	Corrections Type = "corrections"
	// Variable is the values that a dashboard variable can take.
	Variable Type = "variable"
)

// Format says what kind of frames the answer is.
type Format string

// The formats: Totals and TimeSeries of Overview, Table and TimeSeries of
// Repos, Table of all others.
const (
	Totals     Format = "totals"
	TimeSeries Format = "time_series"
	Table      Format = "table"
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
)

// Interval is the length of time that a point of a series sums up. Weeks begin
// on Monday.
type Interval string

// The intervals. Auto picks by the interval that Grafana asks for, and is
// resolved by Decode: a Query holds one of the others.
const (
	Auto  Interval = "auto"
	Daily Interval = "day"
	Week  Interval = "week"
	Month Interval = "month"
)

// Values says what the values of a variable are.
type Values string

// What a variable can list.
const (
	RepoTypes Values = "repo_type"
	Orgs      Values = "org"
	RepoNames Values = "repo"
)

// Query is a decoded and checked query. Members that do not belong to its Type
// and Format are zero.
type Query struct {
	RefID  string
	Type   Type
	Format Format
	Filter history.Filter

	// Period as it was asked for; Days is what it means for a Store.
	Period Period
	// From and To are the time range of the dashboard or of the alert rule. They
	// count with TimeRange; a zero time leaves that end open.
	From, To time.Time

	// GroupBy is of Overview.
	GroupBy GroupBy
	// Interval is of TimeSeries.
	Interval Interval

	// Sort and Ascending are of Repos, and of Variable with RepoNames. Sort has
	// SortDownloads for zero.
	Sort      history.Sort
	Ascending bool
	// Order is of Export.
	Order history.Order

	// Limit is the most rows (Repos and Export), series (Repos as TimeSeries),
	// events (Milestones, Corrections) or values (Variable); at least 1. It is 0
	// for Overview, and for none in a query of DecodeURL.
	Limit int
	// Offset is how many rows of the table of Repos to skip.
	Offset int
	// Trend is the most points of each row's trend in the table of Repos, 0
	// for none.
	Trend int

	// Least is the smallest milestone, a power of ten from 1000.
	Least int64

	// Values is of Variable.
	Values Values
}
