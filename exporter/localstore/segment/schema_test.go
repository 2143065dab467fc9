package segment

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// TestTypes asserts what other programs take the columns for.
func TestTypes(t *testing.T) {
	f := func(b []byte, want ...string) {
		t.Helper()
		p, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range p.Metadata().Schema[1:] {
			got = append(got, strings.TrimSpace(strings.Join([]string{e.Name, e.RepetitionType.V.String(), e.Type.V.String(), e.LogicalType.String()}, " ")))
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
	}
	f(recordsFile(t),
		"repo_type REQUIRED BYTE_ARRAY STRING",
		"repo REQUIRED BYTE_ARRAY STRING",
		"day REQUIRED INT32 DATE",
		"downloads REQUIRED INT64",
		"source REQUIRED BYTE_ARRAY STRING",
		"as_of REQUIRED INT64 TIMESTAMP(isAdjustedToUTC=true,unit=MICROS)")
	f(readingsFile(t),
		"repo_type REQUIRED BYTE_ARRAY STRING",
		"repo REQUIRED BYTE_ARRAY STRING",
		"as_of REQUIRED INT64 TIMESTAMP(isAdjustedToUTC=true,unit=MICROS)",
		"hub_id OPTIONAL BYTE_ARRAY STRING",
		"total OPTIONAL INT64",
		"last_month OPTIONAL INT64",
		"likes OPTIONAL INT64",
		"moved_to OPTIONAL BYTE_ARRAY STRING",
		"start_total OPTIONAL INT64",
		"start_downloads OPTIONAL INT64",
		"start_removed OPTIONAL INT64",
		"origin OPTIONAL BYTE_ARRAY STRING",
		"first_as_of OPTIONAL INT64 TIMESTAMP(isAdjustedToUTC=true,unit=MICROS)",
		"first_total OPTIONAL INT64",
		"high_total OPTIONAL INT64",
		"high_last_month OPTIONAL INT64")
}

// TestRowsForOthers reads a file as a program would that knows its columns only.
func TestRowsForOthers(t *testing.T) {
	type row struct {
		RepoType  string `parquet:"repo_type"`
		Repo      string `parquet:"repo"`
		Day       int32  `parquet:"day,date"`
		Downloads int64  `parquet:"downloads"`
		Source    string `parquet:"source"`
		AsOf      int64  `parquet:"as_of,timestamp(microsecond)"`
	}
	var buf bytes.Buffer
	if _, err := WriteRecords(&buf, stream([]versioned{
		record(history.Repo{Type: history.Model, Name: "org/a"}, 18649, 17, history.Published, 1700000000000000),
		record(history.Repo{Type: history.Dataset, Name: "org/b"}, 18650, 0, history.Estimated, 5),
	})); err != nil {
		t.Fatal(err)
	}
	got, err := parquet.Read[row](bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		t.Fatal(err)
	}
	want := []row{
		{"model", "org/a", 18649, 17, "published", 1700000000000000},
		{"dataset", "org/b", 18650, 0, "estimated", 5},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// TestStatistics asserts the limits by which other programs skip row groups.
func TestStatistics(t *testing.T) {
	var buf bytes.Buffer
	if _, err := WriteRecords(&buf, stream([]versioned{
		record(history.Repo{Type: history.Model, Name: "org/b"}, 300, 17, history.Published, 8),
		record(history.Repo{Type: history.Dataset, Name: "org/a"}, 2, 1<<40, history.Estimated, 5),
	})); err != nil {
		t.Fatal(err)
	}
	p, err := parquet.OpenFile(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range p.RowGroups()[0].ColumnChunks() {
		least, greatest, ok := c.(*parquet.FileColumnChunk).Bounds()
		if !ok {
			t.Fatal("a column without statistics")
		}
		switch least.Kind() {
		case parquet.ByteArray:
			got = append(got, string(least.ByteArray())+".."+string(greatest.ByteArray()))
		case parquet.Int32:
			got = append(got, fmt.Sprint(least.Int32(), "..", greatest.Int32()))
		default:
			got = append(got, fmt.Sprint(least.Int64(), "..", greatest.Int64()))
		}
	}
	want := []string{"dataset..model", "org/a..org/b", "2..300", "17..1099511627776", "estimated..published", "5..8"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// fileOf writes a file with the given columns and rows. A column that a row does not have is
// null.
func fileOf(t testing.TB, format string, columns []columnSpec, rows ...map[string]any) []byte {
	t.Helper()
	var buf bytes.Buffer
	f, err := newFileWriter(&buf, format, columns, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		for _, c := range f.chunks {
			level := uint8(1)
			switch v := r[c.spec.name].(type) {
			case string:
				c.text(v)
			case int:
				c.number(int64(v))
			default:
				level = 0
			}
			if c.spec.optional {
				c.levels = append(c.levels, level)
			}
		}
		f.rows++
	}
	if err := f.endPage(); err != nil {
		t.Fatal(err)
	}
	if err := f.endGroup(); err != nil {
		t.Fatal(err)
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestOtherColumns(t *testing.T) {
	repoType := columnSpec{name: "repo_type", typ: typeString, dict: true}
	repo := columnSpec{name: "repo", typ: typeString, dict: true, zstd: true}
	asOf := columnSpec{name: "as_of", typ: typeTimestamp, dict: true}
	total := columnSpec{name: "total", typ: typeInt64, optional: true}
	origin := columnSpec{name: "origin", typ: typeString, optional: true, dict: true}
	more := columnSpec{name: "stars", typ: typeInt64, optional: true}
	text := columnSpec{name: "total", typ: typeString, optional: true, dict: true}
	required := columnSpec{name: "total", typ: typeInt64}
	row := map[string]any{"repo_type": "model", "repo": "o/n", "as_of": 5, "total": 3, "stars": 7, "origin": "listing"}

	t.Run("one more, others absent, in another order", func(t *testing.T) {
		x := history.NewReading(history.Repo{}, 5, history.Listing, 3, history.Unknown, history.Unknown)
		want := []history.RepoReadings{combined("o/n", nil, x)}
		got := collectReadings(t, fileOf(t, formatReadings, []columnSpec{repo, repoType, asOf, total, origin, more}, row))
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %v\nwant %v", got, want)
		}
	})

	bad := func(name, want string, columns ...columnSpec) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			row["total"] = 3
			if slices.Contains(columns, text) {
				row["total"] = "3"
			}
			err := readReadings(fileOf(t, formatReadings, columns, row))
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), want) {
				t.Errorf("expected an error with %q, got %v", want, err)
			}
		})
	}
	bad("a column that is needed", "column repo (string) is missing", repoType, asOf, total)
	bad("another type", "column total (int64 or null): it has the type OPTIONAL BYTE_ARRAY STRING", repoType, repo, asOf, text)
	row["origin"] = "hearsay"
	bad("an origin that is none", "column origin: expected archive, listing, export or listing and export, got \"hearsay\"", repoType, repo, asOf, origin)
	bad("not nullable", "column total (int64 or null): it has the type REQUIRED INT64", repoType, repo, asOf, required)
}
