package localstore

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// emptied takes all out of a directory.
func emptied(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// What is taken out of the directory below an open store is noticed by the next refresh or
// append, and is in the directory again.
func TestWhatIsTakenOutIsWrittenBack(t *testing.T) {
	f := func(name, says string, take func(dir string)) {
		t.Run(name, func(t *testing.T) {
			for _, next := range []string{"refresh", "append"} {
				dir := t.TempDir()
				l := open(t, dir)
				for day := 1; day < 5; day++ {
					add(t, l, dayBatch("acme", day))
				}
				if _, err := l.Forget(t.Context(), history.ForgetQuery{Filter: history.Filter{Repos: []string{"acme/m5"}}}, false); err != nil {
					t.Fatal(err)
				}
				add(t, l, dayBatch("other", 5))
				take(dir)
				want := contentsOf(t, l.Table())
				if next == "append" {
					add(t, l, dayBatch("more", 6))
					want = contentsOf(t, l.Table())
				} else if changed, err := l.Refresh(t.Context()); err != nil || changed {
					t.Errorf("Refresh: %t, %v", changed, err)
				}
				got := l.Setbacks()
				if got.Times != 1 || got.Restored != 1 || got.Missing != nil || !strings.Contains(got.Last, says) {
					t.Errorf("%s: got %+v", next, got)
				}
				if _, err := l.Refresh(t.Context()); err != nil || l.Setbacks() != got {
					t.Errorf("%s, refreshed again: %+v, %v", next, l.Setbacks(), err)
				}
				if again := contentsOf(t, open(t, dir).Table()); !reflect.DeepEqual(again, want) {
					t.Errorf("%s: opened again, the store has %d records of %d and %d readings of %d",
						next, len(again.Records), len(want.Records), len(again.Readings), len(want.Readings))
				}
			}
		})
	}
	f("emptied", " is missing 4 files, including ", func(dir string) { emptied(t, dir) })
	f("no files", " files, including ", func(dir string) {
		for _, sub := range []string{recordsDir, readingsDir} {
			emptied(t, filepath.Join(dir, sub))
		}
	})
	f("one file", " is missing 1 file, including ", func(dir string) {
		files := dirFiles(t, dir)
		if err := os.Remove(filepath.Join(dir, files[len(files)-1])); err != nil {
			t.Fatal(err)
		}
	})
}

// Where it would be wrong to write back what memory has, nothing is written until what was
// there is back.
func TestAnotherFolderIsNotWrittenTo(t *testing.T) {
	f := func(name, says string, replace func(t *testing.T, dir, other string)) {
		t.Run(name, func(t *testing.T) {
			dir, other, kept := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "other"), filepath.Join(t.TempDir(), "kept")
			add(t, open(t, other), dayBatch("other", 1))
			l := open(t, dir)
			add(t, l, dayBatch("acme", 1))
			want := contentsOf(t, l.Table())
			copyDir(t, dir, kept)
			replace(t, dir, other)
			before, _ := filepath.Glob(dir + "/*/*")
			for range 2 {
				if _, err := l.Refresh(t.Context()); !errors.Is(err, history.ErrWentBack) || !strings.Contains(err.Error(), says) {
					t.Errorf("Refresh: got %v", err)
				}
			}
			if _, err := l.Append(t.Context(), dayBatch("acme", 2)); err == nil {
				t.Error("an append was stored beside nothing")
			}
			after, _ := filepath.Glob(dir + "/*/*")
			if got := l.Setbacks(); got.Times != 1 || got.Restored != 0 || !errors.Is(got.Missing, history.ErrWentBack) || !reflect.DeepEqual(before, after) {
				t.Errorf("got %+v; files %q, were %q", got, after, before)
			}
			if !reflect.DeepEqual(contentsOf(t, l.Table()), want) {
				t.Error("what was known is not answered any more")
			}
			// The volume is mounted again, the backup restored.
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			copyDir(t, kept, dir)
			add(t, l, dayBatch("acme", 2))
			if got := l.Setbacks(); got.Missing != nil || got.Times != 1 {
				t.Errorf("once it is back: %+v", got)
			}
			if !reflect.DeepEqual(contentsOf(t, open(t, dir).Table()), contentsOf(t, l.Table())) {
				t.Error("the store that is back does not have all")
			}
		})
	}
	f("no folder", "is not there any more", func(t *testing.T, dir, _ string) {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	})
	f("an empty folder in its place", "is not the folder that was opened", func(t *testing.T, dir, _ string) {
		if err := errors.Join(os.Rename(dir, dir+".away"), os.MkdirAll(dir, 0o777)); err != nil {
			t.Fatal(err)
		}
	})
	f("another history in it", "got one with", func(t *testing.T, dir, other string) {
		emptied(t, dir)
		copyDir(t, other, dir)
	})
	f("another history in its place", "got one with", func(t *testing.T, dir, other string) {
		if err := errors.Join(os.RemoveAll(dir), os.Rename(other, dir)); err != nil {
			t.Fatal(err)
		}
	})
}

// A backup from before something was forgotten would bring that back: it is not joined.
func TestABackupFromBeforeForget(t *testing.T) {
	dir, older := t.TempDir(), t.TempDir()
	l := open(t, dir)
	add(t, l, dayBatch("acme", 1))
	copyDir(t, dir, older+"/data")
	if _, err := l.Forget(t.Context(), history.ForgetQuery{Filter: history.Filter{Repos: []string{"acme/m5"}}}, false); err != nil {
		t.Fatal(err)
	}
	emptied(t, dir)
	copyDir(t, older+"/data", dir)
	if _, err := l.Refresh(t.Context()); !errors.Is(err, history.ErrWentBack) || !strings.Contains(err.Error(), "from before the last") {
		t.Errorf("got %v", err)
	}
}

// Files that another process merges into one are not taken for lost ones.
func TestMergedFilesAreNotMissing(t *testing.T) {
	dir := t.TempDir()
	l, other := open(t, dir), open(t, dir)
	for day := range 20 {
		by := []*Ledger{l, other}[day%2]
		add(t, by, dayBatch("acme", day))
		if day%5 == 0 {
			if err := other.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for _, x := range []*Ledger{l, other} {
			if _, err := x.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := x.Setbacks(); got != (history.Setbacks{}) {
				t.Errorf("day %d: got %+v", day, got)
			}
		}
	}
}

// An older backup has some of the files, and gets back the rest.
func TestAnOlderBackup(t *testing.T) {
	dir, older := t.TempDir(), filepath.Join(t.TempDir(), "data")
	l := open(t, dir)
	add(t, l, dayBatch("acme", 1))
	copyDir(t, dir, older)
	for day := 2; day < 20; day++ { // some are merged meanwhile
		add(t, l, dayBatch("acme", day))
	}
	want := contentsOf(t, l.Table())
	emptied(t, dir)
	copyDir(t, older, dir)
	if _, err := l.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := l.Setbacks(); got.Times != 1 || got.Restored != 1 || got.Missing != nil {
		t.Errorf("got %+v", got)
	}
	if !reflect.DeepEqual(contentsOf(t, open(t, dir).Table()), want) {
		t.Error("the store does not have all that was known")
	}
}
