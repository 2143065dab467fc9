package hubcsv

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// outcome is what reading a text gives.
type outcome struct {
	lines   []int64
	records []history.Record     // with the totals of the last dictionary
	faults  []history.InputError // the first ten
	count   int64
	refused bool
	notes   history.InputNotes // but the faults
}

// reference reads a text with encoding/csv, plainly and slowly: what Read is
// compared with. It knows nothing of buffers, prefixes and blocks.
func reference(text []byte, o Options) outcome {
	ref := &referenceReader{Options: o, totals: make(map[history.Repo][]history.Record)}
	ref.read(text)
	ref.notes.Rows = int64(len(ref.records))
	bad := ref.notes.BadRows.Sum()
	if ref.fatal || ref.count > 0 && (!o.SkipBadRows || bad > 1 && bad*100 > int64(len(ref.records))+bad) {
		return outcome{faults: ref.faults, count: ref.count, refused: true}
	}
	for i, r := range ref.records {
		ref.records[i].Total = ref.total(r.Repo)
	}
	return ref.outcome
}

type referenceReader struct {
	outcome
	Options
	fatal  bool
	line   int64
	names  []string
	repos  []history.Repo
	totals map[history.Repo][]history.Record // the rows that have one
	wrong  history.BadRowReason
}

// total returns the total of a repository: the largest of the newest day.
func (ref *referenceReader) total(r history.Repo) int64 {
	rows := ref.totals[r]
	if len(rows) == 0 {
		return history.Unknown
	}
	return slices.MaxFunc(rows, func(a, b history.Record) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Total, b.Total))
	}).Total
}

// noteTotals notes the totals that differ.
func (ref *referenceReader) noteTotals() {
	for _, r := range ref.repos {
		d := history.DifferentTotals{Repo: r, Taken: ref.total(r), Day: -1, Least: math.MaxInt64, Most: -1}
		for _, row := range ref.totals[r] {
			d.Least, d.Most, d.Day = min(d.Least, row.Total), max(d.Most, row.Total), max(d.Day, row.Day)
		}
		if d.Least < d.Most {
			ref.notes.AddTotals(d)
		}
	}
}

func (ref *referenceReader) fault(reason history.BadRowReason, column, value, want, hint string) {
	ref.count++
	if ref.wrong == "" {
		ref.wrong = reason
	}
	ref.fatal = ref.fatal || reason == ""
	if ref.count <= 10 {
		ref.faults = append(ref.faults, history.InputError{Line: ref.line, Column: column, Value: value, Want: want, Hint: hint})
	}
}

const blanks = " \t\r\n"

func (ref *referenceReader) read(text []byte) {
	text = bytes.TrimPrefix(text, bom)
	inside := bytes.TrimLeft(text, blanks)
	fits := true
	for line := range strings.Lines(string(text[:len(text)-len(inside)])) {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		fits = fits && len(line) <= ref.MaxLineBytes
	}
	if _, what := textenc.ForeignToCSV(inside); what != "" && fits {
		ref.line = 1 + int64(bytes.Count(text[:len(text)-len(inside)], lf))
		ref.fault("", "", "", wantHeader+", not "+what, "")
		return
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
		if len(raw) > ref.MaxLineBytes {
			ref.fault("", "", "", "a short line", "")
			return
		}
		ref.wrong = ""
		switch {
		case err != nil && !errors.Is(err, csv.ErrQuote) && !errors.Is(err, csv.ErrBareQuote):
			panic(err)
		case err != nil && ref.names == nil:
			ref.fault("", "", "", wantQuotes, "")
			return
		case err != nil:
			ref.fault(history.BadQuotes, "", "", wantQuotes, "")
		case strings.Trim(strings.Join(fields, ""), blanks) == "":
		case ref.names == nil:
			if !ref.header(fields, raw) {
				return
			}
		case len(fields) != len(ref.names):
			ref.fault(history.BadFields, "", raw, fmt.Sprintf("%d fields, as in the header, not %d", len(ref.names), len(fields)), "")
		default:
			ref.row(fields)
		}
		if ref.wrong != "" {
			if ref.notes.BadRows == nil {
				ref.notes.BadRows = make(history.BadRows)
			}
			ref.notes.BadRows[ref.wrong]++
		}
	}
	if ref.names == nil {
		ref.line = 1
		ref.fault("", "", "", wantHeader, "")
	}
	ref.noteTotals()
}

func (ref *referenceReader) header(fields []string, raw string) bool {
	found := 0
	for _, name := range columnNames {
		found += min(1, countOf(fields, name))
	}
	if found == 0 {
		ref.fault("", "", raw, wantHeader, "")
		return false
	}
	for _, name := range columnNames {
		switch countOf(fields, name) {
		case 0:
			ref.fault("", name, raw, "this column in the header", "")
		case 1:
		default:
			ref.fault("", name, raw, "this column only once in the header", "")
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
	wholeNumber = regexp.MustCompile(`^([0-9]+)([.]0+)?$`)
	timestamp   = regexp.MustCompile(`(?s)^([0-9]{4}-[0-9]{2}-[0-9]{2})($|[T ].*$)`)
	midnight    = regexp.MustCompile(`^((T| T| )00:00(:00([.]0+)?)?( ?(Z|UTC|[+]00(:?00)?|-00:00|[+]0000 UTC))?| T00:00:00[.]000 Z)?$`)
)

func (ref *referenceReader) number(reason history.BadRowReason, column, s string, want func(textenc.CountFault) expected) (int64, bool) {
	m := wholeNumber.FindStringSubmatch(s)
	if m == nil {
		_, bad := textenc.ParseCount([]byte(s))
		e := want(bad)
		ref.fault(reason, column, s, e.want, e.hint)
		return 0, false
	}
	v, _ := new(big.Int).SetString(m[1], 10)
	if v.Cmp(big.NewInt(math.MaxInt64)) > 0 {
		ref.fault(reason, column, s, want(textenc.CountTooLarge).want, "")
		return 0, false
	}
	return v.Int64(), true
}

func (ref *referenceReader) text(reason history.BadRowReason, column, s, wantSome string) bool {
	switch {
	case s == "":
		ref.fault(reason, column, s, wantSome, "")
	case len(s) > history.MaxNameBytes:
		ref.fault(reason, column, s, fmt.Sprintf("at most %d bytes", history.MaxNameBytes), "")
	case !utf8.ValidString(s):
		ref.fault(reason, column, s, "text in UTF-8", "")
	case strings.ContainsFunc(s, unicode.IsControl):
		ref.fault(reason, column, s, "text without control characters", "")
	default:
		return true
	}
	return false
}

func (ref *referenceReader) day(s string) (history.Day, bool) {
	m := timestamp.FindStringSubmatch(s)
	fault := func(f timestampFault) (history.Day, bool) {
		ref.fault(history.BadTimestamp, "timestamp", s, wantOfTimestamp[f].want, wantOfTimestamp[f].hint)
		return 0, false
	}
	if m == nil {
		if regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}`).MatchString(s) {
			return fault(notADate)
		}
		return fault(whyNoDate([]byte(s)))
	}
	if !midnight.MatchString(m[2]) {
		return fault(notMidnight)
	}
	t, err := time.Parse(time.DateOnly, m[1])
	if err != nil || t.Year() < 1970 {
		return fault(notInCalendar)
	}
	day := history.DayOf(t)
	if ref.LastDay > 0 && day > ref.LastDay {
		ref.fault(history.BadFuture, "timestamp", s, "a day up to "+ref.LastDay.String(), history.HintFuture)
		return 0, false
	}
	return day, true
}

func (ref *referenceReader) row(fields []string) {
	field := func(name string) string { return fields[slices.Index(ref.names, name)] }
	repo := history.Repo{Type: history.RepoType(field("repoType")), Name: field("repoName")}
	okType := ref.text(history.BadRepoType, "repoType", string(repo.Type), wantType)
	ok := ref.text(history.BadRepoName, "repoName", repo.Name, wantName) && okType
	total := history.Unknown
	if s := field("total"); s != "" {
		v, okTotal := ref.number(history.BadTotal, "total", s, wantOfTotal)
		total, ok = v, ok && okTotal
	}
	day, okDay := ref.day(field("timestamp"))
	downloads, okDownloads := ref.number(history.BadDownloads, "downloads", field("downloads"), wantOfDownloads)
	if !ok || !okDay || !okDownloads {
		return
	}
	r := history.Record{Repo: repo, Total: total, Day: day, Downloads: downloads}
	ref.records = append(ref.records, r)
	ref.outcome.lines = append(ref.outcome.lines, ref.line)
	if !slices.Contains(ref.repos, repo) {
		ref.repos = append(ref.repos, repo)
	}
	if total != history.Unknown {
		ref.totals[repo] = append(ref.totals[repo], r)
	}
}

// actual reads a text with Read, with buffers of the given size.
func actual(t *testing.T, text []byte, o Options, size int) outcome {
	t.Helper()
	var got outcome
	var dict []history.RepoTotal
	var repos []uint32
	o.Version = history.Version{Source: history.Published, AsOf: 7}
	o.Notes = &got.notes
	settled := false
	for rows, err := range read(bytes.NewReader(text), o, size) {
		if err != nil {
			var faults *history.InputErrors
			if !errors.As(err, &faults) {
				t.Fatalf("unexpected error %v", err)
			}
			got = outcome{count: faults.Count, refused: true}
			for _, f := range faults.Listed {
				got.faults = append(got.faults, *f)
			}
			return got
		}
		if rows.Version != o.Version {
			t.Fatalf("unexpected version %v", rows.Version)
		}
		if settled {
			t.Fatal("a block after the last")
		}
		for i, was := range dict {
			now := rows.Repos[i]
			if now.Repo != was.Repo {
				t.Fatalf("the dictionary changed from %v to %v", dict, rows.Repos)
			}
			settled = settled || now.Total != was.Total
		}
		if n := rows.Len(); n == 0 && !settled || n > history.BlockRows || len(rows.Day) != n || len(rows.Downloads) != n {
			t.Fatalf("block of %d repositories, %d days, %d downloads", n, len(rows.Day), len(rows.Downloads))
		}
		dict = rows.Repos
		for i := range rows.Len() {
			got.lines = append(got.lines, rows.Line(i))
			got.records = append(got.records, rows.Record(i))
			repos = append(repos, rows.Repo[i])
		}
	}
	for i, n := range repos {
		got.records[i].Total = dict[n].Total
	}
	for _, f := range got.notes.Faults.Listed {
		got.faults = append(got.faults, *f)
	}
	got.count, got.notes.Faults = got.notes.Faults.Count, history.InputErrors{}
	return got
}

// compare compares what Read makes of a text with what the reference makes of it, with and
// without bad rows set aside. It returns what it makes of it without.
func compare(t *testing.T, text []byte, longest, size int) outcome {
	t.Helper()
	compareWith(t, text, Options{MaxLineBytes: longest, SkipBadRows: true, LastDay: sampleStart + 500}, size)
	return compareWith(t, text, Options{MaxLineBytes: longest}, size)
}

func compareWith(t *testing.T, text []byte, o Options, size int) outcome {
	t.Helper()
	want, got := reference(text, o), actual(t, text, o, size)
	fail := func(format string, args ...any) {
		t.Helper()
		t.Fatalf("%s\ntext (buffers of %d, %+v):\n%q", fmt.Sprintf(format, args...), size, o, text)
	}
	if got.count != want.count || len(got.faults) != len(want.faults) || got.refused != want.refused {
		fail("refused %v for %d faults %v, want %v %d %v", got.refused, got.count, got.faults, want.refused, want.count, want.faults)
	}
	for i, w := range want.faults {
		g := got.faults[i]
		switch {
		case w.Want == "a short line" || w.Want == wantQuotes || strings.HasPrefix(w.Want, wantHeader):
			// The reference does not know more of these than the line.
			w.Want, w.Column, w.Value, w.Hint = "", "", "", ""
			g.Want, g.Column, g.Value, g.Hint = "", "", "", ""
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
	// The order of the totals is that in which repositories are met, bad rows of theirs included.
	for _, n := range []*history.InputNotes{&got.notes, &want.notes} {
		if n.TotalsCount > int64(len(n.Totals)) {
			n.Totals = nil // which of them are listed depends on it
		}
		slices.SortFunc(n.Totals, func(a, b history.DifferentTotals) int { return a.Repo.Compare(b.Repo) })
	}
	if !reflect.DeepEqual(got.notes, want.notes) {
		fail("notes %+v, want %+v", got.notes, want.notes)
	}
	return got
}
