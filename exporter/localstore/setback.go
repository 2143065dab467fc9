package localstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// identityFile has the identity of the history: files of another one are not taken for it.
const identityFile = "identity"

// setbacks is what Setbacks returns.
type setbacks struct {
	mu sync.Mutex
	history.Setbacks
}

// Setbacks says what was taken out of the directory while it was open.
func (l *Ledger) Setbacks() history.Setbacks {
	l.setbacks.mu.Lock()
	defer l.setbacks.mu.Unlock()
	return l.setbacks.Setbacks
}

// found notes that the store went back, once as long as it is the same.
func (l *Ledger) found(what string, missing error) {
	l.setbacks.mu.Lock()
	defer l.setbacks.mu.Unlock()
	if l.setbacks.Missing == nil || l.setbacks.Last != what {
		l.setbacks.Times++
	}
	l.setbacks.Last, l.setbacks.Missing = what, missing
}

// complete notes that nothing is missing.
func (l *Ledger) complete() {
	l.setbacks.mu.Lock()
	defer l.setbacks.mu.Unlock()
	l.setbacks.Missing = nil
}

// wentBack returns the error of a directory that is not the one that was opened, or not in a
// way that memory could make good.
func (l *Ledger) wentBack(format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	err := fmt.Errorf("%w: %s: nothing is written to it; mount or restore what was there, "+
		"or export what this process still knows and restart it to go on with what is there", history.ErrWentBack, what)
	l.found(what, err)
	return err
}

// checkFolder returns an error if the directory is not the one that was opened, as that of a
// volume is not that is not mounted any more, or has another history in it.
func (l *Ledger) checkFolder() error {
	text, err := os.ReadFile(filepath.Join(l.dir, identityFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("listing the store: %w", err)
	}
	id := strings.TrimSpace(string(text))
	info, err := os.Stat(l.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return l.wentBack("%s is not there any more", l.dir)
	case err != nil:
		return fmt.Errorf("listing the store: %w", err)
	case l.identity != "" && id != "" && id != l.identity:
		return l.wentBack("expected the history with the identity %s in %s, got one with %q", l.identity, l.dir, id)
	case !os.SameFile(info, l.folder) && (id == "" || id != l.identity) && !l.hasAll():
		return l.wentBack("%s is not the folder that was opened, and does not have its files", l.dir)
	}
	if l.folder = info; id != "" {
		l.identity = id
	}
	return nil
}

// hasAll reports whether the files that the content is from are in the directory.
func (l *Ledger) hasAll() bool {
	now := l.current.Load()
	for dir, files := range map[string]files{recordsDir: now.records, l.readingsName(): now.meta} {
		for name := range files {
			if !l.has(filepath.Join(dir, name)) {
				return false
			}
		}
	}
	return true
}

// nameIdentity gives the history an identity if it has none, or writes it again. Who has the
// lock calls it.
func (l *Ledger) nameIdentity() error {
	if l.has(identityFile) {
		return nil
	}
	id := l.identity
	if id == "" {
		id = rand.Text()
	}
	if err := l.disk.remove(filepath.Join(l.dir, tempName(identityFile))); err != nil {
		return err
	}
	if _, err := l.disk.write(l.dir, identityFile, func(w io.Writer) error {
		_, err := io.WriteString(w, id+"\n")
		return err
	}); err != nil {
		return fmt.Errorf("writing to the store: %w", err)
	}
	if _, err := l.disk.publish(l.dir, identityFile); err != nil {
		return fmt.Errorf("writing to the store: %w", err)
	}
	l.identity = id
	return nil
}

// missing returns the files of c that are not among those of now and were not merged into one
// of them.
func (c *content) missing(now *content, replaced map[string]bool) (gone []string) {
	for _, kind := range []struct {
		dir      string
		was, now files
	}{{recordsDir, c.records, now.records}, {readingsDir, c.meta, now.meta}} {
		for _, name := range kind.was.names() {
			if _, ok := kind.now[name]; !ok && !replaced[kind.dir+"/"+name] {
				gone = append(gone, kind.dir+"/"+name)
			}
		}
	}
	return gone
}

// lostError says that files are gone that had what no other file has: table. now is the content
// without them, and with what memory has of them.
type lostError struct {
	table *memtable.Table
	now   *content
	what  string
}

func (e *lostError) Error() string {
	return fmt.Sprintf("%v: %s: what this process knows of it will be written back", history.ErrWentBack, e.what)
}

func (e *lostError) Unwrap() error { return history.ErrWentBack }

// checkLost returns a *lostError if the files that are there do not have all that was known.
func (l *Ledger) checkLost(ctx context.Context, was, now *content, gone []string) error {
	r := newReader(ctx, l.dir, l.readingsName())
	defer r.close()
	for name := range now.records {
		if _, err := r.records(name); err != nil {
			return err
		}
	}
	for name := range now.meta {
		if _, _, err := r.meta(name, now.records); err != nil {
			return err
		}
	}
	t, err := r.union()
	if err != nil {
		return err
	}
	_, lost, _ := t.Append(was.table)
	if lost.IsEmpty() {
		return nil
	}
	slices.Sort(gone)
	e := &lostError{lost, now, fmt.Sprintf("%s is missing %s, including %s, with %s of %s",
		l.dir, textenc.Plural(len(gone), "file", "files"), gone[0], textenc.Records(lost.NumRecords()), textenc.Repositories(lost.NumRepos()))}
	l.found(e.what, e)
	return e
}

// writeBack writes what was lost as new files. Who has the lock calls it.
func (l *Ledger) writeBack(ctx context.Context, lost *lostError) error {
	for _, d := range []string{recordsDir, readingsDir} {
		if err := l.disk.makeDir(filepath.Join(l.dir, d)); err != nil {
			return fmt.Errorf("writing back what is missing in the store: %w", err)
		}
	}
	now := lost.now
	w := l.newWriter()
	var err error
	if f, readErr := l.readForgotten(); readErr == nil && f.ID != now.forgotten {
		err = l.writeForgotten(&forgotten{ID: now.forgotten})
	}
	if err == nil {
		err = w.write(ctx, lost.table, true, true)
	}
	if err != nil {
		return fmt.Errorf("writing back what is missing in the store: %w", err)
	}
	records, meta := w.files()
	l.current.Store(newContent(now.table, now.records.with(records, nil), now.meta.with(meta, nil), now.pending, now.forgotten))
	l.setbacks.mu.Lock()
	defer l.setbacks.mu.Unlock()
	l.setbacks.Restored, l.setbacks.Missing = l.setbacks.Restored+1, nil
	return nil
}
