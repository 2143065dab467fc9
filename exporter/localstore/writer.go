package localstore

import (
	"context"
	"io"
	"path/filepath"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/localstore/segment"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// writer writes a table as one file of records and one of metadata, or as either if
// there is nothing for the other.
type writer struct {
	disk *disk
	dir  string
	name string
	// records and meta are the files written, nil for none.
	records, meta *file
	// replaces are the files that those take the place of.
	replaces []string
	// committed says that what was written counts.
	committed bool
	// known are the repositories that have records.
	known map[history.Repo]bool
}

func (l *Ledger) newWriter() *writer { return &writer{disk: &l.disk, dir: l.dir, name: newName()} }

func (w *writer) recordsDir() string  { return filepath.Join(w.dir, recordsDir) }
func (w *writer) readingsDir() string { return filepath.Join(w.dir, readingsDir) }

// everything is every record there is, with its version, as a file has them.
var everything = history.RecordsQuery{
	Period: history.RangeOf(history.MinDay, history.MaxDay),
	Order:  history.OrderRepo,
	Stored: true,
}

// write makes the records of t durable, its metadata, or both. On an error nothing is left,
// unless all of it counts already: another process may have shown it.
func (w *writer) write(ctx context.Context, t *memtable.Table, records, meta bool) (err error) {
	if records {
		err = w.writeRecords(ctx, t)
	}
	if err == nil && meta {
		err = w.writeMeta(t)
	}
	if err == nil {
		err = w.publish()
	}
	if err != nil && !w.committed {
		w.undo()
	}
	return err
}

// files returns what was written.
func (w *writer) files() (records, meta files) {
	records, meta = make(files), make(files)
	if w.records != nil {
		records[w.name] = *w.records
	}
	if w.meta != nil {
		meta[w.name] = *w.meta
	}
	return records, meta
}

// writeRecords writes the records of t under a temporary name, unless it has none.
func (w *writer) writeRecords(ctx context.Context, t *memtable.Table) error {
	w.known = make(map[history.Repo]bool)
	some := false
	rows := func(yield func(*history.Rows, error) bool) {
		named := 0
		for r, err := range t.Records(ctx, everything) {
			if r != nil {
				for ; named < len(r.Repos); named++ {
					w.known[r.Repos[named].Repo] = true
				}
				some = some || r.Len() > 0
			}
			if !yield(r, err) {
				return
			}
		}
	}
	for _, err := range rows {
		if err != nil {
			return err
		}
		if some {
			break
		}
	}
	if !some {
		return nil
	}
	size, err := w.disk.write(w.recordsDir(), w.name, func(f io.Writer) error {
		_, err := segment.WriteRecords(f, rows, w.replaces...)
		return err
	})
	if err != nil {
		return err
	}
	w.records = &file{size: size}
	return nil
}

// writeMeta writes the metadata of t under a temporary name, unless it has none.
// Metadata that says nothing is left out if the records name the repository.
func (w *writer) writeMeta(t *memtable.Table) error {
	readings := func(yield func(*history.RepoReadings) bool) {
		for r := range t.RepoReadings() {
			r.Meta.Counters = history.NewRepoMeta(r.Meta.Repo).Counters // they follow from the readings
			if len(r.Readings) == 0 && r.Meta == history.NewRepoMeta(r.Meta.Repo) && w.known[r.Meta.Repo] {
				continue
			}
			if !yield(r) {
				return
			}
		}
	}
	some := false
	for range readings {
		some = true
		break
	}
	if !some {
		return nil
	}
	f := file{}
	if w.records != nil {
		f.companionOf = w.name
	}
	size, err := w.disk.write(w.readingsDir(), w.name, func(out io.Writer) error {
		_, err := segment.WriteReadings(out, readings, f.companionOf, w.replaces...)
		return err
	})
	if err != nil {
		return err
	}
	f.size = size
	w.meta = &f
	return nil
}

// publish gives the files their names: that of the records, if there is one, last.
func (w *writer) publish() (err error) {
	if w.meta != nil && w.records != nil {
		// A crash must not leave the metadata without a trace of what it belongs to.
		if err := w.disk.syncDir(w.recordsDir()); err != nil {
			return err
		}
	}
	if w.meta != nil {
		named, err := w.disk.publish(w.readingsDir(), w.name)
		w.committed = named && w.records == nil
		if err != nil {
			return err
		}
	}
	if w.records != nil {
		w.committed, err = w.disk.publish(w.recordsDir(), w.name)
	}
	return err
}

// undo removes what was written and does not count: last what tells the next writer about
// leftovers, in case this fails.
func (w *writer) undo() {
	for _, path := range []string{
		filepath.Join(w.readingsDir(), w.name),
		filepath.Join(w.readingsDir(), tempName(w.name)),
	} {
		if err := w.disk.remove(path); err != nil {
			return
		}
	}
	if err := w.disk.syncDir(w.readingsDir()); err != nil {
		return
	}
	_ = w.disk.remove(filepath.Join(w.recordsDir(), tempName(w.name))) // else by the next writer
}
