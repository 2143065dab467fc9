package record

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// digits8 reads the decimal digits at the start of b, at most eight, and
// returns their value and how many there are. If there are eight, more may
// follow. b has at least eight bytes.
func digits8(b []byte) (value uint64, n int) {
	x := binary.LittleEndian.Uint64(b) ^ 0x3030303030303030
	// The high bit of each byte that is no digit; a byte from 0x80 up may carry
	// into the bytes behind it, which then no longer matter.
	other := (x + 0x7676767676767676 | x) & 0x8080808080808080
	n = bits.TrailingZeros64(other) / 8
	if n == 0 {
		return 0, 0
	}
	// Shift what follows the digits out, so that they become eight digits with
	// leading zeros; then add up neighbours in pairs: 1, 2 and 4 digits wide.
	x <<= 64 - 8*uint(n)
	x = (x * (10<<8 + 1)) >> 8 & 0x00ff00ff00ff00ff
	x = (x * (100<<16 + 1)) >> 16 & 0x0000ffff0000ffff
	return (x * (10000<<32 + 1)) >> 32, n
}

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
