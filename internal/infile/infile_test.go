package infile

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/archive"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

const export = "repoType,repoName,total,timestamp,downloads\nmodel,o/a,9,2024-01-01,1\n"

func TestRows(t *testing.T) {
	dir := t.TempDir()
	skip := false
	f := func(name, content string, wantRecords int64, wantErr string, wantBlame bool, notices ...string) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		in, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		in.SkipBadRows = skip
		if in.Size != int64(len(content)) {
			t.Errorf("%s: size %d, want %d", name, in.Size, len(content))
		}
		change, err := memtable.NewStore().Append(t.Context(), history.Batch{Rows: in.Rows(nil)})
		err = in.Blame(err)
		if wantErr == "" && err != nil || wantErr != "" && (err == nil || !strings.Contains(err.Error(), wantErr)) || change.Records != wantRecords {
			t.Errorf("%s: got %d records, %v; want %d, %q", name, change.Records, err, wantRecords, wantErr)
		}
		if _, blamed := errors.AsType[*ContentError](err); blamed != wantBlame {
			t.Errorf("%s: %v: blamed on the content: %v, want %v", name, err, blamed, wantBlame)
		}
		if got := in.Notes.Notices(); wantErr == "" && !slices.Equal(got, notices) {
			t.Errorf("%s: notices %q, want %q", name, got, notices)
		}
	}
	f("a.csv", export, 1, "", false)
	f("b.csv.gz", gzipped(t, export), 1, "", false)
	f("c.csv.zst", zstded(t, export), 1, "", false)
	f("d.csv.gz", gzipped(t, export)[:40], 0, "d.csv.gz: reading line 1: unexpected EOF: the compressed file ends too early", true)
	f("e.csv.gz", export, 0, "e.csv.gz: expected a gzip file according to its name", true)
	f("f.csv", export[:44], 0, "", false, "no records: the file has no rows")
	f("g.csv", export+"model,o/a,9,yesterday,1\n", 0, "g.csv: line 3, column timestamp", true)
	f("h.csv", export[:len(export)-1], 1, "", false) // as an editor may save it
	f("i.csv", "", 0, "i.csv: line 1: expected the header", true)
	f("j.csv", export+"model,o/a,12,2024-01-02,1\n", 2, "", false,
		"model o/a has totals from 9 to 12; using 12, the total of its newest day, 2024-01-02")
	f("k.csv.xz", "\xfd7zXZ\x00\x00", 0, "k.csv.xz: line 1: expected the header repoType,repoName,total,timestamp,downloads, not compressed data (xz): decompress it first", true)

	// A day may be tomorrow's where the clock that wrote it is ahead of ours, and no later.
	day := func(ahead int) string {
		return export + "model,o/a,9," + time.Now().UTC().AddDate(0, 0, ahead).Format(time.DateOnly) + ",1\n"
	}
	f("l.csv", day(1), 2, "", false)
	f("m.csv", day(2), 0, "m.csv: line 3, column timestamp: expected a day up to ", true)
	skip = true
	tomorrow := time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)
	f("n.csv", export+"model,o/a,9,9999-12-31,1\n", 1, "", false,
		"skipped: line 3, column timestamp: expected a day up to "+tomorrow+`, got "9999-12-31"; this day is in the future: is the clock of its source or of this machine wrong?`,
		"skipped 1 row of 2: 1 for future")
	f("o.csv", export+"x\nx\n", 0, "o.csv: 2 of 3 rows are invalid, and at most one of 100 is skipped", true)
}

func TestOpenRefusesDirectories(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "expected a file, got the directory "+dir) {
		t.Errorf("got %v", err)
	}
}

// Records are as old as their file, and never of the future.
func TestAsOf(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.csv")
	f := func(modified time.Time, want time.Time) {
		t.Helper()
		if err := errors.Join(os.WriteFile(name, nil, 0o600), os.Chtimes(name, modified, modified)); err != nil {
			t.Fatal(err)
		}
		in, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		if got := in.AsOf.Time(); got.Sub(want).Abs() > time.Minute {
			t.Errorf("modified at %v: got %v, want %v", modified, got, want)
		}
	}
	old := time.Now().Add(-48 * time.Hour)
	f(old, old)
	f(time.Now().Add(48*time.Hour), time.Now())
}

func TestReadings(t *testing.T) {
	dir := t.TempDir()
	o := archive.Options{Day: history.NoDay}
	f := func(name, content string, want int, wantErr string) {
		t.Helper()
		full := filepath.Join(dir, name)
		if err := os.WriteFile(full, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		in, err := Open(full)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		got, counted := 0, int64(0)
		for _, e := range in.Readings(o, func(bytes int) { counted += int64(bytes) }) {
			if err = e; err == nil {
				got++
			}
		}
		if wantErr == "" && err != nil || wantErr != "" && (err == nil || strings.TrimPrefix(err.Error(), full+": ") != wantErr) || got != want {
			t.Errorf("%s: got %d readings, %v; want %d, %q", name, got, err, want, wantErr)
		}
		if _, blamed := errors.AsType[*ContentError](err); blamed != (wantErr != "") {
			t.Errorf("%s: %v is blamed on the content: %v", name, err, blamed)
		}
		if wantErr == "" && counted != in.Size {
			t.Errorf("%s: progress of %d bytes of %d", name, counted, in.Size)
		}
	}
	const listing = `[{"id":"o/a","likes":1},{"id":"o/b","downloads":2}]`
	f("2024-05-31.json", listing, 2, "")
	f("2024-05-31.json.gz", gzipped(t, listing), 2, "")
	f("2024-05-31.csv.zst", zstded(t, "id,likes\no/a,1\n"), 1, "")
	f("2024-05-31.json", listing[:24], 1, "expected the end of a JSON array or object, the file ends in or after object 1: unexpected EOF")
	f("2024-05-31.json.gz", gzipped(t, listing)[:30], 0, "unexpected EOF: the compressed file ends too early")
	f("2024-05-31.gz", gzipped(t, archive.ParquetMagic+"..."), 0,
		"expected JSON or CSV, got Parquet, which must be an uncompressed file and not a pipe")
	f("2024-05-31.json.gz", listing, 0, `expected a gzip file according to its name, got one that starts with "[{\"i"`)
	f("2024-05-31.json", "", 0, "expected JSON, CSV or Parquet, got an empty file")
}
