package infile

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func TestDecompress(t *testing.T) {
	const text = "repoType,repoName,total,timestamp,downloads\n"
	f := func(name, content, want, wantErr string) {
		t.Helper()
		got, err := func() (string, error) {
			r, err := decompress(name, strings.NewReader(content))
			if err != nil {
				return "", err
			}
			defer r.Close()
			b, err := io.ReadAll(r)
			return string(b), err
		}()
		switch {
		case wantErr != "" && (err == nil || !strings.Contains(err.Error(), wantErr)):
			t.Errorf("%s: got error %v, want %q", name, err, wantErr)
		case wantErr == "" && (err != nil || got != want):
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
	gz, zst := gzipped(t, text), zstded(t, text)
	f("x.csv", text, text, "")
	f("x.csv", "", "", "")
	f("x.csv", "a", "a", "")
	f("x.csv.gz", gz, text, "")
	f("X.CSV.GZ", gz, text, "")
	f("x.csv.zst", zst, text, "")
	f("standard input", gz, text, "")
	f("standard input", zst, text, "")
	f("x.csv.zst", gz, text, "") // compressed otherwise than the name says
	f("two.csv.gz", gz+gzipped(t, "more\n"), text+"more\n", "")
	f("two.csv.zst", zst+zstded(t, "more\n"), text+"more\n", "")

	f("x.csv.gz", text, "", `expected a gzip file according to its name, got one that starts with "repo"`)
	f("x.csv.zst", text, "", `expected a zstd file according to its name, got one that starts with "repo"`)
	f("x.csv.gz", "", "", "expected a gzip file according to its name, got an empty one")
	for n := 2; n < len(gz); n++ {
		f("x.csv.gz", gz[:n], "", "unexpected EOF")
	}
	for n := 5; n < len(zst); n++ {
		f("x.csv.zst", zst[:n], "", "unexpected EOF")
	}
	f("x.csv.gz", gz[:len(gz)-8]+"\x00\x00\x00\x00\x00\x00\x00\x00", "", "checksum")
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstded(t *testing.T, text string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(w.EncodeAll([]byte(text), nil))
}
