package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/backfill"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// runBackfill makes the whole history into samples for promtool, against the export
// of the same records, repository by repository. A sample has the name of the counter
// and the labels of a scraped series, and so more than twice the bytes of a record.
// Both are written to nowhere: a disk would be what is measured.
func runBackfill(b *bench) ([]verdict, error) {
	table, err := b.table()
	if err != nil {
		return nil, err
	}
	var stats backfill.Stats
	samples := func(w io.Writer) error {
		stats = backfill.Stats{}
		return backfill.WriteOpenMetrics(w, backfill.All(context.Background(), memtable.NewStoreOf(table), backfill.Options{
			From: history.NoDay, To: history.NoDay, Until: time.Now(),
			Labels: []backfill.Label{{Name: "job", Value: "huggingface"}, {Name: "instance", Value: "localhost:10061"}},
		}, &stats), func() {})
	}
	export := func(w io.Writer) error {
		_, err := hubcsv.Write(w, table.Records(context.Background(), history.RecordsQuery{Order: history.OrderRepo}))
		return err
	}
	path := filepath.Join(b.scratch, "backfill")
	if err := toFile(path, samples); err != nil {
		return nil, err
	}
	defer os.Remove(path)
	if err := sameAsCounted(path, table, &stats); err != nil {
		return nil, err
	}
	t, err := race(wallTime, b.rounds,
		contestant{name: "exporter", run: func() error { return samples(io.Discard) }},
		contestant{name: "export, order repo", run: func() error { return export(io.Discard) }},
	)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("write %s samples of a backfill as OpenMetrics", millions(stats.Samples))
	return []verdict{within(what, 2, t[0], t[1])}, nil
}

// sameAsCounted compares the lines of a file with the samples that there have to be:
// at least one for each record.
func sameAsCounted(path string, table *memtable.Table, stats *backfill.Stats) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var lines int64
	last := ""
	for r := bufio.NewScanner(f); ; lines++ {
		if !r.Scan() {
			if err := r.Err(); err != nil {
				return err
			}
			break
		}
		if bytes.HasPrefix(r.Bytes(), []byte("#")) {
			last = r.Text()
			lines--
		}
	}
	if lines != stats.Samples || lines < table.NumRecords() || last != "# EOF" {
		return fmt.Errorf("expected %d samples, one for each of %d records at least, and an end; got %d, and %q",
			stats.Samples, table.NumRecords(), lines, last)
	}
	return nil
}

// toFile makes a file of what write writes.
func toFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
