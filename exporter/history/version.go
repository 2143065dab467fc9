//gosec:disable G115 -- days are within MinDay and MaxDay

package history

import (
	"cmp"
	"time"
)

// Source says how the downloads of a day became known. A higher source beats a
// lower one, whatever their ages.
type Source uint8

const (
	// Estimated is a difference of two listings spread over the days between them.
	Estimated Source = iota + 1
	// Observed is the difference of the totals of two listings, a day apart.
	Observed
	// Published is the number in the Hub's own CSV.
	Published
)

var sources = enum[Source]{"Source", "published, observed or estimated", []string{Estimated: "estimated", Observed: "observed", Published: "published"}}

// ParseSource reads published, observed or estimated.
func ParseSource(s string) (Source, error) { return sources.parse(s) }

// String returns published, observed or estimated.
func (s Source) String() string { return sources.name(s) }

// AsOf is the age of a fact: when its source stated it, in microseconds since
// 1970-01-01 UTC.
type AsOf int64

// AsOfTime returns t as an AsOf, cut to whole microseconds.
func AsOfTime(t time.Time) AsOf { return AsOf(t.UnixMicro()) }

// Time returns the instant in UTC.
func (a AsOf) Time() time.Time { return time.UnixMicro(int64(a)).UTC() }

// Day returns the UTC day of the instant.
func (a AsOf) Day() Day {
	const day = AsOf(24 * time.Hour / time.Microsecond)
	d := a / day
	if a%day < 0 {
		d--
	}
	return Day(d)
}

// Append appends the instant as "2021-01-22T06:00:00.000000Z" to b.
func (a AsOf) Append(b []byte) []byte { return a.Time().AppendFormat(b, "2006-01-02T15:04:05.000000Z") }

// Version ranks a day's number among others for the same repository and day.
type Version struct {
	Source Source
	AsOf   AsOf
}

// Compare returns a positive number if v beats w: by source, then by age.
func (v Version) Compare(w Version) int {
	if c := cmp.Compare(v.Source, w.Source); c != 0 {
		return c
	}
	return cmp.Compare(v.AsOf, w.AsOf)
}

// Beats is the merge rule for two numbers of one repository and day: the higher
// version wins; of two equal versions the larger number, so that the outcome
// never depends on the order of arrival.
func Beats(v Version, downloads int64, w Version, than int64) bool {
	if c := v.Compare(w); c != 0 {
		return c > 0
	}
	return downloads > than
}
