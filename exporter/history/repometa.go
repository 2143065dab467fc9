package history

import (
	"cmp"
	"strings"
)

// RepoMeta is what is known of a repository besides its days.
type RepoMeta struct {
	Repo Repo

	// Total is the newest cumulative number of downloads that the Hub told,
	// Unknown if it told none; TotalAsOf is when.
	Total     int64
	TotalAsOf AsOf

	// LastMonth is the Hub's own count of the last 30 days and Likes the number
	// of likes, each Unknown if not told. HubID is the Hub's own id of the
	// repository (24 hexadecimal digits), which outlives a rename, "" if not
	// told. Listings tell the three together; ListedAsOf is when.
	LastMonth, Likes int64
	HubID            string
	ListedAsOf       AsOf

	// Base is the total that the downloads of the next day to be observed count
	// from, Unknown if there is none yet; BaseAsOf is when it was told. Only who
	// observes totals day by day needs it.
	Base     int64
	BaseAsOf AsOf

	// GoneAsOf is when the Hub's answers for the organisation no longer had the
	// repository, 0 if that never was. MovedTo is the name that it was then found
	// under, "" if it was not found: its records were taken over by that name.
	GoneAsOf AsOf
	MovedTo  string

	// Highest is the highest Total ever told, Unknown if none: the counter that
	// never falls.
	Highest int64
	// Corrected is how many downloads the Hub has taken back so far, and
	// CorrectedAsOf the age of the newest information that showed some of it: 0 if
	// that never was, or if it was before the age was kept.
	Corrected     int64
	CorrectedAsOf AsOf
}

// NewRepoMeta returns a state in which nothing but the name is known.
func NewRepoMeta(r Repo) RepoMeta {
	return RepoMeta{Repo: r, Total: Unknown, LastMonth: Unknown, Likes: Unknown, Base: Unknown, Highest: Unknown}
}

// Merge returns the union of two states of one repository: of what changes over
// time the newer, of the counters the higher. The outcome does not depend on
// the order of merging, and merging twice changes nothing.
func (s RepoMeta) Merge(t RepoMeta) RepoMeta {
	m := s
	if t.compareTotal(s) > 0 {
		m.Total, m.TotalAsOf = t.Total, t.TotalAsOf
	}
	if t.compareListing(s) > 0 {
		m.LastMonth, m.Likes, m.HubID, m.ListedAsOf = t.LastMonth, t.Likes, t.HubID, t.ListedAsOf
	}
	if c := cmp.Compare(t.BaseAsOf, s.BaseAsOf); c > 0 || c == 0 && t.Base > s.Base {
		m.Base, m.BaseAsOf = t.Base, t.BaseAsOf
	}
	if c := cmp.Compare(t.GoneAsOf, s.GoneAsOf); c > 0 || c == 0 && t.MovedTo > s.MovedTo {
		m.GoneAsOf, m.MovedTo = t.GoneAsOf, t.MovedTo
	}
	m.Highest = max(s.Highest, t.Highest, s.Total, t.Total)
	m.Corrected = max(s.Corrected, t.Corrected)
	m.CorrectedAsOf = max(s.CorrectedAsOf, t.CorrectedAsOf)
	return m
}

// compareTotal ranks a total that is not known below all others, however new the
// state: who did not tell a total took none back.
func (s RepoMeta) compareTotal(t RepoMeta) int {
	if known, other := s.Total != Unknown, t.Total != Unknown; known != other {
		if known {
			return 1
		}
		return -1
	}
	return cmp.Or(cmp.Compare(s.TotalAsOf, t.TotalAsOf), cmp.Compare(s.Total, t.Total))
}

// Gone reports whether the repository is no longer on the Hub under its name. Its
// history stays, and it is not exposed.
func (s RepoMeta) Gone() bool {
	return s.GoneAsOf > s.TotalAsOf && s.GoneAsOf > s.ListedAsOf
}

// Moved reports whether the repository is on the Hub under the name MovedTo, which
// took its history over.
func (s RepoMeta) Moved() bool { return s.MovedTo != "" && s.Gone() }

func (s RepoMeta) compareListing(t RepoMeta) int {
	return cmp.Or(
		cmp.Compare(s.ListedAsOf, t.ListedAsOf),
		cmp.Compare(s.LastMonth, t.LastMonth),
		cmp.Compare(s.Likes, t.Likes),
		strings.Compare(s.HubID, t.HubID),
	)
}

// Counts is what the metrics page shows of a repository.
type Counts struct {
	Repo Repo
	// Downloads never falls: State.Highest. Unknown if no total was ever told.
	Downloads int64
	// Corrected is State.Corrected.
	Corrected int64
	// LastMonth is the Hub's own count where a listing told it, otherwise the
	// sum of the records of the period LastMonth. Unknown if there is neither.
	LastMonth int64
	// Likes is Unknown if no listing told it.
	Likes int64
}
