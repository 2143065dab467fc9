package history

import "fmt"

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
	// SortCorrected orders by the downloads that the Hub has taken back.
	SortCorrected
)

// ParseSort reads downloads, total, change, name or corrected.
func ParseSort(s string) (Sort, error) {
	for v := SortDownloads; v <= SortCorrected; v++ {
		if s == v.String() {
			return v, nil
		}
	}
	return 0, fmt.Errorf("expected downloads, total, change, name or corrected, got %q", s)
}

// String returns downloads, total, change, name or corrected.
func (s Sort) String() string {
	switch s {
	case SortDownloads:
		return "downloads"
	case SortTotal:
		return "total"
	case SortChange:
		return "change"
	case SortName:
		return "name"
	case SortCorrected:
		return "corrected"
	}
	return fmt.Sprintf("Sort(%d)", uint8(s))
}

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
	// Total is the Hub's cumulative number, Unknown if it was never told.
	Total int64
	// Downloads and Before are sums over the days of the period and of the
	// period before it (0 without HasBefore).
	Downloads, Before int64
	// Recorded runs from the first to the last recorded day of the repository.
	Recorded Days
	// Corrected and CorrectedAsOf are those of State.
	Corrected     int64
	CorrectedAsOf AsOf
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
