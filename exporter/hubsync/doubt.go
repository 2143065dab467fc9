package hubsync

import "errors"

// ErrShrunk is in the error of a collection whose answer had lost much of what was
// known: one that was cut at its source looks like a whole one. If the next answer
// tells no less, it is taken.
var ErrShrunk = errors.New("the answer may have been cut; if the next one is like it, it is taken")

// doubt remembers an answer that was refused with ErrShrunk.
type doubt struct {
	refused bool
	told    int64
}

// refuses reports whether an answer that told so much, and lost much if shrunk is
// set, is not to be believed yet.
func (d *doubt) refuses(told int64, shrunk bool) bool {
	if !shrunk {
		*d = doubt{}
		return false
	}
	if d.refused && told >= d.told {
		return false
	}
	*d = doubt{refused: true, told: told}
	return true
}
