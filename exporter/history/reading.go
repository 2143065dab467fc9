package history

import (
	"cmp"
	"iter"
	"strings"
)

// Origin says where a reading is from. What was collected beats what was archived.
type Origin uint8

const (
	// Archive is a listing that somebody else saved. Archives tell about days, and never
	// move the counters.
	Archive Origin = 1 << iota
	// Listing is an answer of the Hub's public listings.
	Listing
	// Export is the Hub's CSV of a whole organization, which has days of its own.
	Export
	// ListingAndExport is a day of both.
	ListingAndExport = Listing | Export
)

var origins = enum[Origin]{"Origin", "archive, listing, export or listing and export",
	[]string{Archive: "archive", Listing: "listing", Export: "export", ListingAndExport: "listing and export"}}

// ParseOrigin reads archive, listing, export, or listing and export.
func ParseOrigin(s string) (Origin, error) { return origins.parse(s) }

// String returns archive, listing, export, or listing and export.
func (o Origin) String() string { return origins.name(o) }

// Reading is what the Hub said of a repository on a UTC day: the last answer of the day,
// with what is needed of those before it.
type Reading struct {
	Repo Repo
	// AsOf is when the Hub said it.
	AsOf AsOf
	// Total is the Hub's cumulative number of downloads, LastMonth the downloads of the
	// last 30 days and Likes the number of likes, each Unknown if not reported. Of an
	// export LastMonth is the sum of its last 30 days, Unknown if that is 0.
	Total, LastMonth, Likes int64
	Origin                  Origin
	// HubID is the Hub's id of the repository, "" if not reported: another one under the
	// same name is another repository.
	HubID string

	// Of all answers of the day: FirstAsOf and First are of the earliest one that had a
	// total, High is the largest total and HighMonth the largest LastMonth, Unknown if an
	// export had none.
	// In a Reading of one answer they equal AsOf, Total and LastMonth.
	FirstAsOf              AsOf
	First, High, HighMonth int64
}

// RepoReadings is what is known of a repository apart from stored days.
type RepoReadings struct {
	Meta RepoMeta
	// Readings are in the order of their days.
	Readings []Reading
}

// ReadingSeq is a stream of readings. An error is its last element.
type ReadingSeq = iter.Seq2[Reading, error]

// NewReading returns the reading of one answer. Numbers that it did not have are Unknown.
func NewReading(r Repo, asOf AsOf, o Origin, total, lastMonth, likes int64) Reading {
	return Reading{
		Repo: r, AsOf: asOf, Total: total, LastMonth: lastMonth, Likes: likes, Origin: o,
		FirstAsOf: asOf, First: total, High: total, HighMonth: lastMonth,
	}
}

// Day is the UTC day of the reading.
func (r *Reading) Day() Day { return r.AsOf.Day() }

// Meta returns what the reading says of the present: nothing, if it is archived, and nothing of
// a listing if it is of an export as well, since its numbers are those of either.
func (r *Reading) Meta() RepoMeta {
	m := NewRepoMeta(r.Repo)
	if r.Origin == Archive {
		return m
	}
	if r.Total != Unknown {
		m.Total, m.TotalAsOf = r.Total, r.AsOf
	}
	if r.Origin == Listing {
		m.LastMonth, m.Likes, m.HubID, m.ListedAsOf = r.LastMonth, r.Likes, r.HubID, r.AsOf
	}
	return m
}

// Merge returns what two readings of one repository and day say together. The outcome does
// not depend on their order, and merging twice changes nothing.
func (r Reading) Merge(o Reading) Reading {
	if archived := r.Origin == Archive; archived != (o.Origin == Archive) {
		if archived {
			return o
		}
		return r
	}
	last, other := r, o
	if o.compare(&r) > 0 {
		last, other = o, r
	}
	if other.Total != Unknown {
		if c := cmp.Compare(other.FirstAsOf, last.FirstAsOf); c < 0 || c == 0 && other.First > last.First {
			last.FirstAsOf, last.First = other.FirstAsOf, other.First
		}
		last.High = max(last.High, other.High)
		if last.unbounded() || other.unbounded() {
			last.HighMonth = Unknown
		} else {
			last.HighMonth = max(last.HighMonth, other.HighMonth)
		}
	}
	last.Origin |= other.Origin
	return last
}

// unbounded reports whether no 30-day number bounds what the total may have grown by: an
// export without a download in its last 30 days has none, and days of its own.
func (r *Reading) unbounded() bool { return r.Origin&Export != 0 && r.HighMonth == Unknown }

// compare ranks two readings of a day: one without a total is below all others.
func (r *Reading) compare(o *Reading) int {
	return cmp.Or(
		cmp.Compare(min(r.Total, Unknown+1), min(o.Total, Unknown+1)), cmp.Compare(r.AsOf, o.AsOf),
		cmp.Compare(r.Total, o.Total), cmp.Compare(r.LastMonth, o.LastMonth), cmp.Compare(r.Likes, o.Likes),
		strings.Compare(r.HubID, o.HubID))
}

// ReadingsQuery asks for the readings of repositories on the days of a period.
type ReadingsQuery struct {
	Filter Filter
	Period Period
}

// Days are the days of the period in a history that was recorded over the given days. The
// newest readings are of days that have no record yet, so an open end stays open.
func (q ReadingsQuery) Days(recorded Days) Days {
	all := Days{MinDay, MaxDay}
	switch q.Period.Kind {
	case AllTime:
		return all
	case LastMonth:
		run, _, _ := q.Period.Resolve(recorded)
		return run
	}
	if q.Period.From != NoDay {
		all.From = q.Period.From
	}
	if q.Period.To != NoDay {
		all.To = q.Period.To
	}
	return all
}
