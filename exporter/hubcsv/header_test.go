package hubcsv

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadRefusesHeader(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
			if got := refused(t, r, Options{}); got.Error() != want {
				t.Errorf("%.100q:\n got %s\nwant %s", text, got, want)
			}
		}
	}
	const header = "x.csv: line 1: expected the header repoType,repoName,total,timestamp,downloads"

	f("", header+`, got ""`)
	f(" \n\r\n\t\n ", header+`, got ""`)
	f("\ufeff", header+`, got ""`)
	f("model,a/b,1,2021-01-22,1\nmodel,a/b,1,2021-01-23,1\n", header+`, got "model,a/b,1,2021-01-22,1"`)
	f("\nRepoType repoName\n", strings.Replace(header, "line 1", "line 2", 1)+`, got "RepoType repoName"`)
	f("\nrepoType;repoName;total;timestamp;downloads\nmodel;a/b;1;2021-01-22;1\n", strings.Replace(header, "line 1", "line 2", 1)+
		`, with commas and not semicolons, got "repoType;repoName;total;timestamp;downloads"; was it saved by a spreadsheet?`)
	f("\"repoType\";\"repoName\"\n", header+`, with commas and not semicolons, got "\"repoType\";\"repoName\""; was it saved by a spreadsheet?`)
	f("repoType\trepoName\n", header+`, with commas and not tabs, got "repoType\trepoName"; was it saved by a spreadsheet?`)
	f(Header+"\rmodel,a/b,1,2021-01-22,1\rmodel,a/b,1,2021-01-23,1\r", header+`, not lines that end with only CR, got "`+Header+`"`)
	f("\"repoType\",repoName\r\rmodel,a/b", header+`, not lines that end with only CR, got "\"repoType\",repoName"`)
	f("repoType,repoName,timestamp,downloads\nmodel,a/b,2021-01-22,1\n",
		`x.csv: line 1, column total: expected this column in the header, got "repoType,repoName,timestamp,downloads"`)
	f("repoType,name,total,date,downloads",
		"x.csv: line 1, column repoName: expected this column in the header, got \"repoType,name,total,date,downloads\"\n"+
			`x.csv: line 1, column timestamp: expected this column in the header, got "repoType,name,total,date,downloads"`)
	f("\n\ufeff"+Header+"\n", `x.csv: line 2, column repoType: expected this column in the header, got "\ufeff`+Header+`"`)
	f("repoType,repoName, total,timestamp,downloads\n",
		`x.csv: line 1, column total: expected this column in the header, got "repoType,repoName, total,timestamp,downloads"`)
	f("repoType,repoName,total,timestamp,downloads,total\n",
		`x.csv: line 1, column total: expected this column only once in the header, got "repoType,repoName,total,timestamp,downloads,total"`)
	f("repoType,repo\"Name,total\nmodel,a/b,1,2021-01-22,1\n",
		`x.csv: line 1: expected quotes only around an entire field, and quotes within it doubled, got "repo\"Name,total"`)
	f("repoType,\"repoName,total\nmodel,a/b,1,2021-01-22,1\n",
		`x.csv: line 1: expected a quote that closes the field, got "\"repoName,total\nmodel,a/b,1,2021-01-22,1"`)
}

// TestReadRefusesForeign checks that a text that is no CSV is refused with what
// came of it first, and that no more of it is asked for.
func TestReadRefusesForeign(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		rest := readerFunc(func([]byte) (int, error) {
			t.Errorf("%.20q: more was read than the beginning", text)
			return 0, io.EOF
		})
		got := refused(t, io.MultiReader(strings.NewReader(text), rest), Options{})
		if got.Error() != want {
			t.Errorf("%.20q:\n got %s\nwant %s", text, got, want)
		}
	}
	const header = "expected the header repoType,repoName,total,timestamp,downloads, not "

	f("<!DOCTYPE html>\n<html><head><title>Log in</title>", `x.csv: line 1: `+header+`an HTML or XML page, got "<!DOCTYPE html>\n<html><head><title>Log in</title>"`)
	f("\ufeff\n \n  <?xml version=\"1.0\"?>", `x.csv: line 3: `+header+`an HTML or XML page, got "<?xml version=\"1.0\"?>"`)
	f(`{"error":"Unauthorized"}`, `x.csv: line 1: `+header+`a JSON document, got "{\"error\":\"Unauthorized\"}"`)
	f(`[{"repoType":"model","repoName":"a/b"`+strings.Repeat(" ", 100),
		`x.csv: line 1: `+header+`a JSON document, got "[{\"repoType\":\"model\",\"repoName\":\"a/b\"`+strings.Repeat(" ", 40)+`..."`)
	f("\x1f\x8b\x08\x00\x00", `x.csv: line 1: `+header+`compressed data (gzip), got "\x1f\x8b\b\x00\x00"`)
	f("\x28\xb5\x2f\xfd\x04", `x.csv: line 1: `+header+`compressed data (zstd), got "(\xb5/\xfd\x04"`)
	f("PK\x03\x04", `x.csv: line 1: `+header+`compressed data (zip), or a workbook of a spreadsheet, got "PK\x03\x04"`)
	f("\xfd7zXZ\x00\x00\x04", `x.csv: line 1: `+header+`compressed data (xz): decompress it first, got "\xfd7zXZ\x00\x00\x04"`)
	f("BZh91AY&SY", `x.csv: line 1: `+header+`compressed data (bzip2): decompress it first, got "BZh91AY&SY"`)
	f("r\x00e\x00p\x00", `x.csv: line 1: `+header+`text in UTF-16, got "r\x00e\x00p\x00"`)
	f("\x00r\x00e", `x.csv: line 1: `+header+`text in UTF-16, got "\x00r\x00e"`)
	f("\xff\xfer\x00e\x00", `x.csv: line 1: `+header+`text in UTF-16, got "\xff\xfer\x00e\x00"`)
	f("PAR1\x15", `x.csv: line 1: `+header+`a Parquet file, got "PAR1\x15"`)
	f("repoType,repoName\nmodel", "x.csv: line 1, column total: expected this column in the header, got \"repoType,repoName\"\n"+
		"x.csv: line 1, column timestamp: expected this column in the header, got \"repoType,repoName\"\n"+
		`x.csv: line 1, column downloads: expected this column in the header, got "repoType,repoName"`)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }
