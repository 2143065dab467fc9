package history

import (
	"math"
	"slices"
	"strings"
)

// Filter selects repositories. An empty list or string selects all; the parts
// are combined with and.
type Filter struct {
	RepoTypes []RepoType
	// Orgs are names of organizations or users; "" is that of legacy names.
	Orgs []string
	// Repos are full names, "org/name", of whatever type.
	Repos []string
	// Search is looked for anywhere in the full name, case ignored.
	Search string
	// Groups are names of groups of repositories, of which one is enough. exporter/groups
	// knows what they mean and asks an engine for Sets instead, to which a name means nothing.
	Groups []string
	// Sets are sets of repositories, of which one is enough.
	Sets []*Set
}

// Set is a set of repositories, known ones and others. It does not change, so that what it
// is of a history can be kept by its address.
type Set struct {
	// Has reports whether a repository is in it. It may be called from several goroutines.
	Has func(Repo) bool
}

// IsZero reports whether f selects every repository.
func (f Filter) IsZero() bool {
	return len(f.RepoTypes) == 0 && len(f.Orgs) == 0 && f.WholeOrgs()
}

// WholeOrgs reports whether f selects all repositories of a type and organization or none
// and so needs no look at single ones.
func (f Filter) WholeOrgs() bool {
	return len(f.Repos) == 0 && f.Search == "" && len(f.Groups) == 0 && len(f.Sets) == 0
}

// MatchesGroup reports whether f selects repositories of that type and
// organization, its other parts apart.
func (f Filter) MatchesGroup(t RepoType, org string) bool {
	return (len(f.RepoTypes) == 0 || slices.Contains(f.RepoTypes, t)) &&
		(len(f.Orgs) == 0 || slices.Contains(f.Orgs, org))
}

// Matcher returns the test of f, made once for many repositories. It may be
// called from several goroutines.
func (f Filter) Matcher() func(Repo) bool {
	switch {
	case f.IsZero():
		return func(Repo) bool { return true }
	case len(f.Groups) > 0:
		return func(Repo) bool { return false }
	}
	var names map[string]bool
	if len(f.Repos) > 0 {
		names = make(map[string]bool, len(f.Repos))
		for _, n := range f.Repos {
			names[n] = true
		}
	}
	search := strings.ToLower(f.Search)
	return func(r Repo) bool {
		return f.MatchesGroup(r.Type, r.Org()) &&
			(names == nil || names[r.Name]) &&
			(search == "" || strings.Contains(strings.ToLower(r.Name), search)) &&
			(len(f.Sets) == 0 || slices.ContainsFunc(f.Sets, func(s *Set) bool { return s.Has(r) }))
	}
}

// OverviewQuery asks for sums over many repositories.
type OverviewQuery struct {
	Filter Filter
	Period Period
	// ByRepoType, ByOrg and ByGroup say what the sums are grouped by; with none of them there
	// is one group. ByGroup is for exporter/groups, which asks an engine without it.
	ByRepoType, ByOrg, ByGroup bool
	// Series asks for the downloads of each day as well.
	Series bool
}

// Overview is the answer to an OverviewQuery.
type Overview struct {
	// Days are the days of the period, Before those of the previous period it
	// (valid only if HasBefore).
	Days, Before Days
	HasBefore    bool
	// Recorded runs from the first to the last recorded day of the whole
	// history, whatever the filter. It is empty for an empty history.
	Recorded Days
	// Groups are ordered by group, repo type, then organization. A group without a
	// repository is left out.
	Groups []Group
	// All, with ByGroup, is the sum of all repositories that the filter selects: groups may
	// overlap.
	All *Group
}

// Sum returns the sum of all repositories that the filter selects, each once.
func (o *Overview) Sum() Group {
	if o.All != nil {
		return *o.All
	}
	return SumOf(o.Groups)
}

// SumOf adds groups up that do not overlap. Sums stay at the largest int64.
func SumOf(groups []Group) (sum Group) {
	sum.Recorded = NoDays
	for _, g := range groups {
		sum.Repos += g.Repos
		sum.Records = SaturatingAdd(sum.Records, g.Records)
		sum.Total = SaturatingAdd(sum.Total, g.Total)
		sum.Recorded = sum.Recorded.Span(g.Recorded)
		sum.Downloads = SaturatingAdd(sum.Downloads, g.Downloads)
		sum.Before = SaturatingAdd(sum.Before, g.Before)
	}
	return sum
}

// SaturatingAdd returns the sum of two counts, neither of them negative, or the largest int64.
func SaturatingAdd(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// Group is the sums of one group of repositories. Sums that would pass the
// largest int64 stay there.
type Group struct {
	RepoType RepoType // set if grouped by it
	Org      string   // set if grouped by it
	Group    string   // set if grouped by it
	Repos    int
	// Records is the number of recorded days of all repositories, all time.
	Records int64
	// Total is the sum of the known totals of the repositories.
	Total int64
	// Recorded runs from the first to the last recorded day of the repositories.
	Recorded Days
	// Downloads and Before are sums over the days of the period and of the
	// period before it (0 without HasBefore).
	Downloads, Before int64
	// Series has the days of the period that have a record, ascending.
	Series []DayDownloads
}

// DayDownloads is the downloads of a day.
type DayDownloads struct {
	Day       Day   `json:"day"`
	Downloads int64 `json:"downloads"`
}

// Sort says what the rows of a repository table are ordered by. Ties are
// ordered by Repo.Compare, in either direction.
type Sort uint8

const (
	// SortDownloads orders by downloads in the period.
	SortDownloads Sort = iota
	// SortTotal orders by the Hub's cumulative number.
	SortTotal
	// SortChange orders by downloads in the period less those of the period
	// before it. Without a period before it, it orders by downloads.
	SortChange
	// SortName orders by full name.
	SortName
	// SortRemoved orders by the downloads that the Hub had counted and later removed, equals
	// by those that it added for days in the distant past.
	SortRemoved
)

var sorts = enum[Sort]{
	"Sort", "downloads, total, change, name or removed", []string{"downloads", "total", "change", "name", "removed"},
}

// ParseSort reads downloads, total, change, name or removed.
func ParseSort(s string) (Sort, error) { return sorts.parse(s) }

// String returns downloads, total, change, name or removed.
func (s Sort) String() string { return sorts.name(s) }

// ReposQuery asks for a page of the table of repositories.
type ReposQuery struct {
	Filter Filter
	Period Period
	Sort   Sort
	// Ascending turns the order round: by default the largest number, or for
	// SortName the last name, comes first.
	Ascending bool
	// Limit is the most rows to return, 0 for all; Offset how many to skip.
	Limit, Offset int
	// Trend is the most points wanted of each row's trend, 0 for none.
	Trend int
}

// ReposPage is the answer to a ReposQuery.
type ReposPage struct {
	Days, Before Days
	HasBefore    bool
	Recorded     Days // as in Overview
	// Matched is the number of repositories that the filter selects, on all pages.
	Matched int
	Rows    []RepoRow
	// TrendStep is the number of days that each point of a trend sums up, 0
	// without trends. The first point starts with the first day of the period;
	// the last one may cover fewer days.
	TrendStep int
}

// RepoRow is a row of the table of repositories.
type RepoRow struct {
	Repo Repo
	// Total is the Hub's cumulative number, Unknown if it was never reported.
	Total int64
	// Downloads and Before are sums over the days of the period and of the
	// period before it (0 without HasBefore).
	Downloads, Before int64
	// Recorded runs from the first to the last recorded day of the repository.
	Recorded Days
	// These are as in Counters.
	Removed, Backdated         int64
	RemovedAsOf, BackdatedAsOf AsOf
	// Trend has a sum for each TrendStep days of the period, Unknown where none
	// of them has a record.
	Trend []int64
}

// TrendStep returns how many days each point of a trend of at most points
// points sums up over a period of the given length, 0 if there is none.
func TrendStep(days, points int) int {
	if points <= 0 || days <= 0 {
		return 0
	}
	return (days + points - 1) / points
}
