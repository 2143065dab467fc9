package localstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// files are files by name.
type files map[string]file

type file struct {
	// size is in bytes.
	size int64
	// companionOf is the file of records that a file of metadata belongs to, "" if
	// it stands alone.
	companionOf string
}

func (f files) names() []string { return slices.Sorted(maps.Keys(f)) }

// content is the history at a moment, and the files that it comes from. It is immutable.
type content struct {
	table *memtable.Table
	// pending are files of metadata that do not count: their files of records are not there.
	records, meta, pending files
	revision               string
	// forgotten is the Forget that the content was read after.
	forgotten string
}

func newContent(t *memtable.Table, records, meta, pending files, forgotten string) *content {
	h := sha256.New()
	for _, f := range []files{records, meta} {
		for _, name := range f.names() {
			h.Write([]byte(name + "\x00"))
		}
		h.Write([]byte{0})
	}
	return &content{table: t, records: records, meta: meta, pending: pending, revision: hex.EncodeToString(h.Sum(nil)[:12]), forgotten: forgotten}
}

// with returns the files of f and the added ones, but those that are named.
func (f files) with(added files, without []string) files {
	out := make(files, len(f)+len(added))
	maps.Copy(out, f)
	for _, name := range without {
		delete(out, name)
	}
	maps.Copy(out, added)
	return out
}

const (
	suffix     = ".parquet"
	tempSuffix = ".tmp"
)

// tempName returns the name under which a file is written before it counts.
func tempName(name string) string { return "." + name + tempSuffix }

func isTemp(name string) bool {
	return strings.HasPrefix(name, ".") && strings.HasSuffix(name, suffix+tempSuffix)
}

func isFile(name string) bool {
	return !strings.HasPrefix(name, ".") && strings.HasSuffix(name, suffix)
}

// listing is what the two directories hold, by name and sorted: files, and what is
// being written or was left behind.
type listing struct {
	records, meta         []string
	tempRecords, tempMeta []string
	// forgotten is the last Forget, and left behind are files that it replaced.
	forgotten string
	left      []string
}

func (a *listing) equal(b *listing) bool {
	return slices.Equal(a.records, b.records) && slices.Equal(a.meta, b.meta) && a.forgotten == b.forgotten
}

// list reads the directories. Records come first: a file of metadata that was there
// before the file of records it belongs to is then listed too.
func (l *Ledger) list() (*listing, error) {
	if err := l.checkFolder(); err != nil {
		return nil, err
	}
	f, err := l.readForgotten()
	if err != nil {
		return nil, err
	}
	out := listing{forgotten: f.ID}
	if out.records, out.tempRecords, err = l.listDir(recordsDir); err != nil {
		return nil, err
	}
	if out.meta, out.tempMeta, err = l.listDir(l.readingsName()); err != nil {
		return nil, err
	}
	out.records = f.without(out.records, recordsDir, &out.left)
	out.meta = f.without(out.meta, readingsDir, &out.left)
	return &out, nil
}

func (l *Ledger) listDir(sub string) (files, temps []string, err error) {
	dir := filepath.Join(l.dir, sub)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil // of a folder that was emptied; others have it
	}
	if err != nil {
		return nil, nil, fmt.Errorf("listing the store: %w", err)
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case isTemp(name):
			temps = append(temps, name)
		case isFile(name):
			files = append(files, name)
		default:
			return nil, nil, fmt.Errorf("%s is not a file of this store: move it out of %s", filepath.Join(dir, name), dir)
		}
	}
	return files, temps, nil
}

// listings bounds how often the directories are listed until they hold still.
const listings = 1000

// settled lists the directories until two listings agree. A listing that is taken
// while another process compacts may have missed the new file and the old ones;
// the next one then has the new file.
func settled(ctx context.Context, first *listing, list func() (*listing, error)) (*listing, error) {
	for range listings {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		next, err := list()
		if err != nil {
			return nil, err
		}
		if next.equal(first) {
			return next, nil
		}
		first = next
	}
	return nil, fmt.Errorf("listing the store: its files kept changing over %d listings", listings)
}

// attempts bounds how often files are listed again because one that was listed is
// no longer there.
const attempts = 100

// load brings the content up to date with the files, for a caller that holds
// l.loading. It returns the listing that the content now stands for.
func (l *Ledger) load(ctx context.Context) (*listing, error) {
	for i := 0; ; i++ {
		ls, err := l.tryLoad(ctx)
		// Another process may have compacted a file away since it was listed.
		if !errors.Is(err, fs.ErrNotExist) || i == attempts || ctx.Err() != nil {
			return ls, err
		}
	}
}

func (l *Ledger) tryLoad(ctx context.Context) (*listing, error) {
	was := l.current.Load()
	ls, err := l.list()
	if err != nil {
		return nil, err
	}
	known := append(was.meta.names(), was.pending.names()...)
	slices.Sort(known)
	if ls.equal(&listing{records: was.records.names(), meta: known, forgotten: was.forgotten}) {
		l.complete()
		return ls, nil
	}
	if ls, err = settled(ctx, ls, l.list); err != nil {
		return nil, err
	}
	switch {
	case ls.forgotten > was.forgotten: // they begin with their time
		was = newContent(memtable.Empty(), nil, nil, nil, ls.forgotten) // it has what was forgotten since
	case ls.forgotten < was.forgotten && len(ls.records)+len(ls.meta) > 0:
		// What was forgotten is in those files, and would stay.
		return nil, l.wentBack("%s was restored from before the last \"forget\"", l.dir)
	}
	return ls, l.read(ctx, was, ls)
}

// read makes the files listed the content: those that are new are merged into it.
func (l *Ledger) read(ctx context.Context, was *content, ls *listing) error {
	r := newReader(ctx, l.dir, l.readingsName())
	defer r.close()
	records, meta, pending := make(files), make(files), make(files)
	for _, name := range ls.records {
		f, ok := was.records[name]
		if !ok {
			var err error
			if f, err = r.records(name); err != nil {
				return err
			}
		}
		records[name] = f
	}
	for _, name := range ls.meta {
		if f, ok := was.meta[name]; ok {
			meta[name] = f
			continue
		}
		f, waits, err := r.meta(name, records)
		if err != nil {
			return err
		}
		if !waits {
			meta[name] = f
			continue
		}
		pending[name] = f
		if _, ok := was.pending[name]; !ok {
			l.log.Warn("Ignoring a metadata file until its file of records is there.",
				"file", name, "records", f.companionOf)
		}
	}
	news := r.paths
	if ls.forgotten > l.current.Load().forgotten {
		news = append(news, filepath.Join(l.dir, forgottenFile))
	}
	if err := l.makeDurable(news); err != nil {
		return err
	}
	t, err := r.union()
	if err != nil {
		return err
	}
	now := newContent(was.table.Union(t), records, meta, pending, was.forgotten)
	if gone := was.missing(now, r.replaced); len(gone) > 0 {
		if err := l.checkLost(ctx, was, now, gone); err != nil {
			return err
		}
	}
	l.current.Store(now)
	l.complete()
	return nil
}

// makeDurable makes sure that a loss of power takes nothing back of what is about to be
// shown: the files that are new, and their names. Who wrote them may be at that, or have failed.
func (l *Ledger) makeDurable(paths []string) error {
	dirs := map[string]bool{l.dir: true}
	for _, path := range paths {
		if err := l.disk.syncFile(path); err != nil {
			return notDurable(path, err)
		}
		dirs[filepath.Dir(path)] = true
	}
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		if err := l.disk.syncDir(dir); err != nil {
			return notDurable(dir, err)
		}
	}
	return nil
}

func notDurable(path string, err error) error {
	return fmt.Errorf("new data in %s is not shown, because a power failure could lose it: making it durable: %w", path, err)
}
