package export

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/export/format"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// TestParquetIsReadBack reads with a schema of its own, as another program would.
func TestParquetIsReadBack(t *testing.T) {
	type row struct {
		RepoType  string `parquet:"repoType"`
		RepoName  string `parquet:"repoName"`
		Total     *int64 `parquet:"total,optional"`
		Timestamp int64  `parquet:"timestamp,timestamp(millisecond:local)"`
		Downloads int64  `parquet:"downloads"`
	}
	f := func(rows history.RowSeq) {
		t.Helper()
		want, err := history.Collect(rows)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if _, err := Write(context.Background(), &out, format.Parquet, false, rows); err != nil {
			t.Fatal(err)
		}
		r := parquet.NewGenericReader[row](bytes.NewReader(out.Bytes()))
		defer r.Close()
		if r.NumRows() != int64(len(want)) {
			t.Fatalf("expected %d rows, got %d", len(want), r.NumRows())
		}
		buf := make([]row, 1000)
		at := 0
		for {
			n, err := r.Read(buf)
			for _, got := range buf[:n] {
				total := history.Unknown
				if got.Total != nil {
					total = *got.Total
				}
				rec := history.Record{
					Repo:  history.Repo{Type: history.RepoType(got.RepoType), Name: got.RepoName},
					Total: total, Day: history.Day(got.Timestamp / 86_400_000), Downloads: got.Downloads,
				}
				if got.Timestamp%86_400_000 != 0 || rec != want[at] {
					t.Fatalf("row %d: expected %+v, got %+v", at, want[at], got)
				}
				at++
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if at != len(want) {
			t.Fatalf("expected %d rows to be read, got %d", len(want), at)
		}
	}
	f(history.RowsOf(history.Version{}))
	f(history.RowsOf(history.Version{}, sixRows()...))
	f(history.RowsOf(history.Version{}, oddRecords()...))
	f(synthetic(777, 2*parquetGroupRows+5))
}

func TestParquetSchema(t *testing.T) {
	var out bytes.Buffer
	if _, err := Write(context.Background(), &out, format.Parquet, false, synthetic(10, parquetGroupRows+1)); err != nil {
		t.Fatal(err)
	}
	file, err := parquet.OpenFile(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	got := file.Schema().String()
	for _, want := range []string{
		"required binary repoType (STRING)",
		"required binary repoName (STRING)",
		"optional int64 total",
		"required int64 timestamp (TIMESTAMP(isAdjustedToUTC=false,unit=MILLIS))",
		"required int64 downloads",
	} {
		before, after, ok := strings.Cut(got, want)
		if !ok {
			t.Fatalf("expected %q next in the schema, got\n%s", want, before)
		}
		got = after
	}
	groups := file.RowGroups()
	if len(groups) != 2 || groups[0].NumRows() != parquetGroupRows {
		t.Errorf("expected a first row group of %d rows and one more, got %d groups, the first of %d", parquetGroupRows, len(groups), groups[0].NumRows())
	}
}

func TestParquetVersions(t *testing.T) {
	version := history.Version{Source: history.Estimated, AsOf: 1714543200000001}
	var out bytes.Buffer
	if _, err := Write(context.Background(), &out, format.Parquet, true, history.RowsOf(version, sixRows()...)); err != nil {
		t.Fatal(err)
	}
	type row struct {
		RepoName  string `parquet:"repoName"`
		Downloads int64  `parquet:"downloads"`
		Source    string `parquet:"source"`
		AsOf      int64  `parquet:"asOf,timestamp(microsecond)"`
	}
	rows, err := parquet.Read[row](bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	want := row{"huggingface/documentation-images", 18, "estimated", 1714543200000001}
	if len(rows) != 6 || rows[4] != want {
		t.Errorf("expected 6 rows, the fifth %v, got %v", want, rows)
	}
}
