//gosec:disable G115 -- bytes and words are taken apart; counts and days are checked

package hubcsv

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"regexp"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// The usual ways in which a timestamp goes on after its date, all of them midnight
// UTC. Writer writes the first.
var midnights = [...]string{"T00:00:00.000Z", "T00:00:00Z", "", " T00:00:00.000 Z"}

const (
	dateSize      = len("2021-01-22")
	timestampSize = len("2021-01-22T00:00:00.000Z")
)

// timestampFault says what is wrong with a timestamp.
type timestampFault uint8

const (
	timestampOK timestampFault = iota
	notADate
	otherDate     // none like 2021-01-22
	notInCalendar // no such day, or one before 1970
	notMidnight
	inFuture
)

// parse reads a field that is a timestamp.
func (m *months) parse(b []byte) (history.Day, timestampFault) {
	if len(b) < dateSize {
		return 0, whyNoDate(b)
	}
	month := m.get(le64(b))
	tens, ones := b[8]-'0', b[9]-'0'
	if tens > 9 || ones > 9 || month.days == 0 && !isMonth(month.text) {
		return 0, whyNoDate(b)
	}
	if rest := b[dateSize:]; !isMidnight(rest) {
		if rest[0] != 'T' && rest[0] != ' ' {
			return 0, notADate
		}
		return 0, notMidnight
	}
	day := uint32(tens)*10 + uint32(ones) - 1
	if day < month.days {
		return month.first + history.Day(day), timestampOK
	}
	first, days := readMonth(month.text)
	switch d := first + history.Day(day); {
	case day >= days:
		return 0, notInCalendar
	case d > m.last:
		return 0, inFuture
	default:
		return d, timestampOK
	}
}

// otherDates is how dates look, and numbers of days, where days are not written like 2021-01-22.
var otherDates = regexp.MustCompile(`^[0-9]{1,4}[/.-][0-9]{1,2}[/.-][0-9]{1,4}\b|^[0-9]+([.,][0-9]+)?$`)

func whyNoDate(b []byte) timestampFault {
	if otherDates.Match(b) {
		return otherDate
	}
	return notADate
}

// isMidnight reports whether a timestamp that goes on like this after its date is of
// midnight UTC, in the spellings of the Hub, of pandas, Polars, DuckDB and others: a T, a
// blank or both, 00:00, seconds and zeros of a second or not, and then nothing, Z, UTC or
// no offset, perhaps after a blank.
func isMidnight(rest []byte) bool {
	for _, m := range midnights {
		if string(rest) == m {
			return true
		}
	}
	rest, blank := bytes.CutPrefix(rest, []byte(" "))
	rest, t := bytes.CutPrefix(rest, []byte("T"))
	rest, midnight := bytes.CutPrefix(rest, []byte("00:00"))
	if !blank && !t || !midnight {
		return false
	}
	if after, seconds := bytes.CutPrefix(rest, []byte(":00")); seconds {
		rest = after
		if after, fraction := bytes.CutPrefix(rest, []byte(".")); fraction {
			if rest = bytes.TrimLeft(after, "0"); len(rest) == len(after) {
				return false
			}
		}
	}
	if len(rest) == 0 {
		return true
	}
	switch string(bytes.TrimPrefix(rest, []byte(" "))) {
	case "Z", "UTC", "+00", "+0000", "+00:00", "-00:00", "+0000 UTC":
		return true
	}
	return false
}

// midnightSize returns the length of the midnight that b begins with and that a
// comma ends, the comma included, or 0 if there is none.
func midnightSize(b []byte) int {
	for _, m := range midnights {
		if n := len(m); n < len(b) && b[n] == ',' && string(b[:n]) == m {
			return n + 1
		}
	}
	return 0
}

// The dashes of the eight bytes "2021-01-", the first byte lowest.
const (
	dashes   = '-'<<32 | '-'<<56
	atDashes = 0xff<<32 | 0xff<<56
)

// parseMonth reads the eight bytes "2021-01-", the first in the lowest byte. It
// checks that digits and dashes are where they belong and nothing else.
func parseMonth(w uint64) (year, month int, ok bool) {
	if w&atDashes != dashes {
		return 0, 0, false
	}
	var digit [8]int
	for i := range digit {
		digit[i] = int(byte(w>>(8*i)) - '0')
	}
	for _, i := range [...]int{0, 1, 2, 3, 5, 6} {
		if digit[i] > 9 {
			return 0, 0, false
		}
	}
	return digit[0]*1000 + digit[1]*100 + digit[2]*10 + digit[3], digit[5]*10 + digit[6], true
}

// isMonth reports whether the eight bytes have digits and dashes where those of
// a month have them.
func isMonth(w uint64) bool {
	_, _, ok := parseMonth(w)
	return ok
}

// monthText returns the eight bytes that parseMonth reads.
func monthText(year, month int) uint64 {
	y, m := uint64(year), uint64(month)
	const zeros = '0' * 0x00_0101_00_01010101
	return y/1000 | y/100%10<<8 | y/10%10<<16 | y%10<<24 | m/10<<40 | m%10<<48 | zeros | dashes
}

// months remembers months that were read. Inputs have few different ones, so
// that the fast path seldom has to read one.
type months struct {
	last    history.Day // the last day that may be
	entries [256]monthEntry
}

type monthEntry struct {
	text  uint64 // "2021-01-", the first byte lowest; 0 for a free entry
	first history.Day
	days  uint32
}

// get returns the month with the given text, with those of its days that the fast path
// takes; without any if it is no month. It is small enough to be inlined.
func (m *months) get(text uint64) (e *monthEntry) {
	if e = &m.entries[text*0x9e3779b97f4a7c15>>56]; e.text != text {
		m.fill(e, text)
	}
	return
}

// fill makes e the month with the given text.
func (m *months) fill(e *monthEntry, text uint64) {
	first, days := readMonth(text)
	last := min(m.last, maxFastDay)
	*e = monthEntry{text: text, first: first, days: uint32(max(0, min(history.Day(days), last-first+1)))}
}

// readMonth returns the first day of a month and how many it has, none if it is no month.
func readMonth(text uint64) (first history.Day, days uint32) {
	year, month, ok := parseMonth(text)
	if !ok || year < 1970 || month < 1 || month > 12 {
		return 0, 0
	}
	return history.DayOf(time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC)), uint32(history.DaysIn(year, month))
}

// trailingDigits returns how many of the first eight bytes of b are decimal
// digits with nothing but digits after them.
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
