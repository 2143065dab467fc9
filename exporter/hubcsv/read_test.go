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
	f("control characters in an extra column", "note,"+header+"\x00\xff,model,a/bc,12,2021-01-22,4\n", abc)
	f("timestamps", header+"model,a/bc,12,2021-01-22T00:00:00.000Z,4\nmodel,a/bc,12,2021-01-22T00:00:00Z,4\nmodel,a/bc,12,2021-01-22,4\nmodel,a/bc,12,2021-01-22 T00:00:00.000 Z,4\n",
		abc, abc, abc, abc)
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
