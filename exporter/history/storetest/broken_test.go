package storetest

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// broken is a Model with some of its answers replaced.
type broken struct {
	*Model
	append   func(context.Context, history.Batch) (history.Change, error)
	overview func(context.Context, history.OverviewQuery) (history.Overview, error)
	repos    func(context.Context, history.ReposQuery) (history.ReposPage, error)
	records  func(context.Context, history.RecordsQuery) history.RowSeq
	counts   func(context.Context, history.Filter) iter.Seq2[history.Counts, error]
	readings func(context.Context, history.ReadingsQuery) history.ReadingSeq
}

func (b *broken) Append(ctx context.Context, batch history.Batch) (history.Change, error) {
	if b.append != nil {
		return b.append(ctx, batch)
	}
	return b.Model.Append(ctx, batch)
}

func (b *broken) Overview(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
	if b.overview != nil {
		return b.overview(ctx, q)
	}
	return b.Model.Overview(ctx, q)
}

func (b *broken) Repos(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
	if b.repos != nil {
		return b.repos(ctx, q)
	}
	return b.Model.Repos(ctx, q)
}

func (b *broken) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	if b.records != nil {
		return b.records(ctx, q)
	}
	return b.Model.Records(ctx, q)
}

func (b *broken) Counts(ctx context.Context, f history.Filter) iter.Seq2[history.Counts, error] {
	if b.counts != nil {
		return b.counts(ctx, f)
	}
	return b.Model.Counts(ctx, f)
}

func (b *broken) Readings(ctx context.Context, q history.ReadingsQuery) history.ReadingSeq {
	if b.readings != nil {
		return b.readings(ctx, q)
	}
	return b.Model.Readings(ctx, q)
}

// recorder is a T that keeps the failures of a case.
type recorder struct {
	ctx      context.Context
	mu       sync.Mutex
	failures []string
}

func (r *recorder) Helper()                  {}
func (r *recorder) Context() context.Context { return r.ctx }

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// watch runs a case of the suite and returns its failures.
func watch(t *testing.T, name string, s sizes, open func() Store) []string {
	t.Helper()
	all := cases()
	i := slices.IndexFunc(all, func(c testCase) bool { return c.name == name })
	if i < 0 {
		t.Fatalf("the suite has no case %q", name)
	}
	r := &recorder{ctx: t.Context()}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				r.Errorf("panic: %v", p)
			}
		}()
		all[i].run(newProbe(r, s, open))
	}()
	<-done
	return r.failures
}

func TestWatchedModelHasNoFailures(t *testing.T) {
	for _, c := range cases() {
		if failures := watch(t, c.name, short, func() Store { return &broken{Model: NewModel()} }); len(failures) > 0 {
			t.Errorf("%s: %s", c.name, failures[0])
		}
	}
}

// fault is a way in which a store may be wrong, and cases that must notice it.
type fault struct {
	breakIt  func(*broken)
	caughtBy []string
}

func TestSuiteCatchesFaults(t *testing.T) {
	for _, faults := range []map[string]fault{appendFaults, answerFaults, readingFaults} {
		for name, f := range faults {
			t.Run(name, func(t *testing.T) {
				for _, c := range f.caughtBy {
					failures := watch(t, c, full, func() Store {
						b := &broken{Model: NewModel()}
						f.breakIt(b)
						return b
					})
					if len(failures) == 0 {
						t.Errorf("the case %q did not catch it", c)
					}
				}
			})
		}
	}
}

func TestCaseNamesDiffer(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range cases() {
		if seen[c.name] {
			t.Errorf("two cases have the name %q", c.name)
		}
		seen[c.name] = true
	}
}
