package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// runWrite writes the whole history to a file as CSV, in both orders. The
// standard library's writer gets its records from the exporter's columns too,
// so that it has no sorting to do; DuckDB sorts, since a table has no order.
func runWrite(b *bench) ([]verdict, error) {
	table, err := b.table()
	if err != nil {
		return nil, err
	}
	d, err := b.duckdb()
	if err != nil {
		return nil, err
	}
	var out []verdict
	var ours []timing
	for _, order := range []history.Order{history.OrderRepo, history.OrderTime} {
		t, err := writeOne(b, table, d, order)
		if err != nil {
			return nil, fmt.Errorf("order %s: %w", order, err)
		}
		what := fmt.Sprintf("write CSV from columns, order %s", order)
		out = append(out, atLeast(what, 5, t[0], t[1]), atLeast(what, 20, t[0], t[2]))
		t[0].name = fmt.Sprintf("exporter, order %s", order)
		ours = append(ours, t[0])
	}
	return append(out, within("order time against order repo", 2, ours[1], ours[0])), nil
}

func writeOne(b *bench, table *memtable.Table, d *duck, order history.Order) ([]timing, error) {
	records := func() history.RowSeq {
		return table.Records(context.Background(), history.RecordsQuery{Order: order})
	}
	toFile := func(name string, write func(io.Writer) error) contestant {
		path := filepath.Join(b.scratch, "out.csv")
		return contestant{
			name: name,
			run: func() error {
				f, err := os.Create(path)
				if err != nil {
					return err
				}
				err = write(f)
				if e := f.Close(); err == nil {
					err = e
				}
				return err
			},
			after: func() error { return os.Remove(path) },
		}
	}
	contestants := []contestant{
		toFile("exporter", func(w io.Writer) error { _, err := hubcsv.Write(w, records()); return err }),
		toFile("encoding/csv writer", func(w io.Writer) error { return writeCSV(w, records()) }),
		{
			name: "DuckDB COPY ... ORDER BY",
			run:  func() error { return d.copyCSV(filepath.Join(b.scratch, "out.csv"), order) },
			after: func() error {
				return os.Remove(filepath.Join(b.scratch, "out.csv"))
			},
		},
	}
	if err := sameFiles(filepath.Join(b.scratch, "out.csv"), contestants); err != nil {
		return nil, err
	}
	return race(wallTime, b.rounds, contestants...)
}

// copyCSV writes the table records to a file in the record format.
func (d *duck) copyCSV(path string, order history.Order) error {
	by := "day, repo_type <> 'model', repo_type, repo"
	if order == history.OrderRepo {
		by = "repo_type <> 'model', repo_type, repo, day"
	}
	return d.exec(`COPY (
			SELECT repo_type AS "repoType", repo AS "repoName", total, CAST(day AS TIMESTAMP) AS timestamp, downloads
			FROM records ORDER BY ` + by + `
		) TO ` + quote(path) + ` (FORMAT csv, HEADER, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%S.%gZ')`)
}

// sameFiles lets each write its file and compares them byte for byte.
func sameFiles(path string, contestants []contestant) error {
	var want []byte
	for _, c := range contestants {
		if err := c.run(); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		sum := sha256.New()
		n, err := io.Copy(sum, f)
		f.Close()
		if err != nil {
			return err
		}
		if got := sum.Sum(nil); want == nil {
			want = got
		} else if !bytes.Equal(got, want) {
			return fmt.Errorf("the file of %s (%d bytes) differs from that of %s", c.name, n, contestants[0].name)
		}
		if err := c.after(); err != nil {
			return err
		}
	}
	return nil
}
