// Package plausible says whether an answer of the Hub may be believed. An answer may be in
// order and wrong all the same: cut where it was made, all zeros, dated in another year.
//
// An answer is judged as a whole, by what was known before it: a repository that falls by
// itself is no reason to doubt. One that is implausible changes nothing. It is believed once
// it has said about the same for a day (Lasts), or when somebody accepts it: organizations
// do delete half of their repositories, and the Hub does correct its past.
package plausible

import (
	"fmt"
	"math"
	"time"
)

// Reason is why an answer is implausible, in few and fixed words.
type Reason string

// The reasons.
const (
	// ReasonTime: it is dated more than a day in the future, before the Hub counted, or in
	// a past that had fewer downloads.
	ReasonTime Reason = "time"
	// ReasonRepos: half of the repositories are missing, ten at least, or all of them.
	ReasonRepos Reason = "repos"
	// ReasonRecords: more than a tenth of the daily records are missing.
	ReasonRecords Reason = "records"
	// ReasonRows: more rows than one of a hundred cannot be understood. Whoever reads them
	// says so, and never believes it.
	ReasonRows Reason = "rows"
	// ReasonZeros: everything that had downloads has none.
	ReasonZeros Reason = "zeros"
	// ReasonFalls: most repositories have fewer downloads than before.
	ReasonFalls Reason = "falls"
	// ReasonEnd: its last line has no end, so it may have been cut.
	ReasonEnd Reason = "end"
	// ReasonLastMonth: nearly all 30-day numbers are zero at once. The answer is believed
	// without them.
	ReasonLastMonth Reason = "last_month"
)

// Reasons returns every reason, for metrics that start at zero.
func Reasons() []Reason {
	return []Reason{ReasonTime, ReasonRepos, ReasonRecords, ReasonRows, ReasonZeros, ReasonFalls, ReasonEnd, ReasonLastMonth}
}

// Lasts is how long answers have to say the same until what is implausible is believed.
const Lasts = 24 * time.Hour

// Error is an answer that is implausible.
type Error struct {
	// Of names the answer.
	Of     string
	Reason Reason
	// What says what was expected and what came, in figures.
	What string
	// Since is when an answer first said so, Until when it is believed if all of them do.
	// They are zero for one that would take the place of what was said then: time does not
	// make it true.
	Since, Until time.Time
	// Believed is set if answers have said so for long enough.
	Believed bool
}

func (e *Error) Error() string {
	if e.Until.IsZero() {
		return fmt.Sprintf(`%s: implausible (%s): %s; to accept it anyway, run "collect --accept"`, e.Of, e.Reason, e.What)
	}
	return fmt.Sprintf("%s: implausible (%s): %s; responses have agreed since %s and will be accepted after %s; "+
		`to accept them now, run "collect --accept"`, e.Of, e.Reason, e.What, e.Since.UTC().Format(layout), e.Until.UTC().Format(layout))
}

const layout = "2006-01-02 15:04 UTC"

// Doubt remembers since when answers say something implausible. The zero value remembers
// nothing.
type Doubt struct {
	Since time.Time `json:"since,omitzero"`
	// Said are the figures of the answer that began it.
	Said []float64 `json:"said,omitempty"`
}

// Judge returns why an answer of a moment is implausible, nil if it is not. What is believed
// in the end and cannot be stored is believed again.
func (d *Doubt) Judge(a *Answer, at time.Time) *Error {
	reason, what := a.implausible()
	switch reason {
	case "":
		*d = Doubt{}
		return nil
	case ReasonTime:
		return &Error{Reason: reason, What: what}
	}
	return d.doubt(reason, what, at, a.Records, float64(a.Repos-a.Missing), a.now.Total, a.now.Days)
}

// doubt adds an answer that is implausible.
func (d *Doubt) doubt(reason Reason, what string, at time.Time, said ...float64) *Error {
	if d.Since.IsZero() || at.Before(d.Since) || !same(d.Said, said) {
		*d = Doubt{Since: at, Said: said}
	}
	until := d.Since.Add(Lasts)
	return &Error{Reason: reason, What: what, Since: d.Since, Until: until, Believed: !at.Before(until)}
}

// same reports whether figures are about those of another answer: a tenth more or less.
func same(a, b []float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if math.Abs(a[i]-b[i]) > max(math.Abs(a[i]), math.Abs(b[i]))/10 {
			return false
		}
	}
	return true
}
