package victoria_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/victoria"
	"github.com/huggingface-exporter/huggingface_exporter/internal/victoriatest"
)

// ownEngine is an engine of a test's own, whose data can be replaced.
type ownEngine struct {
	*victoriatest.Node
	dir string
}

func newOwnEngine(t *testing.T) ownEngine {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	n, err := victoriatest.NewSingle(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Kill)
	return ownEngine{n, dir}
}

// replace starts the engine over a copy of another's data, over none if from is "".
func (e ownEngine) replace(t *testing.T, from string) {
	t.Helper()
	e.Stop()
	if err := os.RemoveAll(e.dir); err != nil {
		t.Fatal(err)
	}
	if from != "" {
		if out, err := exec.Command("cp", "-a", from, e.dir).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if err := e.Start(); err != nil {
		t.Fatal(err)
	}
}

// backup stops the engine, copies its data and starts it again.
func (e ownEngine) backup(t *testing.T) string {
	t.Helper()
	e.Stop()
	to := filepath.Join(t.TempDir(), "backup")
	if out, err := exec.Command("cp", "-a", e.dir, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := e.Start(); err != nil {
		t.Fatal(err)
	}
	return to
}

// An engine that drops old samples is named as the cause, by an append and by the check.
func TestAnEngineOfAShorterRetention(t *testing.T) {
	t.Parallel()
	n, err := victoriatest.NewForgetful(t, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Kill)
	s := reopen(t, optionsFor(victoriatest.URL(n.URL)))
	_, err = s.Append(t.Context(), oneDay(acmeA, 20000, 5, 1))
	for what, err := range map[string]error{"append": err, "check": s.Check(t.Context())} {
		if !errors.Is(err, victoria.ErrRetention) || !strings.Contains(err.Error(), "-retentionPeriod=100y") {
			t.Errorf("%s: got %v", what, err)
		}
	}
	if err := open(t).Check(t.Context()); err != nil {
		t.Errorf("an engine that keeps all: %v", err)
	}
}

func refresh(t *testing.T, s *victoria.Store) history.Setbacks {
	t.Helper()
	if _, err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s.Setbacks()
}

func mustAppend(t *testing.T, s *victoria.Store, b history.Batch) {
	t.Helper()
	if _, err := s.Append(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

// An engine that is emptied, or restored from an older backup, gets back what the owner of
// its organizations knows, and a process that owns none says that it went back until then.
func TestAnEngineThatWentBack(t *testing.T) {
	t.Parallel()
	e := newOwnEngine(t)
	o := optionsFor(victoriatest.URL(e.URL))
	early := reopen(t, o)
	mustAppend(t, early, oneDay(acmeB, 19000, 3, 1)) // by a process that ended
	owner, reader := reopen(t, keeping(o)), reopen(t, keeping(o))
	mustAppend(t, owner, manyDays(3, 10))
	older := e.backup(t)
	mustAppend(t, owner, listed(acmeA, 70, 7))
	want := answersOf(t, reopen(t, o))
	f := func(what, from string) {
		t.Helper()
		before := refresh(t, owner)
		if seen := refresh(t, reader); before.Missing != nil || seen.Missing != nil {
			t.Fatalf("%s: %v, %v", what, before.Missing, seen.Missing)
		}
		e.replace(t, from)
		seen := refresh(t, reader)
		if !errors.Is(seen.Missing, history.ErrWentBack) || !strings.Contains(seen.Last, "lost appends of 1 organization: acme had append") {
			t.Errorf("%s: the reader says %+v", what, seen)
		}
		if _, err := reader.Append(t.Context(), oneDay(acmeB, 20000, 5, 9)); !errors.Is(err, history.ErrWentBack) {
			t.Errorf("%s: an append beside nothing: %v", what, err)
		}
		after := refresh(t, owner)
		if after.Times != before.Times+1 || after.Restored != before.Restored+1 || after.Missing != nil {
			t.Errorf("%s: the owner says %+v, after %+v", what, after, before)
		}
		if seen = refresh(t, reader); seen.Missing != nil {
			t.Errorf("%s: the reader still says %v", what, seen.Missing)
		}
		for _, s := range []*victoria.Store{owner, reader, reopen(t, o)} {
			if got := answersOf(t, s); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%s: got\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	}
	f("emptied", "")
	f("an older backup", older)

	// Another history under the same name.
	e.replace(t, "")
	mustAppend(t, reopen(t, o), oneDay(acmeB, 20000, 5, 9))
	for range 2 {
		if _, err := owner.Refresh(t.Context()); !errors.Is(err, history.ErrWentBack) || !strings.Contains(err.Error(), "with the identity") {
			t.Errorf("replaced: got %v", err)
		}
		if _, err := owner.Append(t.Context(), listed(acmeA, 71, 8)); !errors.Is(err, history.ErrWentBack) {
			t.Errorf("replaced: an append: %v", err)
		}
	}
	if got := owner.Setbacks(); got.Times != 3 || got.Restored != 2 || got.Missing == nil {
		t.Errorf("replaced: got %+v", got)
	}
	// An engine that is away did not go back.
	e.Stop()
	if _, err := reader.Refresh(t.Context()); err == nil || errors.Is(err, history.ErrWentBack) {
		t.Errorf("away: got %v", err)
	}
}
