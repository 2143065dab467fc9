// Package plausible says whether an answer of the Hub may be believed: one that was cut
// where it was made looks like a whole one.
package plausible

import "errors"

// ErrShrunk is in the error of an answer that had lost much of what was known. If the next
// answer has no less, it is believed.
var ErrShrunk = errors.New("the answer may have been cut; if the next one is like it, it is taken")

// Doubt remembers the last answer if it had lost much. The zero value remembers none.
type Doubt struct {
	shrunk bool
	size   int64
}

// Refuses reports whether an answer of that size is not to be believed yet. shrunk says
// that it has lost much.
func (d *Doubt) Refuses(size int64, shrunk bool) bool {
	if !shrunk {
		*d = Doubt{}
		return false
	}
	refuses := !d.shrunk || size < d.size
	*d = Doubt{shrunk: true, size: size}
	return refuses
}

// RefusesExport is Refuses for an export of so many records, after ones of before: exports
// only grow, so losing a tenth is much.
func (d *Doubt) RefusesExport(records, before int64) bool {
	return d.Refuses(records, records < before-before/10)
}

// RefusesListing is Refuses for a listing without missing of the repositories of one type
// that were known before. Ten and half of them are more likely a fault of the Hub's than so
// many deletions at once, and so is a listing with nothing at all in it.
func (d *Doubt) RefusesListing(before, missing int, empty bool) bool {
	return d.Refuses(int64(before-missing), missing >= 10 && 2*missing >= before || missing > 0 && empty)
}
