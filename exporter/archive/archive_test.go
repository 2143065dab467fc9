package archive

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func day(s string) history.Day {
	d, err := history.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

func options() Options { return Options{Day: history.NoDay, LastDay: day("2026-11-28")} }

// told returns the options of the command line.
func told(t *testing.T, columns string, orgs ...string) Options {
	t.Helper()
	o := options()
	var err error
	if o.Columns, err = ParseColumns([]string{columns}); err != nil {
		t.Fatal(err)
	}
	o.Orgs = orgs
	if err := o.Check(); err != nil {
		t.Fatal(err)
	}
	return o
}

// read returns the readings of a file of testdata, or of a text under the name of one, a
// line each: total, last month, likes.
func read(name, text string, o Options) (string, error) {
	var seq history.ReadingSeq
	content := []byte(text)
	if text == "" {
		var err error
		if content, err = os.ReadFile(filepath.Join("testdata", name)); err != nil {
			return "", err
		}
	}
	if bytes.HasPrefix(content, []byte("PAR1")) {
		seq = Parquet(bytes.NewReader(content), int64(len(content)), name, o, func(int) {})
	} else {
		seq = Text(bytes.NewReader(content), name, o)
	}
	var b strings.Builder
	for r, err := range seq {
		if err != nil {
			return b.String(), err
		}
		if r.Origin != history.Archive {
			return "", fmt.Errorf("%v: a reading of the origin %s", r.Repo, r.Origin)
		}
		number := func(n int64) string { return strings.Replace(fmt.Sprint(n), "-1", "-", 1) }
		fmt.Fprintln(&b, r.Repo, strings.Replace(string(r.AsOf.Append(nil)), "T12:00:00.000000Z", "", 1),
			number(r.Total), number(r.LastMonth), number(r.Likes))
	}
	return b.String(), nil
}

// The archives of testdata are of the forms in which people keep the Hub's counts: a listing
// of the API as it is, a snapshot of the whole Hub in Parquet, a row a repository and day in
// Parquet and in CSV, and a tracker's CSV with a column a repository.
func TestForms(t *testing.T) {
	f := func(name string, o Options, want ...string) {
		t.Helper()
		got, err := read(name, "", o)
		if want := strings.Join(want, "\n") + "\n"; err != nil || got != want {
			t.Errorf("%s: got\n%s%v\nwant\n%s", name, got, err, want)
		}
	}
	snapshot := []string{
		"model acme/bert-base 2024-05-31 51000 1200 7",
		"model acme/new 2024-05-31 - 0 0",
		"model other-org/bert 2024-05-31 100 5 -",
		"model gpt2 2024-05-31 400000000 9000000 2000",
	}
	f("listing-2024-05-31.json", options(), snapshot...)
	f("models_20240531.parquet", options(), snapshot...)
	for _, orgs := range [][]string{{"acme"}, {"ACME", "nobody"}} {
		f("listing-2024-05-31.json", told(t, "", orgs...), snapshot[:2]...)
		f("models_20240531.parquet", told(t, "", orgs...), snapshot[:2]...)
	}

	days := []string{
		"model acme/bert-base 2024-07-29 51000 1200 7",
		"model acme/voice 2024-07-29 90 40 -",
		"model acme/bert-base 2024-07-30 51030 - 7",
	}
	f("days.parquet", told(t, "repo=model,last_month=dl30,total=dl_all", "acme"), days...)
	f("days.parquet", told(t, "repo=model,org=,last_month=dl30,total=dl_all", "acme"), days...)
	f("days.parquet", told(t, "repo=model,last_month=dl30", "other-org"),
		"model other-org/bert 2024-07-29 - 5 1", "model other-org/bert 2024-07-30 - 6 1")

	// Of two rows for one repository and day the later one stands: it is of a later time.
	f("long-2021-11.csv", told(t, "repo=model_url,day=date,last_month=downloads"),
		"model acme/bert-base 2021-11-02 - 120 -",
		"model acme/voice 2021-11-02 - 7 -",
		"dataset acme/corpus 2021-11-02 - 3 -",
		"model acme/bert-base 2021-11-03 - 118 -",
		"model acme/bert-base 2021-11-03T12:00:00.000001Z - 119 -")

	wide := told(t, "", "acme")
	wide.Wide = "total"
	f("wide.csv", wide,
		"model acme/bert-base 2023-01-01 1000 - -",
		"model acme/bert-base 2023-01-02 1010 - -",
		"model acme/bert-base 2023-01-02T12:00:00.000001Z 1012 - -",
		"model acme/voice 2023-01-02 3 - -",
		"model acme/bert-base 2023-01-03 1030 - -",
		"model acme/voice 2023-01-03 9 - -")
	wide.Orgs, wide.Wide, wide.RepoType = []string{"other-org", "acme"}, "last_month", history.Space
	f("wide.csv", wide,
		"space other-org/bert 2023-01-01 - 50 -",
		"space other-org/bert 2023-01-02 - 55 -",
		"space other-org/bert 2023-01-03 - 61 -")
}

func TestJSON(t *testing.T) {
	f := func(name, text string, o Options, want string) {
		t.Helper()
		got, err := read(name, text, o)
		if err != nil || got != want {
			t.Errorf("%s: got\n%s%v\nwant\n%s", text, got, err, want)
		}
	}
	const two = "model o/a 2024-05-31 5 - -\nmodel o/b 2024-05-31 - 2 -\n"
	a, b := `{"id":"o/a","downloadsAllTime":5}`, `{"downloads":2,"id":"o/b"}`
	f("20240531.json", "["+a+","+b+"]", options(), two)
	f("20240531.json", "\ufeff [\n"+a+"\n,"+b+" ]\n", options(), two)
	f("20240531.json", a+"\n"+b, options(), two)
	f("20240531.json", a+"\n\n"+b+"\n", options(), two)
	f("20240531.json", "["+a+"]\n[]\n["+b+"]\n", options(), two) // a page a line
	f("20240531.json", "[]", options(), "")
	o := options()
	o.Day = day("2024-05-31")
	f("models.json", "["+a+","+b+"]", o, two)
	f("models.json", `{"id":"o/a","downloads":3,"day":"2024-05-31"} {"id":"o/a","downloads":4}`, o,
		"model o/a 2024-05-31 - 3 -\nmodel o/a 2024-05-31T12:00:00.000001Z - 4 -\n")

	// The type of a repository: its own field, its address, the flag, the fields of its kind.
	f("x.json", `[{"id":"o/a","likes":1,"sdk":"gradio"},{"id":"o/b","likes":2,"repo_type":"dataset"}]`, o,
		"space o/a 2024-05-31 - - 1\ndataset o/b 2024-05-31 - - 2\n")
	f("x.json", `[{"id":"o/a","likes":1,"citation":null}]`, o, "dataset o/a 2024-05-31 - - 1\n")
	o.RepoType = history.Dataset
	f("x.json", `[{"modelId":"o/a","likes":1}, {"id":"spaces/o/b","modelId":"x","likes":2}]`, o,
		"dataset o/a 2024-05-31 - - 1\nspace o/b 2024-05-31 - - 2\n")

	// Our own export of readings.
	f("x.json", `{"repo_type":"model","repo":"o/a","as_of":"2024-05-31T06:07:08.000009Z","total":7,"last_month":null,"likes":"3"}`, options(),
		"model o/a 2024-05-31T06:07:08.000009Z 7 - 3\n")
}

func TestCSV(t *testing.T) {
	f := func(name, text string, o Options, want string) {
		t.Helper()
		got, err := read(name, text, o)
		if err != nil || got != want {
			t.Errorf("%s: got\n%s%v\nwant\n%s", text, got, err, want)
		}
	}
	f("2024_05_31.csv", "\ufeffid,downloads\r\n\"o/a\", 5 \r\n,\r\no/b,6.0\r\n", options(), "model o/a 2024-05-31 - 5 -\nmodel o/b 2024-05-31 - 6 -\n")
	f("x.csv", "name,org,likes,day\na,o,1,2024-05-31 00:00:00+00:00\nb/c,o,2,2024-05-31 23:30:00-01:00\n", told(t, "repo=name,org=org"),
		"model o/a 2024-05-31 - - 1\nmodel b/c 2024-06-01T00:30:00.000000Z - - 2\n")
	// Without being told that it is an organization, an author makes no name.
	f("x.csv", "id,author,likes,day\ngpt2,openai,1,2024-05-31\n", options(), "model gpt2 2024-05-31 - - 1\n")
	f("x.csv", "id,downloads,likes,day\no/a,7,1,2024-05-31\n", told(t, "last_month="), "model o/a 2024-05-31 - - 1\n")
	f("x.csv", "id,downloads,day\n", options(), "")
	f("x.csv", "id,downloads,day\no/a,NaN,2024-05-31\n", options(), "")
	wide := options()
	wide.Wide = "likes"
	f("x.csv", ",day,https://huggingface.co/o/a,gpt2\n0,2024-05-31,1,\n1,2024-06-01,,2\n", wide, "model o/a 2024-05-31 - - 1\nmodel gpt2 2024-06-01 - - 2\n")
}

// What is bad in an archive is said with file, line, column, value and what was expected, and
// nothing is to be kept of it.
func TestFaults(t *testing.T) {
	f := func(name, text string, o Options, want ...string) {
		t.Helper()
		got, err := read(name, text, o)
		if err == nil || err.Error() != strings.Join(want, "\n") {
			t.Errorf("%.80q: got\n%s%v\nwant\n%s", text, got, err, strings.Join(want, "\n"))
		}
	}
	f("x.csv", "id,downloads,day\no/a,5,2024-05-31\no/a,4.5,2024-05-31\n/a,1,2024-05-31\no/c,1e6,yesterday\no/d,1,2026-11-29\no/e,1\n\"o/f,1,2024-05-31\n", options(),
		`x.csv: line 3, column downloads: expected a whole number from 0 to 9223372036854775807, got "4.5"; counts are integers: was it saved by a spreadsheet?`,
		`x.csv: line 4, column id: expected the name of a repository like org/name, or its URL, got "/a"`,
		`x.csv: line 5, column day: expected a day like 2021-01-22 or a time like 2021-01-22T06:00:00Z, got "yesterday"`,
		`x.csv: line 5, column downloads: expected a whole number from 0 to 9223372036854775807, got "1e6"; this notation loses digits: was it saved by a spreadsheet?`,
		`x.csv: line 6, column day: expected a day up to 2026-11-28, got "2026-11-29"; this day is in the future: is the clock of its source or of this machine wrong?`,
		`x.csv: line 7: expected as many fields as in the header, not 2, got "o/e,1"`,
		`x.csv: line 8: expected quotes only around an entire field, and quotes within it doubled, got "extraneous or missing \" in quoted-field"`)
	f("x.csv", "id,downloads,day\nhttps://huggingface.co/o/a/tree/main,-5,\n", options(),
		`x.csv: line 2, column id: expected the URL of a repository like https://huggingface.co/org/name, got "https://huggingface.co/o/a/tree/main"`)
	f("x.csv", "id,downloads,day\no/a,-5,\n", options(),
		`x.csv: line 2, column day: expected a day like 2021-01-22 or a time like 2021-01-22T06:00:00Z, got ""`,
		`x.csv: line 2, column downloads: expected a whole number from 0 to 9223372036854775807, got "-5"`)
	f("x.csv", "name,downloads,day\n", options(),
		`x.csv: line 1: expected a column with the names of the repositories: id, or another one with --columns=repo=NAME, got "name,downloads,day"`)
	f("x.csv", "id,day\n", options(), `x.csv: line 1: expected `+wantNumbers+`, got "id,day"`)
	f("x.csv", "id,likes,likes\n", options(), `x.csv: line 1: expected one column "likes", not several, got "id,likes,likes"`)
	f("x.csv", "id,likes\n", told(t, "total=sum"), `x.csv: line 1: expected a column "sum", for total, got "id,likes"`)
	f("x.csv", "id;likes\n", options(), `x.csv: line 1: expected fields with commas between them, not semicolons, got "id;likes"`)
	f("x.csv", "downloads\n", options(), `x.csv: line 1: expected JSON, Parquet, or the header row of a CSV, got "downloads"`)
	f("x.csv", "<!DOCTYPE html>\n", options(), "x.csv: expected JSON, CSV or Parquet, got an HTML or XML page")
	f("x.csv", "\xff\xfei\x00d\x00", options(), "x.csv: expected JSON, CSV or Parquet, got text in UTF-16")
	f("x.csv", "id,likes\ro/a,1\r", options(), "x.csv: expected JSON, CSV or Parquet, got lines that end with only CR")
	f("x.csv", "repoType,repoName,total,timestamp,downloads\n", options(),
		`x.csv: line 1: expected an archive of listings, not a CSV export of the Hub: import it without --readings, got "repoType,repoName,total,timestamp,downloads"`)
	f("x.csv", " \n", options(), "x.csv: expected JSON, CSV or Parquet, got an empty file")

	wide := options()
	wide.Wide = "total"
	f("x.csv", "when,o/a\n", wide, `x.csv: line 1: expected a column of days: day or date, or another one with --columns=day=NAME, got "when,o/a"`)
	f("x.csv", "date,o/a,o/a,o/b/c\n", wide, `x.csv: line 1, column o/a: expected a repository in one column, not in several, got "o/a"`,
		`x.csv: line 1, column o/b/c: expected the name of a repository like org/name, or its URL, got "o/b/c"`)
	f("x.csv", "date,o/a\n2024-05-31,x\n", wide, `x.csv: line 2, column o/a: expected a whole number from 0 to 9223372036854775807, got "x"`)

	const noDay = "expected the day of its readings in a column, in the file name (like 2024-05-31), or in --day, got none; " +
		"to use a column other than day or date, set --columns=day=NAME"
	f("x.csv", "id,likes\no/a,1\n", options(), "x.csv: "+noDay)
	f("2024-05-31_2024-06-30.json", `[{"id":"o/a"}]`, options(), "2024-05-31_2024-06-30.json: "+noDay)
	f("20270101.csv", "id,likes\n", options(), `20270101.csv: expected a day up to 2026-11-28, got "2027-01-01" in its name; this day is in the future: is the clock of its source or of this machine wrong?`)
	o := options()
	o.Day = day("2024-05-30")
	f("2024-05-31.csv", "id,likes\n", o,
		"2024-05-31.csv: expected --day to match the day in the file name, 2024-05-31, got 2024-05-30; if --day is right, rename the file")

	f("x.json", `[{"id":"o/a","likes":true},{"likes":1},{"id":{},"likes":[]}]`, o,
		`x.json: object 1, column likes: expected a whole number from 0 to 9223372036854775807, got "true"`,
		`x.json: object 2, column id: expected a repository, got ""`,
		`x.json: object 3, column likes: expected a whole number from 0 to 9223372036854775807, got "[]"`)
	f("x.json", `[{"id":"o/a"}]`, o, `x.json: expected `+wantNumbers+`, got ""`)
	f("x.json", `[{"id":"o/a","likes":1}]`, func() Options { o := told(t, "total=sum"); o.Day = day("2024-05-30"); return o }(),
		`x.json: column sum: expected this field, for total, in an object at least, got ""`)
	f("x.json", `[{"id":"o/a","likes":1}`, o, "x.json: expected the end of a JSON array or object, the file ends in or after object 1: unexpected EOF")
	f("x.json", `{"id":"o/a","li`, o, "x.json: expected the end of a JSON array or object, the file ends in or after object 1: unexpected EOF")
	f("x.json", `[{"id":"o/a","likes":NaN}]`, o, "x.json: expected JSON at byte 17, in or after object 1: invalid character 'N' looking for beginning of value")
	f("x.json", `[1]`, o, "x.json: expected an object in the array before byte 2, got 1")
	f("x.json", `{"id":"o/a","likes":1} 2`, o, "x.json: expected an object or an array before byte 24, got 2")

	parquet, err := os.ReadFile("testdata/days.parquet")
	if err != nil {
		t.Fatal(err)
	}
	f("x.parquet", string(parquet), wide, "x.parquet: expected a wide CSV, got Parquet")
	f("x.parquet", string(parquet), told(t, "repo=model,total=dl_all,likes=model", "other-org"),
		`x.parquet: row 3, column model: expected a whole number from 0 to 9223372036854775807, got "other-org/bert"`,
		`x.parquet: row 6, column model: expected a whole number from 0 to 9223372036854775807, got "other-org/bert"`)
	f("x.parquet", string(parquet[:400]), options(), "x.parquet: expected a Parquet file, got a damaged or truncated one: invalid magic footer of parquet file: \"el%\\x00\"")
}

// Bad rows are set aside if that is asked for and they are few: a row as a whole, also one
// with many repositories. What is wrong with the archive itself is refused all the same.
func TestSkipBadRows(t *testing.T) {
	f := func(name, text, wide string, want string, notices ...string) {
		t.Helper()
		var notes history.InputNotes
		o := options()
		o.Day, o.Wide, o.SkipBadRows, o.Notes = day("2024-05-31"), wide, true, &notes
		got, err := read(name, text, o)
		if err != nil || got != want || !slices.Equal(notes.Notices(), notices) {
			t.Errorf("%.40q: got\n%s%v\n%q\nwant\n%s%q", text, got, err, notes.Notices(), want, notices)
		}
	}
	const wantCount = `expected a whole number from 0 to 9223372036854775807, got `
	f("x.csv", "id,likes\no/a,1\no/b,x\no/c,3\n", "", "model o/a 2024-05-31 - - 1\nmodel o/c 2024-05-31 - - 3\n",
		`skipped: line 3, column likes: `+wantCount+`"x"`, "skipped 1 row of 3: 1 for downloads")
	f("x.csv", "id,likes\no/a,1\no/b\n", "", "model o/a 2024-05-31 - - 1\n",
		`skipped: line 3: expected as many fields as in the header, not 1, got "o/b"`, "skipped 1 row of 2: 1 for fields")
	f("x.csv", "day,o/a,o/b\n2024-05-30,1,2\n2024-05-31,3,-4\n", "total", "model o/a 2024-05-30 1 - -\nmodel o/b 2024-05-30 2 - -\n",
		`skipped: line 3, column o/b: `+wantCount+`"-4"`, "skipped 1 row of 2: 1 for total")
	f("x.json", `[{"id":"o/a","likes":1},{"likes":2}]`, "", "model o/a 2024-05-31 - - 1\n",
		`skipped: object 2, column id: expected a repository, got ""`, "skipped 1 row of 2: 1 for repo_name")
	f("x.csv", "repo_type,id,likes\nmodel,o/a,1\nmo\adel,o/b,1\n", "", "model o/a 2024-05-31 - - 1\n",
		`skipped: line 3, column repo_type: expected text without control characters, got "mo\adel"`, "skipped 1 row of 2: 1 for repo_type")
	f("x.csv", "id,likes\no/a,1\no/"+strings.Repeat("b", 255)+",1\n", "", "model o/a 2024-05-31 - - 1\n",
		`skipped: line 3, column id: expected at most 256 bytes, got "o/`+strings.Repeat("b", 78)+`"... (257 bytes)`, "skipped 1 row of 2: 1 for repo_name")
	f("x.json", `{"id":"o/a","likes":1,"day":"2999-01-01"}`, "", "",
		`skipped: object 1, column day: expected a day up to 2026-11-28, got "2999-01-01"; this day is in the future: is the clock of its source or of this machine wrong?`,
		"skipped 1 row of 1: 1 for future")
	f("x.json", "[]", "", "", "no records: the file has no rows")

	g := func(name, text, wide, want string) {
		t.Helper()
		o := options()
		o.Day, o.Wide, o.SkipBadRows = day("2024-05-31"), wide, true
		if _, err := read(name, text, o); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%.40q: got %v, want %q", text, err, want)
		}
	}
	g("x.csv", "id,likes\no/a,1\no/b,x\no/c,y\n", "", "\nx.csv: 2 of 3 rows are invalid, and at most one of 100 is skipped")
	g("x.csv", "id,likes\n"+strings.Repeat("o/a,1\n", 197)+"o/b,x\no/c,y\n", "", "\nx.csv: 2 of 199 rows are invalid, and at most one of 100 is skipped")
	g("x.csv", "\"id,likes\n", "", `got "extraneous or missing \" in quoted-field"`)
	g("x.csv", "name,likes\no/a,1\n", "", `got "name,likes"`)
	g("x.csv", "day,o/a,/b\n2024-05-30,1,2\n", "total", `got "/b"`)
	g("x.json", `[{"id":"o/a"}]`, "", wantNumbers+`, got ""`)
	g("x.json", `[{"id":"o/a","likes":1},`, "", "unexpected EOF")
}
