// Package query is what Grafana asks the data source: the query as panels,
// annotations, variables and the CSV link send it, decoded and checked.
//
// Each type of query is a struct of its own. The TypeScript side of the same model is
// src/query/model.ts; the files in testdata/queries are read by the tests of both.
package query

import (
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Query is a decoded and checked query: an Overview, Repos, Export, Milestones,
// Corrections or Variable.
type Query interface {
	// Base returns what every query has.
	Base() Common
}

// Type says what a query asks for.
type Type string

// The types of queries. types has what decodes them.
const (
	TypeOverview    Type = "overview"
	TypeRepos       Type = "repos"
	TypeExport      Type = "export"
	TypeMilestones  Type = "milestones"
	TypeCorrections Type = "corrections"
	TypeVariable    Type = "variable"
)

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
}

// Base implements Query.
func (c Common) Base() Common { return c }

// Overview sums over repositories.
type Overview struct {
	Common
	Format  Format // Totals or TimeSeries
	GroupBy GroupBy
	// Interval is of TimeSeries, and never Auto.
	Interval Interval
}

// Repos is the table of repositories, or a series for each.
type Repos struct {
	Common
	Format    Format // Table or TimeSeries
	Sort      history.Sort
	Ascending bool
	// Limit is the most rows or series, at least 1; Offset how many rows to skip.
	Limit, Offset int
	// Trend is the most points of each row's trend, 0 for none.
	Trend int
	// Interval is of TimeSeries, and never Auto.
	Interval Interval
}

// Export is the daily records themselves.
type Export struct {
	Common
	Order history.Order
	Limit int // 0 for none, in a query of DecodeURL
}

// Milestones are the days on which a repository passed a round number of downloads,
// for annotations.
type Milestones struct {
	Common
	Least int64 // the smallest milestone, a power of ten from 1000
	Limit int
}

// Corrections are the times at which the Hub took downloads back, for annotations.
type Corrections struct {
	Common
	Limit int
}

// Variable is the values that a dashboard variable can take.
type Variable struct {
	Common
	Values Values
	// Sort and Ascending are of RepoNames.
	Sort      history.Sort
	Ascending bool
	Limit     int
}

// Format says what kind of frames the answer is.
type Format string

// The formats. A query that has no choice has Table.
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

// The intervals. Auto picks by the interval that Grafana asks for.
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
