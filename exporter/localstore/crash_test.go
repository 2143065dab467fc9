package localstore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// base makes a store of several appends: small files, some of metadata alone and
// some of records alone among them.
func base(t *testing.T, appends int) string {
	t.Helper()
	dir := t.TempDir()
	l := open(t, dir)
	for i := range appends {
		b := dayBatch("org", i)
		switch i % 4 {
		case 2:
			b.Rows = nil
		case 3:
			b = history.Batch{Rows: history.RowsOf(history.Version{Source: history.Observed, AsOf: history.AsOf(i)},
				history.Record{Repo: history.Repo{Type: history.Dataset, Name: "org/d"}, Total: history.Unknown, Day: history.Day(i), Downloads: int64(i)})}
		}
		add(t, l, b)
	}
	return dir
}

// operations are what changes a directory.
var operations = []struct {
	name string
	// appends is how many appends there were before.
	appends  int
	compacts bool
	run      func(l *Ledger) error
}{
	{"append", 3, false, func(l *Ledger) error {
		_, err := l.Append(context.Background(), dayBatch("org", 9))
		return err
	}},
	{"append that compacts", fanout + 1, true, func(l *Ledger) error {
		_, err := l.Append(context.Background(), dayBatch("org", 90))
		return err
	}},
	{"append of meta", 3, false, func(l *Ledger) error {
		b := dayBatch("org", 9)
		b.Rows = nil
		_, err := l.Append(context.Background(), b)
		return err
	}},
	{"compact", 5, true, func(l *Ledger) error { return l.Compact(context.Background()) }},
}

var errCrash = errors.New("crashed")

// TestCrashAtEachStep ends an operation at each step that changes the file system,
// as a kill would, and looks at what is there afterwards.
func TestCrashAtEachStep(t *testing.T) {
	t.Parallel()
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			from := base(t, op.appends)
			before := contentsOf(t, open(t, from).Table())
			var after contents
			for crashAt := 0; ; crashAt++ {
				dir := t.TempDir()
				copyDir(t, from, dir)
				l := open(t, dir)
				steps := 0
				l.disk.before = func(step, path string) error {
					if steps++; crashAt > 0 && steps >= crashAt {
						return errCrash
					}
					return nil
				}
				err := op.run(l)
				l.lock.Close()
				if crashAt == 0 {
					if err != nil {
						t.Fatal(err)
					}
					after = contentsOf(t, l.Table())
					if s := statsOf(l); op.compacts && (s.RecordFiles != 1 || s.MetaFiles != 1) {
						t.Fatalf("expected a compacted store, got %+v", s)
					}
					continue
				}
				got := contentsOf(t, open(t, dir).Table())
				switch {
				case reflect.DeepEqual(got, after):
				case err != nil && reflect.DeepEqual(got, before):
				default:
					t.Fatalf("step %d (error %v): got %+v\nbefore %+v\nafter %+v", crashAt, err, got, before, after)
				}
				healed(t, dir, op.run, fmt.Sprintf("step %d", crashAt))
				if steps < crashAt {
					if crashAt < 5 {
						t.Fatalf("only %d steps", crashAt)
					}
					return
				}
			}
		})
	}
}

// healed appends to a store after a crash, and again what may have been lost, and
// checks that nothing is left over and all is there.
func healed(t *testing.T, dir string, again func(*Ledger) error, what string) {
	t.Helper()
	l := open(t, dir)
	if err := again(l); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	add(t, l, dayBatch("other", 1))
	want := contentsOf(t, l.Table())
	if got := contentsOf(t, open(t, dir).Table()); !reflect.DeepEqual(got, want) {
		t.Fatalf("%s: afterwards got %+v\nwant %+v", what, got, want)
	}
	for _, f := range dirFiles(t, dir) {
		if !isFile(filepath.Base(f)) {
			t.Fatalf("%s: %s was left over", what, f)
		}
	}
	if n := len(l.current.Load().pending); n > 0 {
		t.Fatalf("%s: %d files of meta wait for records", what, n)
	}
	l.Close()
}

// TestFullDiskAtEachStep refuses one step of an operation, as a full disk does, and
// expects that all stays as it was and the next try succeeds.
func TestFullDiskAtEachStep(t *testing.T) {
	t.Parallel()
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			from := base(t, op.appends)
			for failAt := 1; ; failAt++ {
				dir := t.TempDir()
				copyDir(t, from, dir)
				l := open(t, dir)
				steps, committed := 0, false
				l.disk.before = func(step, path string) error {
					if steps++; steps == failAt {
						committed = step == "sync" && !strings.HasSuffix(path, suffix+tempSuffix)
						return fmt.Errorf("%s %s: %w", step, path, syscall.ENOSPC)
					}
					return nil
				}
				before := contentsOf(t, l.Table())
				err := op.run(l)
				if steps < failAt {
					if err != nil {
						t.Fatal(err)
					}
					return
				}
				if err != nil {
					if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "the store") {
						t.Fatalf("step %d: got %v", failAt, err)
					}
					if got := contentsOf(t, l.Table()); !reflect.DeepEqual(got, before) {
						t.Fatalf("step %d: the content changed", failAt)
					}
				}
				want := contentsOf(t, l.Table())
				// What counts stays, even if it cannot be synced; this process shows it only then.
				if got := contentsOf(t, open(t, dir).Table()); !reflect.DeepEqual(got, want) && !(committed && err != nil) {
					t.Fatalf("step %d (error %v): opened again got %+v\nwant %+v", failAt, err, got, want)
				}
				for _, f := range dirFiles(t, dir) {
					if !isFile(filepath.Base(f)) {
						t.Fatalf("step %d: %s was left over", failAt, f)
					}
				}
				if err := op.run(l); err != nil {
					t.Fatalf("step %d: the next try: %v", failAt, err)
				}
				l.Close()
				healed(t, dir, op.run, fmt.Sprintf("step %d", failAt))
			}
		})
	}
}
