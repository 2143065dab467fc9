package history

import (
	"cmp"
	"strings"
)

// RepoMeta is what is known of a repository apart from its days. Each of its fields
// is described once, in MetaFields: storage, merging and transport go by that table.
type RepoMeta struct {
	Repo Repo

	// Total is the newest cumulative number of downloads that the Hub reported,
	// Unknown if it reported none; TotalAsOf is when.
	Total     int64
	TotalAsOf AsOf

	// LastMonth is the Hub's own count of the last 30 days and Likes the number
	// of likes, each Unknown if not reported. HubID is the Hub's own id of the
	// repository (24 hexadecimal digits), which outlives a rename, "" if not
	// reported. Listings report the three together; ListedAsOf is when.
	LastMonth, Likes int64
	HubID            string
	ListedAsOf       AsOf

	// GoneAsOf is when the Hub's answers for the organization no longer had the
	// repository, 0 if that never was. MovedTo is the name that it was then found
	// under, "" if it was not found: its records were taken over by that name.
	GoneAsOf AsOf
	MovedTo  string

	// StartDownloads and StartRemoved are what the counters were at StartAsOf, when the
	// total was StartTotal: they go on from there, whatever was read before. Unknown if
	// they go on from the first reading. Stores of versions that kept no readings have them.
	StartTotal, StartDownloads, StartRemoved int64
	StartAsOf                                AsOf

	// Counters follow from the readings, and are not merged.
	Counters
}

// MetaGroup is a group of fields of RepoMeta that are reported together and have a
// common age.
type MetaGroup uint8

// The groups.
const (
	GroupTotal MetaGroup = iota
	GroupListing
	GroupGone
	GroupStart
	NumMetaGroups
)

// AsOf returns the age of the group in m.
func (g MetaGroup) AsOf(m *RepoMeta) *AsOf {
	switch g {
	case GroupTotal:
		return &m.TotalAsOf
	case GroupListing:
		return &m.ListedAsOf
	case GroupGone:
		return &m.GoneAsOf
	default:
		return &m.StartAsOf
	}
}

// MergeRule says which of two values of a field is right.
type MergeRule uint8

// The rules.
const (
	// Newest is for what was reported: the value of the newer group.
	Newest MergeRule = iota
	// Derived is for what follows from the readings: it is worked out anew.
	Derived
)

// MetaField describes a field of RepoMeta.
type MetaField struct {
	// Name is the name of the field in VictoriaMetrics.
	Name string
	// Column is its column in Parquet, "" for the age of a group: a row is of one age.
	Column string
	Group  MetaGroup
	Rule   MergeRule
	// Number or Text returns where the field is in a RepoMeta; the other one is nil.
	Number func(*RepoMeta) *int64
	Text   func(*RepoMeta) *string
	// Unset is the number that stands for "not known"; of a text it is "".
	Unset int64
	// Time is set for times, in microseconds since 1970.
	Time bool
	// Always is set if the column is null in no row of its group, even if the field
	// is not known: it marks those rows.
	Always bool
}

// MetaFields are the fields of RepoMeta, columns in their order in Parquet. A new
// field of a listing is a field of RepoMeta and an entry here.
var MetaFields = []MetaField{
	{Name: "hub_id", Column: "hub_id", Group: GroupListing, Text: func(m *RepoMeta) *string { return &m.HubID }},
	{Name: "total", Column: "total", Group: GroupTotal, Unset: Unknown, Number: func(m *RepoMeta) *int64 { return &m.Total }},
	{Name: "last_month", Column: "last_month", Group: GroupListing, Unset: Unknown, Number: func(m *RepoMeta) *int64 { return &m.LastMonth }},
	{Name: "likes", Column: "likes", Group: GroupListing, Unset: Unknown, Number: func(m *RepoMeta) *int64 { return &m.Likes }},
	{Name: "moved_to", Column: "moved_to", Group: GroupGone, Always: true, Text: func(m *RepoMeta) *string { return &m.MovedTo }},
	{Name: "start_total", Column: "start_total", Group: GroupStart, Unset: Unknown, Always: true, Number: func(m *RepoMeta) *int64 { return &m.StartTotal }},
	{Name: "start_downloads", Column: "start_downloads", Group: GroupStart, Unset: Unknown, Number: func(m *RepoMeta) *int64 { return &m.StartDownloads }},
	{Name: "start_removed", Column: "start_removed", Group: GroupStart, Unset: Unknown, Number: func(m *RepoMeta) *int64 { return &m.StartRemoved }},

	{Name: "total_as_of", Group: GroupTotal, Time: true, Number: func(m *RepoMeta) *int64 { return (*int64)(&m.TotalAsOf) }},
	{Name: "listed_as_of", Group: GroupListing, Time: true, Number: func(m *RepoMeta) *int64 { return (*int64)(&m.ListedAsOf) }},
	{Name: "gone_as_of", Group: GroupGone, Time: true, Number: func(m *RepoMeta) *int64 { return (*int64)(&m.GoneAsOf) }},
	{Name: "start_as_of", Group: GroupStart, Time: true, Number: func(m *RepoMeta) *int64 { return (*int64)(&m.StartAsOf) }},

	{Name: "downloads", Rule: Derived, Unset: Unknown, Number: func(m *RepoMeta) *int64 { return &m.Downloads }},
	{Name: "removed", Rule: Derived, Number: func(m *RepoMeta) *int64 { return &m.Removed }},
	{Name: "backdated", Rule: Derived, Number: func(m *RepoMeta) *int64 { return &m.Backdated }},
	{Name: "removed_as_of", Rule: Derived, Time: true, Number: func(m *RepoMeta) *int64 { return (*int64)(&m.RemovedAsOf) }},
	{Name: "backdated_as_of", Rule: Derived, Time: true, Number: func(m *RepoMeta) *int64 { return (*int64)(&m.BackdatedAsOf) }},
}

// Known reports whether the field is known in m.
func (f *MetaField) Known(m *RepoMeta) bool {
	if f.Text != nil {
		return *f.Text(m) != ""
	}
	return *f.Number(m) != f.Unset
}

// Copy sets the field in dst to what it is in src.
func (f *MetaField) Copy(dst, src *RepoMeta) {
	if f.Text != nil {
		*f.Text(dst) = *f.Text(src)
		return
	}
	*f.Number(dst) = *f.Number(src)
}

func (f *MetaField) compare(a, b *RepoMeta) int {
	if f.Text != nil {
		return strings.Compare(*f.Text(a), *f.Text(b))
	}
	return cmp.Compare(*f.Number(a), *f.Number(b))
}

// unsetMeta has no field known, and newestFields are the fields by group that follow the
// rule Newest: numbers before texts, without ages.
var unsetMeta, newestFields = func() (unset RepoMeta, newest [NumMetaGroups][]MetaField) {
	for _, texts := range []bool{false, true} {
		for _, f := range MetaFields {
			if (f.Text != nil) != texts {
				continue
			}
			if f.Column != "" {
				newest[f.Group] = append(newest[f.Group], f)
			}
			if f.Number != nil {
				*f.Number(&unset) = f.Unset
			}
		}
	}
	return unset, newest
}()

// NewRepoMeta returns a RepoMeta in which nothing but the name is known.
func NewRepoMeta(r Repo) RepoMeta {
	m := unsetMeta
	m.Repo = r
	return m
}

// Merge returns the union of two RepoMeta of one repository: of each group the newer. The
// outcome does not depend on the order of merging, and merging twice changes nothing. The
// Counters are those of m.
func (m RepoMeta) Merge(o RepoMeta) RepoMeta {
	m.MergeFrom(&o)
	return m
}

// MergeFrom is Merge in place, which allocates nothing if both are in memory already.
func (m *RepoMeta) MergeFrom(o *RepoMeta) {
	for g := range NumMetaGroups {
		m.MergeGroup(o, g)
	}
}

// MergeGroup is MergeFrom of one group of fields.
func (m *RepoMeta) MergeGroup(o *RepoMeta, g MetaGroup) {
	if g.compare(o, m) <= 0 {
		return
	}
	*g.AsOf(m) = *g.AsOf(o)
	for i := range newestFields[g] {
		newestFields[g][i].Copy(m, o)
	}
}

// compare ranks the group in a against that in b: by age, then by value. A total
// that is not known ranks below all others, however new: who reported no total took
// none back.
func (g MetaGroup) compare(a, b *RepoMeta) int {
	if g == GroupTotal && (a.Total == Unknown) != (b.Total == Unknown) {
		if b.Total == Unknown {
			return 1
		}
		return -1
	}
	c := cmp.Compare(*g.AsOf(a), *g.AsOf(b))
	for i := 0; c == 0 && i < len(newestFields[g]); i++ {
		c = newestFields[g][i].compare(a, b)
	}
	return c
}

// Gone reports whether the repository is no longer on the Hub under its name. Its
// history stays, and it is not exposed.
func (m *RepoMeta) Gone() bool {
	return m.GoneAsOf > m.TotalAsOf && m.GoneAsOf > m.ListedAsOf
}

// Moved reports whether the repository is on the Hub under the name MovedTo, which
// took its history over.
func (m *RepoMeta) Moved() bool { return m.MovedTo != "" && m.Gone() }

// Counts is what the metrics page shows of a repository.
type Counts struct {
	Repo Repo
	// Counters never fall. Downloads is Unknown if no total was ever collected.
	Counters
	// AllTime is the Hub's total as it was collected last, Unknown if it never was.
	AllTime int64
	// LastMonth is the Hub's own count where a listing reported it, otherwise the
	// sum of the records of the period LastMonth. Unknown if there is neither.
	LastMonth int64
	// Likes is Unknown if no listing reported it.
	Likes int64
}

// Counts returns what the metrics page shows, apart from sums of records.
func (m *RepoMeta) Counts() Counts {
	return Counts{Repo: m.Repo, Counters: m.Counters, AllTime: m.Total, LastMonth: m.LastMonth, Likes: m.Likes}
}

// Readings returns the readings that m holds: of a listing, of a total that no listing
// reported, or both.
func (m *RepoMeta) Readings() []Reading {
	var out []Reading
	if m.ListedAsOf != 0 {
		r := NewReading(m.Repo, m.ListedAsOf, Listing, Unknown, m.LastMonth, m.Likes)
		if m.ListedAsOf == m.TotalAsOf {
			r = NewReading(m.Repo, m.ListedAsOf, Listing, m.Total, m.LastMonth, m.Likes)
		}
		r.HubID = m.HubID
		out = append(out, r)
	}
	if m.Total != Unknown && (m.ListedAsOf == 0 || m.ListedAsOf != m.TotalAsOf) {
		out = append(out, NewReading(m.Repo, m.TotalAsOf, Export, m.Total, Unknown, Unknown))
	}
	return out
}
