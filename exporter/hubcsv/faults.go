package hubcsv

import (
	"fmt"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// expected says what should have been there, and what may have happened to what is.
type expected struct{ want, hint string }

// What is expected of a type or a name.
const (
	wantType = "a repository type"
	wantName = "a repository name"
)

// What may have happened to a value.
const (
	hintDate = "was it saved by a spreadsheet?"
	hintTime = "days start at midnight UTC: was it saved by a spreadsheet, or in another time zone?"
)

const (
	wantDate     = "a UTC day like 2021-01-22T00:00:00.000Z"
	wantMidnight = "midnight UTC, like 2021-01-22T00:00:00.000Z"
)

// wantOfTimestamp is what is expected of a timestamp, for each way to be wrong.
var wantOfTimestamp = [...]expected{
	notADate:      {wantDate, ""},
	otherDate:     {wantDate, hintDate},
	notInCalendar: {"a valid date from 1970-01-01 to 9999-12-31", ""},
	notMidnight:   {wantMidnight, hintTime},
}

func wantOfDownloads(f textenc.CountFault) expected { return expected{f.Want(), f.Hint()} }

func wantOfTotal(f textenc.CountFault) expected {
	e := wantOfDownloads(f)
	if f != textenc.CountTooLarge {
		e.want += ", or nothing"
	}
	return e
}

// What is expected of quotes.
const (
	wantQuotes = "quotes only around an entire field, and quotes within it doubled"
	wantClosed = "a quote that closes the field"
)

// fault counts a fault of the whole text, with which the stream ends, at p.line. The
// value is copied.
func (p *parser) fault(column string, value []byte, e expected) {
	p.SkipBadRows = false
	p.addFault(column, value, e)
}

// rowFault counts a fault of the row at p.line, and lists it if it is among the first.
func (p *parser) rowFault(reason history.BadRowReason, column string, value []byte, e expected) {
	if p.wrong == "" {
		p.wrong = reason
	}
	p.addFault(column, value, e)
}

func (p *parser) addFault(column string, value []byte, e expected) {
	if p.errs.Full() {
		p.errs.Count++
		return
	}
	p.errs.Add(&history.InputError{Line: p.line, Column: column, Value: string(value), Want: e.want, Hint: e.hint})
}

// raggedFault counts a row with another number of fields than the header.
func (p *parser) raggedFault(rec []byte, found int) {
	want := fmt.Sprintf("%d fields, as in the header, not %d", len(p.header.names), found)
	p.rowFault(history.BadFields, "", rec, expected{want: want})
}

// quoteFault counts a fault of the quotes of a record, which the splitter has
// found in the last field it came to.
func (p *parser) quoteFault(line []byte) {
	field := len(p.split.starts) - 1
	column := ""
	if field < len(p.header.names) {
		column = p.header.names[field]
	}
	want := wantQuotes
	var s scanner
	if s.end(line); s.state == inQuotes {
		want = wantClosed
	}
	p.rowFault(history.BadQuotes, column, line[p.split.starts[field]:], expected{want: want})
}

// longLine counts the fault of a line that is too long, of which b is known.
func (p *parser) longLine(b []byte) {
	want := fmt.Sprintf("a line of at most %d bytes, all quotes in it closed", p.MaxLineBytes)
	p.fault("", beginning(b), expected{want: want})
}

// maxBeginning bounds how much is quoted of a text that is not known to its
// end, in bytes.
const maxBeginning = 77

// beginning returns the beginning of a text, marked if it is cut.
func beginning(b []byte) []byte {
	if len(b) <= maxBeginning {
		return b
	}
	return append(b[:maxBeginning:maxBeginning], "..."...)
}
