package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/localstore"
)

// runOpen opens a store that is on disk, until it can answer, and compares that
// with importing the CSV it came from into a new store.
func runOpen(b *bench) ([]verdict, error) {
	path, err := b.path(byRepo)
	if err != nil {
		return nil, err
	}
	full := filepath.Join(b.scratch, "open")
	if err := importFile(full, path); err != nil {
		return nil, err
	}
	defer os.RemoveAll(full)
	want, err := b.table()
	if err != nil {
		return nil, err
	}
	fresh := filepath.Join(b.scratch, "import")
	t, err := race(wallTime, b.rounds,
		contestant{name: "open", run: func() error {
			return withStore(full, func(l *localstore.Ledger) error {
				o, err := l.Overview(context.Background(), history.OverviewQuery{})
				if err != nil {
					return err
				}
				if len(o.Groups) != 1 || o.Groups[0].Records != want.NumRecords() {
					return fmt.Errorf("expected %d records in the store, got %+v", want.NumRecords(), o.Groups)
				}
				return nil
			})
		}},
		contestant{
			name:  "import of its CSV",
			run:   func() error { return importFile(fresh, path) },
			after: func() error { return os.RemoveAll(fresh) },
		},
	)
	if err != nil {
		return nil, err
	}
	return []verdict{atLeast(fmt.Sprintf("open a store of %s records", millions(want.NumRecords())), 3, t[0], t[1])}, nil
}

// withStore opens the store in a directory, as serve does.
func withStore(dir string, use func(*localstore.Ledger) error) error {
	l, err := localstore.Open(context.Background(), dir, localstore.Options{})
	if err != nil {
		return err
	}
	return errors.Join(use(l), l.Close())
}

// importFile imports a CSV file into the store in a directory, as import does.
func importFile(dir, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return withStore(dir, func(l *localstore.Ledger) error {
		_, err := l.Append(context.Background(), history.Batch{
			Rows: hubcsv.Read(f, hubcsv.Options{File: path, Version: published}),
		})
		return err
	})
}

// importedBytes returns the size on disk of a store that the export was
// imported into.
func importedBytes(b *bench) (int64, error) {
	path, err := b.path(byRepo)
	if err != nil {
		return 0, err
	}
	dir := filepath.Join(b.scratch, "size")
	defer os.RemoveAll(dir)
	if err := importFile(dir, path); err != nil {
		return 0, err
	}
	var size int64
	err = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}
