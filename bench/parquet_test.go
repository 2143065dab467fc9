package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/export"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/export/format"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/localstore"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// testData is small, and large enough for several blocks of records.
var testData = data{repos: 60, days: 700}

func openTestDuck(t *testing.T) *duck {
	t.Helper()
	d, err := openDuck(2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// describe returns the names and types of the columns of a query.
func describe(t *testing.T, d *duck, query string) string {
	t.Helper()
	var name, typ string
	var out []string
	if err := d.query("SELECT column_name, column_type FROM (DESCRIBE "+query+")", []any{&name, &typ}, func() {
		out = append(out, name+" "+typ)
	}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, ", ")
}

// repoDay names a record; compare by maps, since Parquet files hold no order
// that is promised.
type repoDay struct {
	repo history.Repo
	day  history.Day
}

func expectedRecords(t *testing.T) map[repoDay]int64 {
	t.Helper()
	records, err := history.Collect(testData.rows(byDay))
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[repoDay]int64)
	for _, r := range records {
		out[repoDay{r.Repo, r.Day}] = r.Downloads
	}
	return out
}

// checkRecords compares the answer of a query for type, name, days since 1970
// and downloads with the records of the test data.
func checkRecords(t *testing.T, d *duck, query string) {
	t.Helper()
	want := expectedRecords(t)
	var typ, name string
	var day int32
	var downloads int64
	n := 0
	err := d.query(query, []any{&typ, &name, &day, &downloads}, func() {
		n++
		key := repoDay{history.Repo{Type: history.RepoType(typ), Name: name}, history.Day(day)}
		if w, ok := want[key]; !ok || w != downloads {
			t.Errorf("%s on %s: expected %d (a record: %t), got %d", key.repo, key.day, w, ok, downloads)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if n != len(want) {
		t.Errorf("expected %d records, got %d", len(want), n)
	}
}

// fillLedger imports the test data into a new store, in two halves, so that
// there are several files.
func fillLedger(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	l, err := localstore.Open(context.Background(), dir, localstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	table, err := memtable.Build(context.Background(), testData.rows(byRepo), nil)
	if err != nil {
		t.Fatal(err)
	}
	middle := table.Recorded().To - history.Day(table.Recorded().Len()/2)
	for _, period := range []history.Period{
		history.RangeOf(history.NoDay, middle),
		history.RangeOf(middle+1, history.NoDay),
	} {
		rows := table.Records(context.Background(), history.RecordsQuery{Period: period, Versions: true})
		if _, err := l.Append(context.Background(), history.Batch{Rows: rows}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestDuckDBReadsTheStore(t *testing.T) {
	dir := fillLedger(t)
	d := openTestDuck(t)
	records := "SELECT * FROM " + quote(filepath.Join(dir, "records", "*.parquet"))
	want := "repo_type VARCHAR, repo VARCHAR, day DATE, downloads BIGINT, source VARCHAR, as_of TIMESTAMP WITH TIME ZONE"
	if got := describe(t, d, records); got != want {
		t.Errorf("expected the columns %s, got %s", want, got)
	}
	checkRecords(t, d, "SELECT repo_type, repo, day - DATE '1970-01-01', downloads FROM ("+records+")")

	var sources string
	if err := d.query("SELECT string_agg(DISTINCT source, ',') FROM ("+records+")", []any{&sources}, func() {}); err != nil {
		t.Fatal(err)
	}
	if sources != "published" {
		t.Errorf("expected the source published, got %q", sources)
	}
}

func TestDuckDBReadsTheStoresReadings(t *testing.T) {
	dir := fillLedger(t)
	d := openTestDuck(t)
	readings := "SELECT * FROM " + quote(filepath.Join(dir, "readings", "*.parquet"))
	want := make(map[history.Repo]int64)
	for rows, err := range testData.rows(byRepo) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows.Repos {
			want[r.Repo] = r.Total
		}
	}
	got := make(map[history.Repo]int64)
	var typ, name string
	var total int64
	if err := d.query("SELECT repo_type, repo, max(total) FROM ("+readings+") GROUP BY repo_type, repo", []any{&typ, &name, &total}, func() {
		got[history.Repo{Type: history.RepoType(typ), Name: name}] = total
	}); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Errorf("expected %d repositories, got %d", len(want), len(got))
	}
	for r, n := range want {
		if got[r] != n {
			t.Errorf("%s: expected the total %d, got %d", r, n, got[r])
		}
	}
}

func TestDuckDBReadsTheParquetExport(t *testing.T) {
	file := filepath.Join(t.TempDir(), "export.parquet")
	var buf bytes.Buffer
	if _, err := export.Write(context.Background(), &buf, format.Parquet, false, testData.rows(byDay)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	d := openTestDuck(t)
	records := "SELECT * FROM " + quote(file)
	want := "repoType VARCHAR, repoName VARCHAR, total BIGINT, timestamp TIMESTAMP, downloads BIGINT"
	if got := describe(t, d, records); got != want {
		t.Errorf("expected the columns %s, got %s", want, got)
	}
	checkRecords(t, d, `SELECT repoType, repoName, CAST(timestamp AS DATE) - DATE '1970-01-01', downloads FROM (`+records+`)`)
}

func TestDuckDBReadsTheCSVExport(t *testing.T) {
	file := filepath.Join(t.TempDir(), "export.csv")
	var buf bytes.Buffer
	if _, err := export.Write(context.Background(), &buf, format.CSV, false, testData.rows(byDay)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	d := openTestDuck(t)
	// As one would write it, without a word about types.
	records := fmt.Sprintf("SELECT * FROM %s", quote(file))
	want := "repoType VARCHAR, repoName VARCHAR, total BIGINT, timestamp TIMESTAMP WITH TIME ZONE, downloads BIGINT"
	if got := describe(t, d, records); got != want {
		t.Errorf("expected the columns %s, got %s", want, got)
	}
	checkRecords(t, d, `SELECT repoType, repoName, CAST(timestamp AT TIME ZONE 'UTC' AS DATE) - DATE '1970-01-01', downloads FROM (`+records+`)`)
}
