package hubcsv

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// refused reads a text to its end and returns the error, which has to be an
// InputErrors that names the file.
func refused(t *testing.T, r io.Reader, o Options) *history.InputErrors {
	t.Helper()
	o.File = "x.csv"
	var last error
	for _, err := range Read(r, o) {
		if last != nil {
			t.Errorf("an element after the error %s", last)
		}
		last = err
	}
	var faults *history.InputErrors
	if !errors.As(last, &faults) {
		t.Fatalf("expected the faults of an input, got %v", last)
	}
	if faults.File != "x.csv" {
		t.Errorf("expected the file x.csv, got %q", faults.File)
	}
	return faults
}

func TestReadRefusesRows(t *testing.T) {
	f := func(rows string, want ...string) {
		t.Helper()
		got := refused(t, strings.NewReader(Header+"\n"+rows), Options{})
		for i := range want {
			want[i] = "x.csv: " + want[i]
		}
		if got.Error() != strings.Join(want, "\n") {
			t.Errorf("%q:\n got %s\nwant %s", rows, got, strings.Join(want, "\n"))
		}
	}
	const (
		number = "a whole number from 0 to 9223372036854775807"
		date   = "a UTC day like 2021-01-22T00:00:00.000Z"
		cal    = "a valid date from 1970-01-01 to 9999-12-31"
		night  = "midnight UTC, like 2021-01-22T00:00:00.000Z"
		quotes = "quotes only around an entire field, and quotes within it doubled"
	)
	good := "model,a/b,1,2021-01-22T00:00:00.000Z,1\n"

	const (
		fraction   = "; counts are integers: was it saved by a spreadsheet?"
		scientific = "; this notation loses digits: was it saved by a spreadsheet?"
		sheet      = "; was it saved by a spreadsheet?"
		time       = "; days start at midnight UTC: was it saved by a spreadsheet, or in another time zone?"
	)

	// numbers
	for s, hint := range map[string]string{
		"": "", "-1": "", "+1": "", " 1": "", "1 ": "", "0x10": "", "1_000": "", "１": "", "x": "", "1.": "", ".0": fraction, "1.0.0": "",
		"NaN": "", "1.0x": "", "e5": "",
		"40.5": fraction, "0.01": fraction, "40,5": fraction, "-1.0": fraction, "9223372036854775807.5": fraction,
		"1e3": scientific, "4.36E+06": scientific, "4,36E+06": scientific, "1.0e-3": scientific,
	} {
		quoted := s
		if strings.Contains(s, ",") {
			quoted = `"` + s + `"`
		}
		f(good+"model,a/b,1,2021-01-22T00:00:00.000Z,"+quoted+"\n",
			fmt.Sprintf(`line 3, column downloads: expected %s, got %q%s`, number, s, hint))
	}
	for _, s := range []string{"9223372036854775808", "18446744073709551616", "99999999999999999999999999", "9223372036854775808.0"} {
		f(good+"model,a/b,1,2021-01-22T00:00:00.000Z,"+s+"\n",
			fmt.Sprintf(`line 3, column downloads: expected a number of at most 9223372036854775807, got %q`, s))
	}
	f("model,a/b,4.36E+06,2021-01-22,1\n", `line 2, column total: expected `+number+`, or nothing, got "4.36E+06"`+scientific)
	f("model,a/b,0.5,2021-01-22,1\n", `line 2, column total: expected `+number+`, or nothing, got "0.5"`+fraction)
	f("model,a/b,-1,2021-01-22,1\n", `line 2, column total: expected `+number+`, or nothing, got "-1"`)
	f("model,a/b,9223372036854775808,2021-01-22,1\n", `line 2, column total: expected a number of at most 9223372036854775807, got "9223372036854775808"`)

	// timestamps
	for s, want := range map[string]string{
		"": date, "yesterday": date, "2021-01-22x": date, "+021-01-22": date, "2021-01-221": date, "2021-01-2200:00:00": date,
		"2021-02-29": cal, "2021-00-01": cal, "2021-13-01T00:00:00.000Z": cal, "2021-01-00": cal, "2021-04-31": cal,
		"1900-02-29": cal, "2100-02-29": cal, "1969-12-31": cal, "0000-01-01": cal, "2021-02-29 00:00:00+00:00": cal,
	} {
		f(good+"model,a/b,1,"+s+",1\n", fmt.Sprintf(`line 3, column timestamp: expected %s, got %q`, want, s))
	}
	for _, s := range []string{"2021-01-2", "2021-1-022", "22.01.2021", "2021/01/22", "1/22/2021 0:00", "1611273600", "44218", "44218.5"} {
		f(good+"model,a/b,1,"+s+",1\n", fmt.Sprintf(`line 3, column timestamp: expected %s, got %q%s`, date, s, sheet))
	}
	for _, s := range []string{
		"2021-01-22T12:00:00.000Z", "2021-01-22T00:00:00.001Z", "2021-01-22T00:00:01Z", "2021-01-22 00:00:01", "2021-01-22T00:00:00.000z",
		"2021-01-22T00:00:00.000+01:00", "2021-01-22 00:00:00-05:00", "2021-01-22 00:00:00 CET", "2021-01-22T", "2021-01-22 ",
		"2021-01-22 00", "2021-01-22 00:00.0", "2021-01-22 00:00:00.", "2021-01-22  00:00:00", "2021-01-22 00:00:00 ", "2021-01-22T00:00:00+0",
	} {
		f(good+"model,a/b,1,"+s+",1\n", fmt.Sprintf(`line 3, column timestamp: expected %s, got %q%s`, night, s, time))
	}

	// types and names
	f(",a/b,1,2021-01-22,1\n", `line 2, column repoType: expected a repository type, got ""`)
	f("model,,1,2021-01-22,1\n", `line 2, column repoName: expected a repository name, got ""`)
	f("model,a/"+strings.Repeat("b", 255)+",1,2021-01-22,1\n", `line 2, column repoName: expected at most 256 bytes, got "a/`+strings.Repeat("b", 78)+`"... (257 bytes)`)
	f("model,a/\x00b,1,2021-01-22,1\n", `line 2, column repoName: expected text without control characters, got "a/\x00b"`)
	f("model,\"a\nb\",1,2021-01-22,1\n", `line 2, column repoName: expected text without control characters, got "a\nb"`)
	f("model,a\u0085b,1,2021-01-22,1\n", `line 2, column repoName: expected text without control characters, got "a\u0085b"`)
	f("mo\xffdel,a,1,2021-01-22,1\n", `line 2, column repoType: expected text in UTF-8, got "mo\xffdel"`)

	// all faults of a row, and the lines of rows behind odd ones
	f("\n\"mod\nel\",,x,today,-\n"+good,
		`line 3, column repoType: expected text without control characters, got "mod\nel"`,
		`line 3, column repoName: expected a repository name, got ""`,
		`line 3, column total: expected `+number+`, or nothing, got "x"`,
		`line 3, column timestamp: expected `+date+`, got "today"`,
		`line 3, column downloads: expected `+number+`, got "-"`)
	f("\n\n\"mod\nel\",a,1,2021-01-22,1\n"+good+"model,a/b,1,2021-01-22,x\n",
		`line 4, column repoType: expected text without control characters, got "mod\nel"`,
		`line 7, column downloads: expected `+number+`, got "x"`)

	// ragged rows
	f("model,a/b,1,2021-01-22\n", `line 2: expected 5 fields, as in the header, not 4, got "model,a/b,1,2021-01-22"`)
	f("model,a/b,1,2021-01-22,1,\n", `line 2: expected 5 fields, as in the header, not 6, got "model,a/b,1,2021-01-22,1,"`)
	f("x\n", `line 2: expected 5 fields, as in the header, not 1, got "x"`)
	f("model,"+strings.Repeat("n", 100)+"\n",
		`line 2: expected 5 fields, as in the header, not 2, got "model,`+strings.Repeat("n", 74)+`"... (106 bytes)`)

	// quotes
	f("model,a\"b,1,2021-01-22,1\n"+good, `line 2, column repoName: expected `+quotes+`, got "a\"b,1,2021-01-22,1"`)
	f("model,\"a\"b,1,2021-01-22,1\n"+good, `line 2, column repoName: expected `+quotes+`, got "\"a\"b,1,2021-01-22,1"`)
	f("model,a/b,1,2021-01-22,1,2,\"x\"y\n", `line 2: expected `+quotes+`, got "\"x\"y"`)
	f(good+"model,\"a/b,1,2021-01-22,1\n"+good,
		`line 3, column repoName: expected a quote that closes the field, got "\"a/b,1,2021-01-22,1\nmodel,a/b,1,2021-01-22T00:00:00.000Z,1"`)
}

// TestReadCountsFaults checks that the first ten faults are listed and the others
// counted, and that no rows come with or after them.
func TestReadCountsFaults(t *testing.T) {
	var text strings.Builder
	text.WriteString(Header + "\n")
	for i := range 50000 {
		n := "1"
		if i >= 20000 && i%3 == 0 {
			n = "-1"
		}
		fmt.Fprintf(&text, "model,a/%d,1,2021-01-22T00:00:00.000Z,%s\n", i%100, n)
	}
	rows := 0
	var faults *history.InputErrors
	for block, err := range Read(strings.NewReader(text.String()), Options{File: "x.csv"}) {
		if err != nil {
			if !errors.As(err, &faults) {
				t.Fatal(err)
			}
			break
		}
		if faults != nil {
			t.Fatal("rows after the faults")
		}
		rows += block.Len()
	}
	if faults == nil || faults.Count != 10000 || len(faults.Listed) != 10 {
		t.Fatalf("expected 10000 faults, got %v", faults)
	}
	if rows > 20001 {
		t.Errorf("got %d rows, but the first fault is in row 20002", rows)
	}
	want := `x.csv: line 20003, column downloads: expected a whole number from 0 to 9223372036854775807, got "-1"`
	if first, _, _ := strings.Cut(faults.Error(), "\n"); first != want {
		t.Errorf("got %s\nwant %s", first, want)
	}
	if !strings.HasSuffix(faults.Error(), "\nx.csv: and 9990 more") {
		t.Errorf("expected a count of the other faults, got %s", faults)
	}
}
