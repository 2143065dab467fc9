package hubcsv

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// outcome is what reading a text gives.
type outcome struct {
	lines   []int64
	records []history.Record
	faults  []history.InputError // the first ten
	count   int64
}

// reference reads a text with encoding/csv, plainly and slowly: what Read is
// compared with. It knows nothing of buffers, prefixes and blocks.
func reference(text []byte, longest int) outcome {
	ref := &referenceReader{totals: make(map[history.Repo]int64), lines: make(map[history.Repo]int64)}
	ref.read(text, longest)
	if ref.count > 0 {
		ref.outcome.lines, ref.outcome.records = nil, nil
	}
	return ref.outcome
}

type referenceReader struct {
	outcome
	line   int64
	names  []string
	totals map[history.Repo]int64
	lines  map[history.Repo]int64
}

func (ref *referenceReader) fault(column, value, want string) {
	ref.faultAgainst(0, column, value, want)
}

func (ref *referenceReader) faultAgainst(other int64, column, value, want string) {
	ref.count++
	if ref.count <= 10 {
		ref.faults = append(ref.faults, history.InputError{
			Line: ref.line, OtherLine: other, Column: column, Value: value, Want: want,
		})
	}
}

const blanks = " \t\r\n"

func (ref *referenceReader) read(text []byte, longest int) {
	text = bytes.TrimPrefix(text, bom)
	inside := bytes.TrimLeft(text, blanks)
	fits := true
	for line := range strings.Lines(string(text[:len(text)-len(inside)])) {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		fits = fits && len(line) <= longest
	}
	for _, f := range foreign {
		if fits && bytes.HasPrefix(inside, []byte(f.begins)) {
			ref.line = 1 + int64(bytes.Count(text[:len(text)-len(inside)], lf))
			ref.count, ref.faults = 1, []history.InputError{{Line: ref.line, Want: wantHeader + ", not " + f.what}}
			return
		}
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1
	for {
		from := r.InputOffset()
		fields, err := r.Read()
		raw := string(text[from:r.InputOffset()])
		ref.line = 1 + int64(bytes.Count(text[:from], lf))
		for strings.HasPrefix(raw, "\n") || strings.HasPrefix(raw, "\r\n") {
			raw = raw[strings.Index(raw, "\n")+1:]
			ref.line++
		}
		raw = strings.TrimSuffix(strings.TrimSuffix(raw, "\n"), "\r")
		if err == io.EOF {
			break
		}
		if len(raw) > longest {
			ref.fault("", "", "a short line")
			return
		}
		if err != nil {
			if !errors.Is(err, csv.ErrQuote) && !errors.Is(err, csv.ErrBareQuote) {
				panic(err)
			}
			ref.fault("", "", wantQuotes)
			if ref.names == nil {
				return
			}
			continue
		}
		if len(fields) == 1 && strings.Trim(raw, blanks) == "" {
			continue
		}
		if ref.names == nil {
			if !ref.header(fields, raw) {
				return
			}
			continue
		}
		if len(fields) != len(ref.names) {
			ref.fault("", raw, fmt.Sprintf("%d fields, as in the header, not %d", len(ref.names), len(fields)))
			continue
		}
		ref.row(fields)
	}
	if ref.names == nil {
		ref.line = 1
		ref.fault("", "", wantHeader)
	}
}

func (ref *referenceReader) header(fields []string, raw string) bool {
	found := 0
	for _, name := range columnNames {
		found += min(1, countOf(fields, name))
	}
	if found == 0 {
		ref.fault("", raw, wantHeader)
		return false
	}
	for _, name := range columnNames {
		switch countOf(fields, name) {
		case 0:
			ref.fault(name, raw, "this column in the header")
		case 1:
		default:
			ref.fault(name, raw, "this column once in the header")
		}
	}
	ref.names = fields
	return ref.count == 0
}

func countOf(list []string, s string) int {
	n := 0
	for _, v := range list {
		if v == s {
			n++
		}
	}
	return n
}

var (
	wholeNumber = regexp.MustCompile(`^[0-9]+$`)
	timestamp   = regexp.MustCompile(`(?s)^([0-9]{4}-[0-9]{2}-[0-9]{2})($|[T ].*$)`)
)

func (ref *referenceReader) number(column, s string, wants []string) (int64, bool) {
	if !wholeNumber.MatchString(s) {
		ref.fault(column, s, wants[notANumber])
		return 0, false
	}
	v, _ := new(big.Int).SetString(s, 10)
	if v.Cmp(big.NewInt(math.MaxInt64)) > 0 {
		ref.fault(column, s, wants[numberTooLarge])
		return 0, false
	}
	return v.Int64(), true
}

func (ref *referenceReader) text(column, s, wantSome string) bool {
	switch {
	case s == "":
		ref.fault(column, s, wantSome)
	case !utf8.ValidString(s):
		ref.fault(column, s, wantUTF8)
	case strings.ContainsFunc(s, unicode.IsControl):
		ref.fault(column, s, wantNoControls)
	default:
		return true
	}
	return false
}

func (ref *referenceReader) day(s string) (history.Day, bool) {
	m := timestamp.FindStringSubmatch(s)
	fault := func(f timestampFault) (history.Day, bool) {
		ref.fault("timestamp", s, wantOfTimestamp[f])
		return 0, false
	}
	if m == nil {
		return fault(notADate)
	}
	if !slices.Contains([]string{"", "T00:00:00Z", "T00:00:00.000Z", " T00:00:00.000 Z"}, m[2]) {
		return fault(notMidnight)
	}
	t, err := time.Parse(time.DateOnly, m[1])
	if err != nil || t.Year() < 1970 {
		return fault(notInCalendar)
	}
	return history.DayOf(t), true
}

func (ref *referenceReader) row(fields []string) {
	field := func(name string) string { return fields[slices.Index(ref.names, name)] }
	repo := history.Repo{Type: history.RepoType(field("repoType")), Name: field("repoName")}
	okType := ref.text("repoType", string(repo.Type), wantType)
	ok := ref.text("repoName", repo.Name, wantName) && okType
	total := history.Unknown
	if s := field("total"); s != "" {
		v, okTotal := ref.number("total", s, wantOfTotal[:])
		total, ok = v, ok && okTotal
	}
	if ok {
		if was, known := ref.totals[repo]; !known {
			ref.totals[repo], ref.lines[repo] = total, ref.line
		} else if was != total {
			want := "no total"
			if was >= 0 {
				want = fmt.Sprintf("the total %d", was)
			}
			ref.faultAgainst(ref.lines[repo], "total", field("total"), want+", as "+repo.String()+" has there")
			ok = false
		}
	}
	day, okDay := ref.day(field("timestamp"))
	downloads, okDownloads := ref.number("downloads", field("downloads"), wantOfDownloads[:])
	if ok && okDay && okDownloads {
		ref.records = append(ref.records, history.Record{Repo: repo, Total: total, Day: day, Downloads: downloads})
		ref.outcome.lines = append(ref.outcome.lines, ref.line)
	}
}

// actual reads a text with Read, with buffers of the given size.
func actual(t *testing.T, text []byte, longest, size int) outcome {
	t.Helper()
	var got outcome
	var dict []history.RepoTotal
	v := history.Version{Source: history.Published, AsOf: 7}
	for rows, err := range read(bytes.NewReader(text), Options{Version: v, MaxLineBytes: longest}, size) {
		if err != nil {
			var faults *history.InputErrors
			if !errors.As(err, &faults) {
				t.Fatalf("unexpected error %v", err)
			}
			got = outcome{count: faults.Count}
			for _, f := range faults.Listed {
				got.faults = append(got.faults, *f)
			}
			return got
		}
		if rows.Version != v {
			t.Fatalf("unexpected version %v", rows.Version)
		}
		if n := rows.Len(); n == 0 || n > history.BlockRows || len(rows.Day) != n || len(rows.Downloads) != n {
			t.Fatalf("block of %d repositories, %d days, %d downloads", n, len(rows.Day), len(rows.Downloads))
		}
		if len(rows.Repos) < len(dict) || !slices.Equal(rows.Repos[:len(dict)], dict) {
			t.Fatalf("the dictionary changed from %v to %v", dict, rows.Repos)
		}
		dict = rows.Repos
		for i := range rows.Len() {
			got.lines = append(got.lines, rows.Line(i))
			got.records = append(got.records, rows.Record(i))
		}
	}
	return got
}

// compare compares what Read makes of a text with what the reference makes of it.
func compare(t *testing.T, text []byte, longest, size int) outcome {
	t.Helper()
	want, got := reference(text, longest), actual(t, text, longest, size)
	fail := func(format string, args ...any) {
		t.Helper()
		t.Fatalf("%s\ntext (buffers of %d, lines of %d):\n%q", fmt.Sprintf(format, args...), size, longest, text)
	}
	if got.count != want.count || len(got.faults) != len(want.faults) {
		fail("%d faults %v, want %d %v", got.count, got.faults, want.count, want.faults)
	}
	for i, w := range want.faults {
		g := got.faults[i]
		switch {
		case w.Want == "a short line" || w.Want == wantQuotes || strings.HasPrefix(w.Want, wantHeader):
			// The reference does not know more of these than the line.
			w.Want, w.Column, w.Value = "", "", ""
			g.Want, g.Column, g.Value = "", "", ""
		default:
			// encoding/csv makes a CRLF in quotes an LF.
			g.Value = strings.ReplaceAll(g.Value, "\r\n", "\n")
			w.Value = strings.ReplaceAll(w.Value, "\r\n", "\n")
		}
		if g != w {
			fail("fault %d is %+v, want %+v", i, g, w)
		}
	}
	if !slices.Equal(got.records, want.records) {
		fail("records %v, want %v", got.records, want.records)
	}
	if !slices.Equal(got.lines, want.lines) {
		fail("lines %v, want %v", got.lines, want.lines)
	}
	return got
}
