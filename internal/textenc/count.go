//gosec:disable G115 -- counts are checked, and numbers of bits are small

package textenc

import (
	"bytes"
	"math"
	"regexp"
)

// CountFault says what is wrong with a count.
type CountFault uint8

// The faults.
const (
	CountOK CountFault = iota
	NotACount
	CountTooLarge
	CountWithFraction
	CountScientific
)

// Want says what was expected in place of a count with the fault.
func (f CountFault) Want() string {
	if f == CountTooLarge {
		return "a number of at most 9223372036854775807"
	}
	return "a whole number from 0 to 9223372036854775807"
}

// Hint says what may have happened to the count, "" if nothing is known of it.
func (f CountFault) Hint() string {
	switch f {
	case CountWithFraction:
		return "counts are integers: was it saved by a spreadsheet?"
	case CountScientific:
		return "this notation loses digits: was it saved by a spreadsheet?"
	}
	return ""
}

// ParseCount reads a whole number from 0 to 2^63-1: decimal digits, and perhaps zeros
// after a point, as of a column that others took for one of fractions.
func ParseCount(b []byte) (int64, CountFault) {
	whole, zeros, point := bytes.Cut(b, []byte("."))
	if len(whole) == 0 || point && (len(zeros) == 0 || len(bytes.Trim(zeros, "0")) > 0) {
		return 0, whyNoCount(b)
	}
	var v uint64
	fault := CountOK
	for _, c := range whole {
		d := uint64(c - '0')
		if d > 9 {
			return 0, whyNoCount(b)
		}
		if v > (math.MaxInt64-d)/10 {
			fault = CountTooLarge
			continue
		}
		v = v*10 + d
	}
	return int64(v), fault
}

// inexact is how numbers look that are no whole ones: a fraction, an exponent.
var inexact = regexp.MustCompile(`^-?[0-9]*[.,]?[0-9]+([eE][+-]?[0-9]+)?$`)

func whyNoCount(b []byte) CountFault {
	m := inexact.FindSubmatchIndex(b)
	switch {
	case m == nil:
		return NotACount
	case m[2] >= 0:
		return CountScientific
	case bytes.ContainsAny(b, ".,"):
		return CountWithFraction
	}
	return NotACount // it is negative
}
