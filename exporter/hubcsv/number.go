package hubcsv

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// trailingDigits returns how many of the first eight bytes of b are decimal
// digits with nothing but digits behind them.
func trailingDigits(b []byte) int {
	x := binary.LittleEndian.Uint64(b) ^ 0x3030303030303030
	// A carry would matter here: it is kept from leaving its byte.
	other := ((x&0x7f7f7f7f7f7f7f7f + 0x7676767676767676) | x) & 0x8080808080808080
	return bits.LeadingZeros64(other) / 8
}

// digits reads the decimal digits at the start of b, at most 18, and returns
// their value and how many there are, 0 if there is none or more than 18. b has
// at least eight bytes more than digits.
func digits(b []byte) (value int64, n int) {
	for n < len(b) && b[n]-'0' <= 9 {
		if n == 18 {
			return 0, 0
		}
		value = value*10 + int64(b[n]-'0')
		n++
	}
	return value, n
}

// numberFault says what is wrong with a number.
type numberFault uint8

const (
	numberOK numberFault = iota
	notANumber
	numberTooLarge
)

// parseNumber reads a field that is a whole number from 0 to 2^63-1: decimal
// digits and nothing else.
func parseNumber(b []byte) (int64, numberFault) {
	if len(b) == 0 {
		return 0, notANumber
	}
	var v uint64
	fault := numberOK
	for _, c := range b {
		d := uint64(c - '0')
		if d > 9 {
			return 0, notANumber
		}
		if v > (math.MaxInt64-d)/10 {
			fault = numberTooLarge
			continue
		}
		v = v*10 + d
	}
	return int64(v), fault
}
