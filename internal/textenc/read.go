//gosec:disable G115 -- counts are checked, and numbers of bits are small

package textenc

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"strings"
)

// Read8 reads the decimal digits at the start of b, at most eight, and returns their
// value and how many there are. If there are eight, more may follow. b has at least
// eight bytes.
func Read8(b []byte) (value uint64, n int) {
	x := binary.LittleEndian.Uint64(b) ^ 0x3030303030303030
	// The high bit of each byte that is no digit; a byte from 0x80 up may carry
	// into the bytes after it, which then no longer matter.
	other := (x + 0x7676767676767676 | x) & 0x8080808080808080
	n = bits.TrailingZeros64(other) / 8
	if n == 0 {
		return 0, 0
	}
	// Shift what follows the digits out, so that they become eight digits with
	// leading zeros; then add up neighbors in pairs: 1, 2 and 4 digits wide.
	x <<= 64 - 8*uint(n)
	x = (x * (10<<8 + 1)) >> 8 & 0x00ff00ff00ff00ff
	x = (x * (100<<16 + 1)) >> 16 & 0x0000ffff0000ffff
	return (x * (10000<<32 + 1)) >> 32, n
}

// PutDecimal writes v in decimal to b and returns the number of digits, in a fraction
// of the time that strconv takes. b has room for eight bytes at least, whatever v is.
func PutDecimal(b []byte, v uint64) int {
	if v >= 1e8 {
		n := PutDecimal(b, v/1e8)
		binary.LittleEndian.PutUint64(b[n:], digits8(v%1e8)|zeros8)
		return n + 8
	}
	x := digits8(v)
	zeros := min(bits.TrailingZeros64(x)/8, 7)
	binary.LittleEndian.PutUint64(b, (x|zeros8)>>(8*uint(zeros)))
	return 8 - zeros
}

const zeros8 = 0x3030303030303030 // "00000000"

// digits8 returns the eight decimal digits of v, which is less than 10^8, a byte each,
// the highest one in the lowest byte.
func digits8(v uint64) uint64 {
	// Split the digits in halves, then quarters, then eighths.
	x := v/10000 | v%10000<<32
	hundreds := x * 10486 >> 20 & 0x7f_0000_007f
	x = hundreds | (x-hundreds*100)<<16
	tens := x * 103 >> 10 & 0x000f_000f_000f_000f
	return tens | (x-tens*10)<<8
}

// Grouped writes a number with a comma between each three digits: 4,362,460.
func Grouped(n int64) string {
	digits, sign := strconv.FormatInt(n, 10), ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Short writes a count with two digits, or with all of those before the point, and a unit:
// 999, 1.2k, 12k, 123k, 1.2M, 3B, 4T. It is rounded to the nearest.
func Short(n int64) string {
	v, unit, decimals := float64(n), 0, 0
	for units := len(shortUnits) - 1; v >= 999.5 && unit < units; unit++ {
		v /= 1000
	}
	if unit > 0 && v < 9.95 {
		decimals = 1
	}
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', decimals, 64), ".0") + shortUnits[unit]
}

var shortUnits = []string{"", "k", "M", "B", "T"}

// Plural writes a count with the name of what is counted: 1 file, 4,362,460 files.
func Plural[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Grouped(int64(n)) + " " + many
}

// Repositories writes a number of repositories.
func Repositories[N int | int64](n N) string { return Plural(n, "repository", "repositories") }

// Records writes a number of records.
func Records[N int | int64](n N) string { return Plural(n, "record", "records") }
