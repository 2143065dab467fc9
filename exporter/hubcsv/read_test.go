package hubcsv

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func day(s string) history.Day {
	d, err := history.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

func record(repoType, name string, total int64, date string, downloads int64) history.Record {
	return history.Record{
		Repo:  history.Repo{Type: history.RepoType(repoType), Name: name},
		Total: total, Day: day(date), Downloads: downloads,
	}
}

func TestReadAccepts(t *testing.T) {
	f := func(what, text string, want ...history.Record) {
		t.Helper()
		for _, r := range []io.Reader{
			strings.NewReader(text),
			iotest.OneByteReader(strings.NewReader(text)),
			iotest.DataErrReader(strings.NewReader(text)),
		} {
			got, err := history.Collect(Read(r, Options{File: "x.csv"}))
			if err != nil {
				t.Errorf("%s: unexpected error %s", what, err)
			} else if !slices.Equal(got, want) {
				t.Errorf("%s:\n got %v\nwant %v", what, got, want)
			}
		}
	}
	const header = Header + "\n"
	abc := record("model", "a/bc", 12, "2021-01-22", 4)
	def := record("dataset", "d/ef", 5, "2021-01-23", 0)

	f("the documented example", sixRows,
		record("model", "huggingface/CodeBERTa-small-v1", 4362460, "2021-01-22", 4),
		record("model", "huggingface/CodeBERTa-small-v1", 4362460, "2021-01-23", 7),
		record("model", "huggingface/CodeBERTa-small-v1", 4362460, "2021-01-24", 2),
		record("dataset", "huggingface/documentation-images", 2167284, "2021-11-27", 3),
		record("dataset", "huggingface/documentation-images", 2167284, "2021-11-28", 18),
		record("dataset", "huggingface/documentation-images", 2167284, "2021-11-29", 7))
	f("a header and nothing else", header)
	f("a header without its line end", Header)
	f("a byte order mark", "\ufeff"+header+"model,a/bc,12,2021-01-22T00:00:00.000Z,4\n", abc)
	f("a byte order mark before quotes", "\ufeff\"repoType\",repoName,total,timestamp,downloads\nmodel,a/bc,12,2021-01-22,4\n", abc)
	f("CRLF", Header+"\r\nmodel,a/bc,12,2021-01-22T00:00:00.000Z,4\r\ndataset,d/ef,5,2021-01-23T00:00:00.000Z,0\r\n", abc, def)
	f("no line end at the end", header+"model,a/bc,12,2021-01-22T00:00:00.000Z,4", abc)
	f("a lone CR at the end", header+"model,a/bc,12,2021-01-22T00:00:00.000Z,4\r", abc)
	f("blank lines", "\n \t\n"+header+"\r\n\nmodel,a/bc,12,2021-01-22T00:00:00.000Z,4\n   \ndataset,d/ef,5,2021-01-23T00:00:00.000Z,0\n\n\n", abc, def)
	f("quotes", `"repoType","repoName","total","timestamp","downloads"`+"\n"+`"model","a/bc","12","2021-01-22T00:00:00.000Z","4"`+"\n", abc)
	f("quotes and commas within quotes", header+`model,"say ""a, b""",12,2021-01-22,4`+"\n"+`model,"say ""a, b""",12,2021-01-23,5`+"\n",
		record("model", `say "a, b"`, 12, "2021-01-22", 4), record("model", `say "a, b"`, 12, "2021-01-23", 5))
	f("columns in another order", "downloads,total,repoName,timestamp,repoType\n4,12,a/bc,2021-01-22T00:00:00.000Z,model\n", abc)
	f("more columns", "id,repoType,repoName,note,total,timestamp,downloads,\n1,model,a/bc,x,12,2021-01-22T00:00:00.000Z,4,\n", abc)
	f("an extra column twice", "x,repoType,repoName,total,timestamp,downloads,x\n,model,a/bc,12,2021-01-22,4,\n", abc)
	f("line ends in a quoted extra column", "note,"+header+"\"one\ntwo\r\n\nthree\",model,a/bc,12,2021-01-22,4\n,dataset,d/ef,5,2021-01-23,0\n", abc, def)
	f("a header row of two lines, the second like a page", "\"note\n<p>\","+header+",model,a/bc,12,2021-01-22,4\n", abc)
	f("a lone CR in a quoted column name", "\"no\rte\","+header+",model,a/bc,12,2021-01-22,4\n", abc)
	f("control characters in an extra column", "note,"+header+"\x00\xff,model,a/bc,12,2021-01-22,4\n", abc)
	f("timestamps", header+"model,a/bc,12,2021-01-22T00:00:00.000Z,4\nmodel,a/bc,12,2021-01-22T00:00:00Z,4\nmodel,a/bc,12,2021-01-22,4\nmodel,a/bc,12,2021-01-22 T00:00:00.000 Z,4\n",
		abc, abc, abc, abc)
	for _, midnight := range []string{
		" 00:00:00+00:00", "T00:00:00.000000+0000", " 00:00:00.000000000 UTC", " 00:00:00 UTC", " 00:00:00", "T00:00:00", " 00:00",
		"T00:00Z", " 00:00:00+00", " 00:00:00 +0000 UTC", " 00:00:00.000Z", "T00:00:00-00:00", " T00:00:00 Z", " 00:00:00UTC", "T00:00:00.0",
	} {
		f("midnight"+midnight, header+"model,a/bc,12,2021-01-22"+midnight+",4\n", abc)
	}
	f("numbers of a column of fractions", header+"model,a/bc,12.0,2021-01-22,4.0\nmodel,a/bc,12,2021-01-22,4.000000\n", abc, abc)
	f("the largest of them", header+"model,a/bc,9223372036854775807.0,2021-01-22,0.0\n", record("model", "a/bc", math.MaxInt64, "2021-01-22", 0))
	f("rows of empty fields", ",,\n"+header+",,,,\nmodel,a/bc,12,2021-01-22,4\n,,\n , ,,,\n\"\",,,,\ndataset,d/ef,5,2021-01-23,0\n,,,,\n,,,,", abc, def)
	f("an index before the rows", ","+Header+"\n0,model,a/bc,12.0,2021-01-22 00:00:00+00:00,4\n1,dataset,d/ef,5.0,2021-01-23 00:00:00+00:00,0\n", abc, def)
	f("the first and the last day", header+"model,a/bc,12,1970-01-01,4\nmodel,a/bc,12,9999-12-31T00:00:00.000Z,4\n",
		record("model", "a/bc", 12, "1970-01-01", 4), record("model", "a/bc", 12, "9999-12-31", 4))
	f("leap days", header+"model,a/bc,12,2000-02-29,4\nmodel,a/bc,12,2024-02-29,4\n",
		record("model", "a/bc", 12, "2000-02-29", 4), record("model", "a/bc", 12, "2024-02-29", 4))
	f("the largest numbers", header+"model,a/bc,9223372036854775807,2021-01-22,9223372036854775807\n",
		record("model", "a/bc", math.MaxInt64, "2021-01-22", math.MaxInt64))
	f("numbers of all lengths", header+"model,a/bc,12,2021-01-22,1234567\nmodel,a/bc,12,2021-01-22,12345678\nmodel,a/bc,12,2021-01-22,123456789\nmodel,a/bc,12,2021-01-22,123456789012345678\nmodel,a/bc,12,2021-01-22,1234567890123456789\n",
		record("model", "a/bc", 12, "2021-01-22", 1234567), record("model", "a/bc", 12, "2021-01-22", 12345678),
		record("model", "a/bc", 12, "2021-01-22", 123456789), record("model", "a/bc", 12, "2021-01-22", 123456789012345678),
		record("model", "a/bc", 12, "2021-01-22", 1234567890123456789))
	f("leading zeros", header+"model,a/bc,012,2021-01-22,0000000000000000000000004\nmodel,a/bc,12,2021-01-22,4\n", abc, abc)
	f("no total", header+"model,a/bc,,2021-01-22,4\nmodel,a/bc,,2021-01-22,4\n",
		record("model", "a/bc", history.Unknown, "2021-01-22", 4), record("model", "a/bc", history.Unknown, "2021-01-22", 4))
	f("a model and a dataset of one name", header+"model,a/bc,12,2021-01-22,4\ndataset,a/bc,13,2021-01-22,4\n",
		abc, record("dataset", "a/bc", 13, "2021-01-22", 4))
	f("unknown types and names as they are", header+"bucket,légacy name,12,2021-01-22,4\n model,-,12,2021-01-22,4\n",
		record("bucket", "légacy name", 12, "2021-01-22", 4), record(" model", "-", 12, "2021-01-22", 4))
	f("a comma that moves between fields", header+"\"a,b\",c,1,2021-01-22,4\na,\"b,c\",2,2021-01-22,4\n\"a,b\",c,1,2021-01-22,4\na,\"b,c\",2,2021-01-22,4\n",
		record("a,b", "c", 1, "2021-01-22", 4), record("a", "b,c", 2, "2021-01-22", 4),
		record("a,b", "c", 1, "2021-01-22", 4), record("a", "b,c", 2, "2021-01-22", 4))
	f("the same row twice", header+"model,a/bc,12,2021-01-22,4\nmodel,a/bc,12,2021-01-22,4\n", abc, abc)
}

// TestReadTotals checks which total counts, and what is noted of it, where the rows of a
// repository differ.
func TestReadTotals(t *testing.T) {
	f := func(rows string, total int64, notice string) {
		t.Helper()
		for _, header := range []string{Header, Header + ",note"} {
			text := header + "\n"
			for row := range strings.FieldsSeq(rows) {
				text += "model,a/b," + row
				if header != Header {
					text += ","
				}
				text += "\nmodel,a/c,77,2024-01-01,1" + strings.TrimPrefix(header, Header)[:min(1, len(header)-len(Header))] + "\n\n"
			}
			var notes history.InputNotes
			var last []history.RepoTotal
			for block, err := range Read(strings.NewReader(text), Options{Notes: &notes}) {
				if err != nil {
					t.Fatalf("%s: %s", rows, err)
				}
				last = block.Repos
			}
			if last[0].Total != total || last[1].Total != 77 {
				t.Errorf("%s: totals %v, want %d and 77", rows, last, total)
			}
			if got := strings.Join(notes.Notices(), "\n"); got != notice {
				t.Errorf("%s:\n got %s\nwant %s", rows, got, notice)
			}
		}
	}
	f("5,2024-01-01,1 5,2024-01-02,1", 5, "")
	f("5,2024-01-01,1 6,2024-01-02,1 9,2024-01-03,1", 9, "model a/b has totals from 5 to 9; using 9, the total of its newest day, 2024-01-03")
	f("9,2024-01-03,1 6,2024-01-02,1 5,2024-01-01,1", 9, "model a/b has totals from 5 to 9; using 9, the total of its newest day, 2024-01-03")
	f("9,2024-01-01,1 6,2024-01-02,1", 6, "model a/b has totals from 6 to 9; using 6, the total of its newest day, 2024-01-02")
	f("5,2024-01-01,1 8,2024-01-01,1 7,2024-01-01,1", 8, "model a/b has totals from 5 to 8; using 8, the total of its newest day, 2024-01-01")
	f("8,2024-01-01,1 5,2024-01-01,1", 8, "model a/b has totals from 5 to 8; using 8, the total of its newest day, 2024-01-01")
	// The first total again, and rows between that were read the fast way.
	f("5,2024-01-01,1 5,2024-01-04,1 6,2024-01-02,1", 5, "model a/b has totals from 5 to 6; using 5, the total of its newest day, 2024-01-04")
	f("5,2024-01-01,1 6,2024-01-02,1 5,2024-01-03,1", 5, "model a/b has totals from 5 to 6; using 5, the total of its newest day, 2024-01-03")
	// Without a total a row says nothing of it.
	f(",2024-01-05,1 6,2024-01-02,1 ,2024-01-09,1 6,2024-01-03,1", 6, "")
	f("6,2024-01-02,1 ,2024-01-09,1", 6, "")
	f(",2024-01-09,1 6,2024-01-02,1 7,2024-01-01,1", 6, "model a/b has totals from 6 to 7; using 6, the total of its newest day, 2024-01-02")
}

// TestReadSkipsBadRows checks that one bad row of a hundred is set aside, and one at least,
// and that more of them are refused.
func TestReadSkipsBadRows(t *testing.T) {
	bad := []string{
		"model,a/\"b,1,2021-01-22,1", "model,a/b", ",a/b,1,2021-01-22,1", "model,,1,2021-01-22,1", "model,a/b,x,2021-01-22,1",
		"model,a/b,9,today,1", "model,a/b,9,9999-12-31,1", "model,a/b,9,2021-01-22,-1",
	}
	text := func(good int, bad ...string) io.Reader {
		rows := []string{Header}
		for i := range good {
			rows = append(rows, fmt.Sprintf("model,a/b,1,%s,%d", (sampleStart+history.Day(i)).String(), i))
			if i < len(bad) {
				rows = append(rows, bad[i])
			}
		}
		return strings.NewReader(strings.Join(append(rows, bad[min(len(bad), good):]...), "\n"))
	}
	last := sampleStart + 1000
	f := func(good int, bad []string, notices ...string) {
		t.Helper()
		var notes history.InputNotes
		got, err := history.Collect(Read(text(good, bad...), Options{SkipBadRows: true, LastDay: last, Notes: &notes}))
		if err != nil || len(got) != good || notes.Rows != int64(good) {
			t.Fatalf("%d records, notes of %d, error %v; want %d", len(got), notes.Rows, err, good)
		}
		for i, r := range got {
			if want := record("model", "a/b", 1, (sampleStart + history.Day(i)).String(), int64(i)); r != want {
				t.Fatalf("record %d is %v, want %v", i, r, want)
			}
		}
		if got := notes.Notices(); !slices.Equal(got, notices) {
			t.Errorf("notices:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(notices, "\n"))
		}
	}
	f(0, nil, "no records: the file has no rows")
	f(1, bad[5:6], `skipped: line 3, column timestamp: expected a UTC day like 2021-01-22T00:00:00.000Z, got "today"`,
		"skipped 1 row of 2: 1 for timestamp")
	f(800, bad,
		`skipped: line 3, column repoName: expected quotes only around an entire field, and quotes within it doubled, got "a/\"b,1,2021-01-22,1"`,
		`skipped: line 5: expected 5 fields, as in the header, not 2, got "model,a/b"`,
		`skipped: line 7, column repoType: expected a repository type, got ""`,
		`skipped: line 9, column repoName: expected a repository name, got ""`,
		`skipped: line 11, column total: expected a whole number from 0 to 9223372036854775807, or nothing, got "x"`,
		`skipped: line 13, column timestamp: expected a UTC day like 2021-01-22T00:00:00.000Z, got "today"`,
		`skipped: line 15, column timestamp: expected a day up to 2023-10-19, got "9999-12-31"; this day is in the future: is the clock of its source or of this machine wrong?`,
		`skipped: line 17, column downloads: expected a whole number from 0 to 9223372036854775807, got "-1"`,
		"skipped 8 rows of 808: 1 for quotes, 1 for fields, 1 for repo_type, 1 for repo_name, 1 for total, 1 for timestamp, 1 for future, 1 for downloads")

	// Too many; and nothing of what was read before is given away as good.
	g := func(good int, bad []string, want string) {
		t.Helper()
		var notes history.InputNotes
		_, err := history.Collect(Read(text(good, bad...), Options{File: "x.csv", SkipBadRows: true, LastDay: last, Notes: &notes}))
		if _, ok := errors.AsType[*history.InputErrors](err); !ok || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("got error %v, want %s", err, want)
		}
		if notes.Rows != 0 {
			t.Errorf("notes of what was refused: %+v", notes)
		}
	}
	g(1, bad[:2], "\nx.csv: 2 of 3 rows are invalid, and at most one of 100 is skipped")
	g(791, bad, "\nx.csv: 8 of 799 rows are invalid, and at most one of 100 is skipped")
	g(0, bad[:2], "\nx.csv: 2 of 2 rows are invalid, and at most one of 100 is skipped")
	// What is no row at all is never set aside.
	_, err := history.Collect(Read(strings.NewReader("<html>"), Options{SkipBadRows: true}))
	if err == nil {
		t.Error("an HTML page was accepted")
	}
}

// TestReadLastDay checks the limit in the month it lies in, before and after, on both ways
// through the reader.
func TestReadLastDay(t *testing.T) {
	const row = "model,a/b,1,2024-01-01T00:00:00.000Z,1\n"
	f := func(date string, last string, ok bool) {
		t.Helper()
		for _, timestamp := range []string{date + "T00:00:00.000Z", date + " 00:00:00+00:00"} {
			_, err := history.Collect(Read(strings.NewReader(Header+"\n"+row+row+"model,a/b,1,"+timestamp+",1\n"+row), Options{LastDay: day(last)}))
			want := fmt.Sprintf("line 4, column timestamp: expected a day up to %s, got %q; this day is in the future: is the clock of its source or of this machine wrong?", last, timestamp)
			if ok != (err == nil) || !ok && err.Error() != want {
				t.Errorf("got error %v, want %v, %s", err, !ok, want)
			}
		}
	}
	f("2024-05-10", "2024-05-10", true)
	f("2024-05-11", "2024-05-10", false)
	f("2024-05-31", "2024-05-10", false)
	f("2024-04-30", "2024-05-10", true)
	f("2024-06-01", "2024-05-10", false)
	f("2926-01-01", "2024-05-10", false)
	f("9999-12-31", "9999-12-30", false)
	f("2024-05-01", "2024-05-01", true)
	f("2024-05-02", "2024-05-01", false)
	_, err := history.Collect(Read(strings.NewReader(Header+"\nmodel,a/b,1,2024-05-32,1\n"), Options{LastDay: day("2024-05-10")}))
	if err == nil || !strings.Contains(err.Error(), "a valid date") {
		t.Errorf("of a day that does not exist: got error %v", err)
	}
}

// TestReadBlocks checks what a consumer may rely on: the lines of a block follow
// each other, and an index keeps its meaning from block to block.
func TestReadBlocks(t *testing.T) {
	var text bytes.Buffer
	text.WriteString("note," + Header + "\n")
	var wantLines []int64
	line := int64(2)
	for i := range 3*history.BlockRows + 17 {
		switch {
		case i%5000 == 4999:
			text.WriteString("\n\r\n")
			line += 2
		case i%3001 == 3000:
			text.WriteString("\"a\nb\"")
			wantLines = append(wantLines, line)
			fmt.Fprintf(&text, ",model,org/%d,7,2021-01-22T00:00:00.000Z,%d\n", i/100, i)
			line += 2
			continue
		}
		wantLines = append(wantLines, line)
		fmt.Fprintf(&text, ",model,org/%d,7,2021-01-22T00:00:00.000Z,%d\n", i/100, i)
		line++
	}
	v := history.Version{Source: history.Observed, AsOf: 99}
	f := func(size int) {
		t.Helper()
		row, blocks := 0, 0
		names := map[uint32]string{}
		for rows, err := range read(bytes.NewReader(text.Bytes()), Options{Version: v}, size) {
			if err != nil {
				t.Fatal(err)
			}
			blocks++
			if rows.Version != v {
				t.Fatalf("block of version %v, want %v", rows.Version, v)
			}
			for i := range rows.Len() {
				rec := rows.Record(i)
				if rec.Downloads != int64(row) || rows.Line(i) != wantLines[row] {
					t.Fatalf("row %d is of line %d with %d downloads, want line %d", row, rows.Line(i), rec.Downloads, wantLines[row])
				}
				if name, ok := names[rows.Repo[i]]; ok && name != rec.Repo.Name {
					t.Fatalf("index %d was %s, is %s", rows.Repo[i], name, rec.Repo.Name)
				}
				names[rows.Repo[i]] = rec.Repo.Name
				row++
			}
		}
		if row != len(wantLines) || blocks > 20 {
			t.Fatalf("%d rows in %d blocks, want %d in a few", row, blocks, len(wantLines))
		}
	}
	f(50)
	f(4096)
	f(bufferSize)
}

// TestReadManyBlankLines has no limit of its own: it takes for ever if a row is
// looked for in all that follows.
func TestReadManyBlankLines(t *testing.T) {
	row := "model,org/a,1,2021-01-22T00:00:00.000Z,1\n"
	text := Header + "\n" + row + strings.Repeat("\n", 1<<20) + row
	var lines []int64
	for rows, err := range Read(strings.NewReader(text), Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows.Len() {
			lines = append(lines, rows.Line(i))
		}
	}
	if want := []int64{2, 3 + 1<<20}; !slices.Equal(lines, want) {
		t.Errorf("rows of lines %v, want %v", lines, want)
	}
}

// TestReadHalves reads the beginning of a text of every length. It is either
// refused or gives the rows that are there.
func TestReadHalves(t *testing.T) {
	text := "\ufeff" + strings.ReplaceAll(sixRows, "\n", "\r\n") + "\"model\",\"org/a \"\"b\"\"\",\"1\",2021-01-22,9\n\nmodel,x/y,,2021-01-22,123456789\n"
	whole, err := history.Collect(Read(strings.NewReader(text), Options{}))
	if err != nil || len(whole) != 8 {
		t.Fatalf("%d records, error %v", len(whole), err)
	}
	refused := 0
	for n := range text {
		got := compare(t, []byte(text[:n]), DefaultMaxLineBytes, 64)
		if got.count > 0 {
			refused++
			continue
		}
		// A number that is cut is still a number; all before it is complete.
		if len(got.records) > 0 {
			last := len(got.records) - 1
			cut := got.records[last]
			cut.Downloads = whole[last].Downloads
			if !slices.Equal(got.records[:last], whole[:last]) || cut != whole[last] {
				t.Errorf("first %d bytes: got %v", n, got.records)
			}
		}
	}
	if refused < len(text)/2 {
		t.Errorf("only %d of %d beginnings were refused", refused, len(text))
	}
}

func TestReadErrorOfReader(t *testing.T) {
	broken := errors.New("the cable is cut")
	f := func(text, file, want string) {
		t.Helper()
		rows := 0
		var got error
		for block, err := range Read(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)), Options{File: file}) {
			if got != nil {
				t.Errorf("an element after the error")
			}
			if got = err; err == nil {
				rows += block.Len()
			}
		}
		if got == nil || got.Error() != want || !errors.Is(got, broken) {
			t.Errorf("%q: got error %v, want %s", text, got, want)
		}
	}
	f("", "x.csv", "x.csv: reading line 1: the cable is cut")
	f("repoType,repoN", "x.csv", "x.csv: reading line 1: the cable is cut")
	f(Header+"\n", "", "reading line 2: the cable is cut")
	f(Header+"\nmodel,a,1,2021-01-22,1\nmodel,a,1,20", "x.csv", "x.csv: reading line 3: the cable is cut")
	f(Header+"\nmodel,a,1,2021-01-22,x\nmodel,a,1,20", "x.csv",
		"x.csv: line 2, column downloads: expected a whole number from 0 to 9223372036854775807, got \"x\"\n"+
			"x.csv: reading line 3: the cable is cut")
	f(Header+"\n\"model\nx", "x.csv", "x.csv: reading line 2: the cable is cut")
	long := Header + "\n" + strings.Repeat("model,a,1,2021-01-22,1\n", 200000)
	f(long, "x.csv", "x.csv: reading line 200002: the cable is cut")
}
