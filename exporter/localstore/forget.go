package localstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// forgotten is the content of forgottenFile. The files that it names do not count, whether
// or not they are removed already, and who read them reads the others anew.
type forgotten struct {
	ID    string   `json:"id"`
	Files []string `json:"files"` // as records/NAME and readings/NAME
}

// Forget takes out what q selects, for good: what is left is written anew, and takes the
// place of all other files at once. With dryRun it only says what would go. Processes that
// have the directory open follow with their next Refresh.
func (l *Ledger) Forget(ctx context.Context, q history.ForgetQuery, dryRun bool) (gone history.Forgotten, err error) {
	if dryRun {
		_, gone = l.Table().Forget(q)
		return gone, ctx.Err()
	}
	if l.readOnly {
		return gone, ErrReadOnly
	}
	err = l.inTurn(ctx, func() error {
		left, n := l.Table().Forget(q)
		if n.IsZero() {
			return nil
		}
		was := l.current.Load()
		if len(was.pending) > 0 {
			return fmt.Errorf("expected every file of readings to have its file of records, got %q without one: restore the missing file, or move this one away", was.pending.names())
		}
		w := l.newWriter()
		if err := w.write(ctx, left, true, true); err != nil {
			return fmt.Errorf("writing the remaining data: %w", err)
		}
		f := forgotten{ID: newName()}
		for dir, names := range map[string][]string{recordsDir: was.records.names(), readingsDir: was.meta.names()} {
			for _, name := range names {
				f.Files = append(f.Files, dir+"/"+name)
			}
		}
		slices.Sort(f.Files)
		if err := l.writeForgotten(&f); err != nil {
			// What was written does no harm beside them, and takes their place if the names count.
			return fmt.Errorf("naming the files that are replaced: %w", err)
		}
		records, meta := w.files()
		l.current.Store(newContent(left, records, meta, nil, f.ID))
		gone = n
		for _, path := range f.Files {
			if err := l.disk.remove(filepath.Join(l.dir, path)); err != nil {
				l.log.Warn("Cannot delete a file with deleted data; it is ignored, and the next write retries.", "file", path, "err", err)
			}
		}
		return nil
	})
	return gone, err
}

// writeForgotten writes forgottenFile: its rename is what counts.
func (l *Ledger) writeForgotten(f *forgotten) error {
	if err := l.disk.remove(filepath.Join(l.dir, tempName(forgottenFile))); err != nil {
		return err
	}
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	if _, err := l.disk.write(l.dir, forgottenFile, func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	}); err != nil {
		return err
	}
	_, err = l.disk.publish(l.dir, forgottenFile)
	return err
}

// readForgotten reads forgottenFile.
func (l *Ledger) readForgotten() (f forgotten, err error) {
	path := filepath.Join(l.dir, forgottenFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return f, err
	}
	err = json.Unmarshal(text, &f)
	if err == nil && f.ID == "" {
		err = errors.New("it has no id")
	}
	if err != nil {
		return f, fmt.Errorf("%s is damaged: expected the names of files that were replaced, got %d bytes: %w; restore it from a backup", path, len(text), err)
	}
	return f, nil
}

// without returns the names of dir without those that were replaced, which it adds to left.
func (f *forgotten) without(names []string, dir string, left *[]string) []string {
	return slices.DeleteFunc(names, func(name string) bool {
		_, replaced := slices.BinarySearch(f.Files, dir+"/"+name)
		if replaced {
			*left = append(*left, dir+"/"+name)
		}
		return replaced
	})
}
