package localstore

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
)

// exportOf is the CSV of all that a store answers, and the readings behind it.
func exportOf(t testing.TB, l *Ledger, f history.Filter) string {
	t.Helper()
	var out bytes.Buffer
	if _, err := hubcsv.Write(&out, l.Records(context.Background(), history.RecordsQuery{Filter: f})); err != nil {
		t.Fatal(err)
	}
	for r, err := range l.Readings(context.Background(), history.ReadingsQuery{Filter: f}) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "%+v\n", r)
	}
	return out.String()
}

// twoOrgs is a store of two organizations, in several files.
func twoOrgs(t testing.TB) (dir string) {
	t.Helper()
	dir = t.TempDir()
	l := open(t, dir)
	for day := range 4 {
		add(t, l, dayBatch("acme", day))
		add(t, l, dayBatch("other", day))
	}
	l.Close()
	return dir
}

var acme = history.ForgetQuery{Filter: history.Filter{Orgs: []string{"acme"}}}

// A process that has the store open drops what another one forgot, and nothing else.
func TestForgetIsSeenByOthers(t *testing.T) {
	dir := twoOrgs(t)
	serving, l := open(t, dir), open(t, dir)
	others := exportOf(t, l, history.Filter{Orgs: []string{"other"}})
	would, err := l.Forget(t.Context(), acme, true)
	if err != nil || would != (history.Forgotten{Repos: batchRepos, Records: 4 * batchRepos, Readings: would.Readings}) || would.Readings == 0 {
		t.Errorf("got %+v, %v", would, err)
	}
	if n := serving.Table().NumRepos(); n != 2*batchRepos {
		t.Errorf("a dry run left %d repositories", n)
	}
	if gone, err := l.Forget(t.Context(), acme, false); gone != would || err != nil {
		t.Errorf("got %+v, %v, want %+v", gone, err, would)
	}
	revision := serving.Revision()
	if changed, err := serving.Refresh(t.Context()); !changed || err != nil || serving.Revision() == revision {
		t.Errorf("expected a change and another revision, got %t, %v", changed, err)
	}
	for _, l := range []*Ledger{l, serving, open(t, dir)} {
		if got := exportOf(t, l, history.Filter{}); got != others {
			t.Errorf("got\n%s\nwant\n%s", got, others)
		}
	}
	if gone, err := l.Forget(t.Context(), acme, false); !gone.IsZero() || err != nil {
		t.Errorf("again: got %+v, %v", gone, err)
	}
	// It may come back, and be forgotten once more.
	add(t, l, dayBatch("acme", 1))
	if gone, err := l.Forget(t.Context(), acme, false); gone.Repos != batchRepos || err != nil {
		t.Errorf("once more: got %+v, %v", gone, err)
	}
	if got := exportOf(t, open(t, dir), history.Filter{}); got != others {
		t.Errorf("once more: got\n%s", got)
	}
}

// Days and answers of one kind can be forgotten, and what follows from the rest stays.
func TestForgetSome(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	repo := history.Repo{Type: history.Model, Name: "acme/m"}
	at := func(day int) history.AsOf { return history.AsOfTime((history.Day(20000 + day)).Time()) + 1 }
	reading := func(day int, o history.Origin, total int64) history.Reading {
		return history.NewReading(repo, at(day), o, total, 300, 1)
	}
	add(t, l, history.Batch{Readings: func(yield func(history.Reading, error) bool) {
		for _, r := range []history.Reading{
			reading(0, history.Archive, 70), reading(1, history.Archive, 80), reading(2, history.Listing, 100), reading(3, history.Listing, 110), reading(4, history.Listing, 5000),
		} {
			if !yield(r, nil) {
				return
			}
		}
	}})
	f := func(name string, q history.ForgetQuery, gone history.Forgotten, days int, downloads, total int64) {
		t.Helper()
		if got, err := l.Forget(t.Context(), q, false); got != gone || err != nil {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, gone)
		}
		var counts history.Counts
		for c, err := range l.Counts(t.Context(), history.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			counts = c
		}
		if n := l.Table().NumRecords(); n != int64(days) || counts.Downloads != downloads || counts.AllTime != total {
			t.Errorf("%s: got %d days and %+v", name, n, counts)
		}
	}
	f("nothing", history.ForgetQuery{Filter: history.Filter{Orgs: []string{"none"}}}, history.Forgotten{}, 4, 410, 5000)
	f("a wrong total", history.ForgetQuery{Period: history.RangeOf(20004, 20004)}, history.Forgotten{Records: 1, Readings: 1}, 3, 110, 110)
	f("archives", history.ForgetQuery{Origin: history.Archive}, history.Forgotten{Records: 2, Readings: 2}, 1, 110, 110)
	f("the rest", history.ForgetQuery{Origin: history.Listing}, history.Forgotten{Repos: 1, Records: 1, Readings: 2}, 0, 0, 0)
}

// Whichever step fails or ends the process, what is found afterwards is all or what is left.
func TestForgetAtEachStep(t *testing.T) {
	from := twoOrgs(t)
	l := open(t, from)
	all, left := exportOf(t, l, history.Filter{}), exportOf(t, l, history.Filter{Orgs: []string{"other"}})
	outcomes := make(map[string]int)
	for _, killed := range []bool{false, true} {
		for failAt := 1; ; failAt++ {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
				t.Fatal(err)
			}
			l := open(t, dir)
			steps := 0
			l.disk.before = func(step, path string) error {
				if steps++; steps == failAt || killed && steps > failAt {
					return fmt.Errorf("%s %s: %w", step, path, syscall.ENOSPC)
				}
				return nil
			}
			_, err := l.Forget(t.Context(), acme, false)
			want := map[bool]string{true: left, false: all}[err == nil]
			if got := exportOf(t, l, history.Filter{}); got != want {
				t.Fatalf("step %d: after %v, got\n%s", failAt, err, got)
			}
			l.Close()
			l = open(t, dir)
			got := exportOf(t, l, history.Filter{})
			if got != all && got != left || err == nil && got != left {
				t.Fatalf("step %d: after %v, opened again, got\n%s", failAt, err, got)
			}
			outcomes[got]++
			// The next write goes on, and removes what does not count.
			add(t, l, dayBatch("other", 3))
			if again := exportOf(t, open(t, dir), history.Filter{}); again != got {
				t.Fatalf("step %d: after the next write, got\n%s", failAt, again)
			}
			f, err := l.readForgotten()
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range f.Files {
				if _, err := os.Stat(filepath.Join(dir, path)); err == nil {
					t.Fatalf("step %d: %s is still there", failAt, path)
				}
			}
			if steps < failAt {
				break
			}
		}
	}
	if outcomes[all] < 5 || outcomes[left] < 5 {
		t.Errorf("expected failures before and after it counts, got %d and %d", outcomes[all], outcomes[left])
	}
}

// A damaged note of what was replaced stops the store: what was forgotten must not come back.
func TestForgottenIsDamaged(t *testing.T) {
	dir := twoOrgs(t)
	if err := os.WriteFile(filepath.Join(dir, forgottenFile), []byte(`{"id":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir, quick); err == nil || !strings.Contains(err.Error(), "forgotten.json is damaged") {
		t.Errorf("got %v", err)
	}
}
