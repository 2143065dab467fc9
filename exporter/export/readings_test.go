package export

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/export/format"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// someReadings yields a listing, an archive without a total, and then err if it is not nil.
func someReadings(err error) history.ReadingSeq {
	return func(yield func(history.Reading, error) bool) {
		heron := history.Repo{Type: history.Model, Name: "acme/heron"}
		odd := history.Repo{Type: "kernel", Name: "a/\"b\",c"}
		if yield(history.NewReading(heron, 1714543200000001, history.Listing, 100, 0, 7), nil) &&
			yield(history.NewReading(odd, 1714521600000000, history.Archive, history.Unknown, 9, history.Unknown), nil) && err != nil {
			yield(history.Reading{}, err)
		}
	}
}

func TestWriteReadings(t *testing.T) {
	f := func(ft format.Format, readings history.ReadingSeq, want string) {
		t.Helper()
		var out bytes.Buffer
		if err := WriteReadings(&out, ft, readings); err != nil || out.String() != want {
			t.Errorf("%s: got %v and\n%s\nwant\n%s", ft, err, out.String(), want)
		}
	}
	none := func(func(history.Reading, error) bool) {}
	f(format.CSV, none, "repo_type,repo,as_of,origin,total,last_month,likes\n")
	f(format.CSV, someReadings(nil), `repo_type,repo,as_of,origin,total,last_month,likes
model,acme/heron,2024-05-01T06:00:00.000001Z,listing,100,0,7
kernel,"a/""b"",c",2024-05-01T00:00:00.000000Z,archive,,9,
`)
	f(format.JSONL, none, "")
	f(format.JSONL, someReadings(nil), `{"repo_type":"model","repo":"acme/heron","as_of":"2024-05-01T06:00:00.000001Z","origin":"listing","total":100,"last_month":0,"likes":7}
{"repo_type":"kernel","repo":"a/\"b\",c","as_of":"2024-05-01T00:00:00.000000Z","origin":"archive","total":null,"last_month":9,"likes":null}
`)
}

// A file is longer than a block, and is read with a schema of its own.
func TestWriteReadingsAsParquet(t *testing.T) {
	type row struct {
		Repo      string `parquet:"repo"`
		AsOf      int64  `parquet:"as_of,timestamp(microsecond)"`
		Origin    string `parquet:"origin"`
		Total     *int64 `parquet:"total,optional"`
		LastMonth *int64 `parquet:"last_month,optional"`
	}
	many := func(yield func(history.Reading, error) bool) {
		for range history.BlockRows {
			for r := range someReadings(nil) {
				if !yield(r, nil) {
					return
				}
			}
		}
	}
	var out bytes.Buffer
	if err := WriteReadings(&out, format.Parquet, many); err != nil {
		t.Fatal(err)
	}
	rows, err := parquet.Read[row](bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil || len(rows) != 2*history.BlockRows {
		t.Fatalf("got %d rows and %v, want %d", len(rows), err, 2*history.BlockRows)
	}
	last := rows[len(rows)-2:]
	if r := last[0]; r.Repo != "acme/heron" || r.AsOf != 1714543200000001 || r.Origin != "listing" || *r.Total != 100 || *r.LastMonth != 0 {
		t.Errorf("got %+v", r)
	}
	if r := last[1]; r.Total != nil || *r.LastMonth != 9 || r.Origin != "archive" {
		t.Errorf("got %+v", r)
	}
}

func TestWriteReadingsFails(t *testing.T) {
	broken := errors.New("cannot read on")
	for _, f := range append(slices.Clone(format.Files()), format.Rows) {
		err := WriteReadings(io.Discard, f, someReadings(broken))
		if f == format.Rows && err == nil || f != format.Rows && !errors.Is(err, broken) {
			t.Errorf("%s: got %v", f, err)
		}
	}
}
