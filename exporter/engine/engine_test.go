package engine

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// fake is an engine in memory.
type fake struct {
	*memtable.Store
	revision string
	err      error // of Refresh
	counted  int   // calls of Counts
}

func (f *fake) Refresh(context.Context) (bool, error) { return false, f.err }
func (f *fake) Revision() string                      { return f.revision }
func (f *fake) Close() error                          { return nil }
func (f *fake) Check(context.Context) error           { return nil }
func (f *fake) Setbacks() (none history.Setbacks)     { return none }

func (f *fake) Forget(ctx context.Context, q history.ForgetQuery, _ bool) (history.Forgotten, error) {
	return f.Store.Forget(ctx, q)
}

func (f *fake) Snapshot(context.Context) (*memtable.Table, error) { return f.Table(), nil }

func (f *fake) Stats(context.Context) (history.Stats, error) {
	return history.Stats{Repos: f.Table().NumRepos()}, nil
}

func (f *fake) Counts(ctx context.Context, filter history.Filter) iter.Seq2[history.Counts, error] {
	f.counted++
	return f.Store.Counts(ctx, filter)
}

func (f *fake) add(t *testing.T, name, revision string) {
	t.Helper()
	m := history.NewRepoMeta(history.Repo{Type: history.Model, Name: name})
	m.Likes, m.ListedAsOf = 1, 1
	if _, err := f.Append(t.Context(), history.Batch{Meta: []history.RepoMeta{m}}); err != nil {
		t.Fatal(err)
	}
	f.revision = revision
}

// names returns the repositories that an engine counts.
func names(t *testing.T, e Engine, f history.Filter) string {
	t.Helper()
	var out []string
	for c, err := range e.Counts(t.Context(), f) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, c.Repo.Name)
	}
	return strings.Join(out, " ")
}

func TestCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{Store: memtable.NewStore()}
		f.add(t, "a/x", "1")
		e, err := openCached(t.Context(), f, nil)
		if err != nil {
			t.Fatal(err)
		}
		check := func(wantChanged bool, wantNames, wantRevision string) {
			t.Helper()
			changed, err := e.Refresh(t.Context())
			stats, _ := e.Stats(t.Context())
			if got := names(t, e, history.Filter{}); err != nil || changed != wantChanged || got != wantNames ||
				e.Revision() != wantRevision || stats.Repos != len(strings.Fields(wantNames)) {
				t.Errorf("got %q at revision %s, changed %t, %v", got, e.Revision(), changed, err)
			}
		}
		check(false, "a/x", "1")
		f.add(t, "b/y", "2")
		check(true, "a/x b/y", "2")
		if got := names(t, e, history.Filter{Orgs: []string{"b"}}); got != "b/y" {
			t.Errorf("got %q", got)
		}
		if f.counted != 2 {
			t.Errorf("the counts were read %d times", f.counted)
		}
		f.err, f.revision = errors.New("away"), "3"
		if _, err := e.Refresh(t.Context()); !errors.Is(err, f.err) || e.Revision() != "2" {
			t.Errorf("got revision %s, %v", e.Revision(), err)
		}
	})
}

// An engine that does not answer is asked until it does, or fails to open.
func TestOpenWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{Store: memtable.NewStore(), err: errors.New("away"), revision: "1"}
		if _, err := openCached(t.Context(), f, nil); !errors.Is(err, f.err) {
			t.Errorf("got %v", err)
		}
		calls, start := 0, time.Now()
		e, err := openCached(t.Context(), f, func(error) {
			if calls++; calls == 3 {
				f.err = nil
			}
		})
		if err != nil || calls != 3 || time.Since(start) != 3*retryInterval || e.Revision() != "1" {
			t.Errorf("got %v after %d calls and %s", err, calls, time.Since(start))
		}
		f.err = errors.New("away")
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := openCached(ctx, f, func(error) { cancel() }); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestLate(t *testing.T) {
	var l Late
	ctx := t.Context()
	_, overview := l.Overview(ctx, history.OverviewQuery{})
	_, repos := l.Repos(ctx, history.ReposQuery{})
	_, appended := l.Append(ctx, history.Batch{})
	_, refreshed := l.Refresh(ctx)
	_, snapshot := l.Snapshot(ctx)
	_, stats := l.Stats(ctx)
	_, records := history.Collect(l.Records(ctx, history.RecordsQuery{}))
	var counts, meta error
	for _, err := range l.Counts(ctx, history.Filter{}) {
		counts = err
	}
	for _, err := range l.Meta(ctx, history.MetaQuery{}) {
		meta = err
	}
	for i, err := range []error{overview, repos, appended, refreshed, snapshot, stats, records, counts, meta} {
		if !errors.Is(err, errNotOpen) {
			t.Errorf("answer %d: got %v", i, err)
		}
	}
	if l.Revision() != "" || l.Close() != nil {
		t.Error("an engine that is not open has a revision, or cannot be closed")
	}
	if err := l.Open(ctx, Options{Path: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if s, err := l.Stats(ctx); err != nil || !s.OnDisk || l.Revision() == "" {
		t.Errorf("got %+v, %v", s, err)
	}
	if err := new(Late).Open(ctx, Options{Storage: config.Storage{Engine: "other"}}); err == nil || !strings.Contains(err.Error(), `got "other"`) {
		t.Errorf("got %v", err)
	}
}
