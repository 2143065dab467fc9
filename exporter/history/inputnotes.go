package history

import (
	"fmt"
	"strings"
)

// BadRowReason groups the faults for which a row is set aside.
type BadRowReason string

// The reasons, in the order in which a row is checked: the first fault counts.
const (
	BadQuotes    BadRowReason = "quotes"
	BadFields    BadRowReason = "fields" // more or fewer than the header has
	BadRepoType  BadRowReason = "repo_type"
	BadRepoName  BadRowReason = "repo_name"
	BadTotal     BadRowReason = "total"
	BadTimestamp BadRowReason = "timestamp"
	BadFuture    BadRowReason = "future" // a day that has not come yet
	BadDownloads BadRowReason = "downloads"
	BadConflict  BadRowReason = "conflict" // another number for a day that had one
)

// HintFuture says what may have happened to a day that has not come yet.
const HintFuture = "this day is in the future: is the clock of its source or of this machine wrong?"

// BadRowReasons returns all reasons.
func BadRowReasons() []BadRowReason {
	return []BadRowReason{BadQuotes, BadFields, BadRepoType, BadRepoName, BadTotal, BadTimestamp, BadFuture, BadDownloads, BadConflict}
}

// BadRows counts rows that were set aside, by reason.
type BadRows map[BadRowReason]int64

// Sum returns how many there are.
func (b BadRows) Sum() int64 {
	var sum int64
	for _, rows := range b {
		sum += rows
	}
	return sum
}

// InputNotes is what was noticed of an input that was accepted all the same.
type InputNotes struct {
	// Rows is how many rows were read, without those that were set aside.
	Rows int64
	// BadRows are the rows that were set aside. Faults are those of the first ones, and how
	// many there are.
	BadRows BadRows
	Faults  InputErrors
	// Totals are the first repositories whose rows differ in their totals, and
	// TotalsCount how many there are.
	Totals      []DifferentTotals
	TotalsCount int64
}

// DifferentTotals says which total of a repository was taken of several.
type DifferentTotals struct {
	Repo Repo
	// Taken is the total of Day, the newest day that has one.
	Taken       int64
	Day         Day
	Least, Most int64
}

// String says which total was taken, with all figures.
func (d DifferentTotals) String() string {
	return fmt.Sprintf("%s has totals from %d to %d; using %d, the total of its newest day, %s", d.Repo, d.Least, d.Most, d.Taken, d.Day)
}

// AddTotals counts a repository whose rows differ in their totals, and lists it if it is
// among the first.
func (n *InputNotes) AddTotals(d DifferentTotals) {
	n.TotalsCount++
	if len(n.Totals) < maxListed {
		n.Totals = append(n.Totals, d)
	}
}

// maxBadShare is the number of rows of which one may be bad.
const maxBadShare = 100

// TooManyBad says why an input is refused with so many bad rows, "" if they are few: one,
// or one of a hundred.
func (n *InputNotes) TooManyBad() string {
	bad := n.BadRows.Sum()
	if bad <= max(1, (n.Rows+bad)/maxBadShare) {
		return ""
	}
	return fmt.Sprintf("%d of %d rows are invalid, and at most one of %d is skipped", bad, n.Rows+bad, maxBadShare)
}

// Notices returns what is worth a line in a log, a sentence each: at most ten bad rows and
// ten repositories with different totals.
func (n *InputNotes) Notices() []string {
	var out []string
	if n.Rows == 0 && n.BadRows.Sum() == 0 {
		out = append(out, "no records: the file has no rows")
	}
	for _, f := range n.Faults.Listed {
		out = append(out, "skipped: "+f.Error())
	}
	if bad := n.BadRows.Sum(); bad > 0 {
		var reasons []string
		for _, r := range BadRowReasons() {
			if rows := n.BadRows[r]; rows > 0 {
				reasons = append(reasons, fmt.Sprintf("%d for %s", rows, r))
			}
		}
		word := "rows"
		if bad == 1 {
			word = "row"
		}
		out = append(out, fmt.Sprintf("skipped %d %s of %d: %s", bad, word, bad+n.Rows, strings.Join(reasons, ", ")))
	}
	for _, d := range n.Totals {
		out = append(out, d.String())
	}
	if more := n.TotalsCount - int64(len(n.Totals)); more > 0 {
		out = append(out, fmt.Sprintf("%d more with conflicting totals; using those of their newest days", more))
	}
	return out
}
