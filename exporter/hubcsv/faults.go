package hubcsv

import (
	"fmt"
	"strconv"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// What is expected of a type or a name.
const (
	wantType       = "a repository type"
	wantName       = "a repository name"
	wantUTF8       = "text in UTF-8"
	wantNoControls = "text without control characters"
)

// What is expected of the other fields, for each way to be wrong.
var (
	wantOfTotal = [...]string{
		notANumber:     "a whole number from 0 to 9223372036854775807, or nothing",
		numberTooLarge: "a number of at most 9223372036854775807",
	}
	wantOfDownloads = [...]string{
		notANumber:     "a whole number from 0 to 9223372036854775807",
		numberTooLarge: "a number of at most 9223372036854775807",
	}
	wantOfTimestamp = [...]string{
		notADate:      "a UTC day like 2021-01-22T00:00:00.000Z",
		notInCalendar: "a day of the calendar from 1970-01-01 to 9999-12-31",
		notMidnight:   "midnight UTC, as in 2021-01-22T00:00:00.000Z",
	}
)

// What is expected of quotes.
const (
	wantQuotes = "quotes around a whole field only, and quotes within it doubled"
	wantClosed = "a quote that closes the field"
)

// fault counts a fault of the record at p.line, and lists it if it is among the
// first. The value is copied.
func (p *parser) fault(column string, value []byte, want string) {
	p.faultAgainst(0, column, value, want)
}

func (p *parser) faultAgainst(other int64, column string, value []byte, want string) {
	if p.errs.Full() {
		p.errs.Count++
		return
	}
	p.errs.Add(&history.InputError{
		Line:      p.line,
		OtherLine: other,
		Column:    column,
		Value:     string(value),
		Want:      want,
	})
}

// raggedFault counts a row with another number of fields than the header.
func (p *parser) raggedFault(rec []byte, found int) {
	if p.errs.Full() {
		p.errs.Count++
		return
	}
	p.fault("", rec, fmt.Sprintf("%d fields, as in the header, not %d", len(p.header.names), found))
}

// totalFault counts a row with another total of its repository than the
// first row of it.
func (p *parser) totalFault(repo uint32, text []byte) {
	if p.errs.Full() {
		p.errs.Count++
		return
	}
	r := p.dict.repos[repo]
	want := "no total"
	if r.Total != history.Unknown {
		want = "the total " + strconv.FormatInt(r.Total, 10)
	}
	p.faultAgainst(p.dict.lines[repo], columnNames[colTotal], text, want+", as "+r.Repo.String()+" has there")
}

// quoteFault counts a fault of the quotes of a record, which the splitter has
// found in the last field it came to.
func (p *parser) quoteFault(line []byte) {
	if p.errs.Full() {
		p.errs.Count++
		return
	}
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
	p.fault(column, line[p.split.starts[field]:], want)
}

// longLine counts the fault of a line that is too long, of which b is known.
func (p *parser) longLine(b []byte) {
	p.fault("", beginning(b), fmt.Sprintf("a line of at most %d bytes, all quotes in it closed", p.longest))
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
