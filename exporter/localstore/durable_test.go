package localstore

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// lossy is a disk that has nothing but what was synced, as far as a loss of power shows it,
// and that fails to sync when it is asked to.
type lossy struct {
	t *testing.T
	// fails says whether a sync fails, the n-th from 1.
	fails func(n int) bool
	syncs int
	// files are those with a durable content, by directory and final name; names are the
	// durable names of a directory.
	files map[string]bool
	names map[string][]string
}

func finalName(path string) string {
	dir, base := filepath.Split(path)
	return filepath.Join(dir, strings.TrimSuffix(strings.TrimPrefix(base, "."), tempSuffix))
}

// before notes what is durable after a step, and has syncs fail.
func (y *lossy) before(step, path string) error {
	if step != "sync" {
		return nil
	}
	if y.syncs++; y.fails(y.syncs) {
		return fmt.Errorf("sync %s: %w", path, syscall.EIO)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		y.names[path] = nil
		entries, err := os.ReadDir(path)
		if err != nil {
			return err
		}
		for _, e := range entries {
			y.names[path] = append(y.names[path], e.Name())
		}
	default:
		y.files[finalName(path)] = true
	}
	return nil
}

// lose returns a directory with what is left after a loss of power.
func (y *lossy) lose(dir string) string {
	y.t.Helper()
	out := y.t.TempDir()
	for _, sub := range []string{recordsDir, readingsDir, "."} {
		from := filepath.Join(dir, sub)
		if err := os.MkdirAll(filepath.Join(out, sub), 0o755); err != nil {
			y.t.Fatal(err)
		}
		for _, name := range y.names[from] {
			path := filepath.Join(from, name)
			info, err := os.Stat(path)
			if err != nil || info.IsDir() {
				continue // removed since, which needs not be durable
			}
			content, err := os.ReadFile(path)
			if err != nil {
				y.t.Fatal(err)
			}
			if !y.files[finalName(path)] {
				content = content[:len(content)/2]
			}
			if err := os.WriteFile(filepath.Join(out, sub, name), content, 0o600); err != nil {
				y.t.Fatal(err)
			}
		}
	}
	return out
}

// Whichever syncs of a writer or of a reader beside it fail: what either has shown, and what
// a write that ended well has brought, is there after a loss of power.
func TestNothingIsShownThatIsNotDurable(t *testing.T) {
	t.Parallel()
	forget := func(l *Ledger) error {
		_, err := l.Forget(t.Context(), history.ForgetQuery{Filter: history.Filter{Repos: []string{"org/m0"}}}, false)
		return err
	}
	type operation struct {
		name    string
		appends int
		run     func(*Ledger) error
	}
	all := []operation{{"forget", 3, forget}}
	for _, op := range operations {
		all = append(all, operation{op.name, op.appends, op.run})
	}
	for _, op := range all {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			from := base(t, op.appends)
			late := 0 // readers that have shown what the writer has not
			for failAt, done := 1, false; !done; failAt++ {
				for _, times := range []int{1, 2, 3, 1000} {
					y := &lossy{t: t, files: make(map[string]bool), names: make(map[string][]string), fails: func(int) bool { return false }}
					dir := t.TempDir()
					copyDir(t, from, dir)
					o := Options{disk: disk{unsynced: true, before: y.before}}
					writer, err := Open(t.Context(), dir, o)
					if err != nil {
						t.Fatal(err)
					}
					reader, err := Open(t.Context(), dir, o)
					if err != nil {
						t.Fatal(err)
					}
					y.syncs, y.fails = 0, func(n int) bool { return failAt <= n && n < failAt+times }
					err = op.run(writer)
					_, refreshErr := reader.Refresh(t.Context())
					if err == nil && refreshErr == nil && y.syncs < failAt {
						done = true
					}
					wrote, shown := contentsOf(t, writer.Table()), contentsOf(t, reader.Table())
					if err != nil && !reflect.DeepEqual(wrote, shown) {
						late++
					}
					left := open(t, y.lose(dir))
					got := contentsOf(t, left.Table())
					if len(left.current.Load().pending) > 0 && err == nil {
						t.Errorf("sync %d: files wait after a write that ended well", failAt)
					}
					for _, want := range []contents{wrote, shown} {
						if !holds(got, want, op.name == "forget") {
							t.Fatalf("sync %d, %d times (%v, %v): after a loss of power got %+v\nshown was %+v", failAt, times, err, refreshErr, got, want)
						}
					}
					writer.Close()
					reader.Close()
				}
			}
			if op.name != "compact" && late == 0 {
				t.Error("no reader has shown what the writer had failed to make durable")
			}
		})
	}
}

// holds reports whether got has at least what want has; of a store that forgets, at most.
func holds(got, want contents, less bool) bool {
	if less {
		got, want = want, got
	}
	for _, r := range want.Records {
		if !slices.Contains(got.Records, r) {
			return false
		}
	}
	for _, r := range want.Readings {
		if !slices.Contains(got.Readings, r) {
			return false
		}
	}
	return true
}
