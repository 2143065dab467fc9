package history

// OverviewQuery asks for sums over many repositories.
type OverviewQuery struct {
	Filter Filter
	Period Period
	// ByRepoType and ByOrg say what the sums are grouped by; with neither there
	// is one group.
	ByRepoType, ByOrg bool
	// Series asks for the downloads of each day as well.
	Series bool
}

// Overview is the answer to an OverviewQuery.
type Overview struct {
	// Days are the days of the period, Before those of the period before it
	// (valid only if HasBefore).
	Days, Before Days
	HasBefore    bool
	// Recorded runs from the first to the last recorded day of the whole
	// history, whatever the filter. It is empty for an empty history.
	Recorded Days
	// Groups are ordered by repo type, then organisation. A group without a
	// repository is left out.
	Groups []Group
}

// Group is the sums of one group of repositories. Sums that would pass the
// largest int64 stay there.
type Group struct {
	RepoType RepoType // set if grouped by it
	Org      string   // set if grouped by it
	Repos    int
	// Records is the number of recorded days of all repositories, all time.
	Records int64
	// Total is the sum of the known totals of the repositories.
	Total int64
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
