package victoria

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// Append implements history.Appender. When it returns without an error, what b brought
// can be read. On an error nothing of it is seen; if that was an error of the
// network in the last moment, all of it may be, and appending it again is right in
// either case.
func (s *Store) Append(ctx context.Context, b history.Batch) (history.Change, error) {
	// All of the input is read before anybody else has to wait.
	n, err := memtable.BuildBatch(ctx, b)
	if err != nil {
		return history.Change{}, err
	}
	return s.appendTable(ctx, n)
}

// maxTries is how often an append is tried that others came in between of.
const maxTries = 12

func (s *Store) appendTable(ctx context.Context, n *memtable.Table) (history.Change, error) {
	sc := scopeOf(n)
	release, err := s.turns.take(ctx, sc)
	if err != nil {
		return history.Change{}, err
	}
	defer release()
	begin := time.Now()
	for try := 1; ; try++ {
		change, err := s.tryAppend(ctx, n, sc)
		if !errors.Is(err, ErrConcurrent) && !errors.Is(err, errIncomplete) || try == maxTries || time.Since(begin) > s.waitFor {
			return change, err
		}
		if errors.Is(err, errIncomplete) {
			if s.untilItAnswers(ctx) != nil {
				return change, err
			}
			continue
		}
		// Who came in between waits as well, and both for different times.
		if err := s.pause(ctx, min(s.patience, s.patience/100<<try)); err != nil {
			return history.Change{}, err
		}
	}
}

func (s *Store) tryAppend(ctx context.Context, n *memtable.Table, sc scope) (history.Change, error) {
	j, err := s.clear(ctx, sc)
	if err != nil {
		return history.Change{}, err
	}
	a := &appending{view: view{s: s, journal: j, ctx: ctx}, scope: sc}
	if err := a.read(n); err != nil {
		return history.Change{}, err
	}
	merged, delta, change := a.old.Append(n)
	if delta.IsEmpty() {
		return change, nil
	}
	if err := a.write(merged, delta); err != nil {
		return history.Change{}, err
	}
	return change, nil
}

// appending is an append under way.
type appending struct {
	view
	// old is what was known of the repositories that the append is of, over the
	// days of run; known are its states.
	old   *memtable.Table
	known map[history.Repo]history.RepoMeta
	run   history.Days
	scope scope
	sums  groupChanges
}

// maxNamed is how many repositories a selector names.
const maxNamed = 200

// read reads what is known of what n is of.
func (a *appending) read(n *memtable.Table) error {
	var f history.Filter
	named := make(map[history.Repo]bool)
	types, orgs := make(map[history.RepoType]bool), make(map[string]bool)
	moves := false
	for s := range n.Meta() {
		named[s.Repo] = true
		types[s.Repo.Type], orgs[s.Repo.Org()] = true, true
		moves = moves || s.MovedTo != ""
	}
	f.RepoTypes = slices.Collect(maps.Keys(types))
	f.Orgs = slices.Collect(maps.Keys(orgs))
	if len(named) <= maxNamed {
		names := make(map[string]bool)
		for r := range named {
			names[r.Name] = true
		}
		f.Repos = slices.Collect(maps.Keys(names))
	}
	states, err := a.states(f)
	if err != nil {
		return err
	}
	states = slices.DeleteFunc(states, func(s history.RepoMeta) bool { return !named[s.Repo] })
	a.known = make(map[history.Repo]history.RepoMeta, len(states))
	for _, s := range states {
		a.known[s.Repo] = s
		moves = moves || s.MovedTo != ""
	}
	if a.run, err = daysOf(a.ctx, n); err != nil {
		return err
	}
	if moves {
		// A repository that goes or comes back takes all its days along.
		a.run = history.Days{From: history.MinDay, To: history.MaxDay}
	}
	a.old, err = a.versions(f, newRoster(states), a.run)
	return err
}

// daysOf returns the run of the days that a table has records of, those that are not
// shown among them.
func daysOf(ctx context.Context, t *memtable.Table) (history.Days, error) {
	run := t.Recorded()
	for s := range t.Meta() {
		if !s.Moved() {
			continue
		}
		f := history.Filter{RepoTypes: []history.RepoType{s.Repo.Type}, Repos: []string{s.Repo.Name}}
		for rows, err := range t.Records(ctx, history.RecordsQuery{Filter: f, Versions: true}) {
			if err != nil {
				return run, err
			}
			for _, d := range rows.Day {
				if run.Len() == 0 {
					run = history.Days{From: d, To: d}
				}
				run = history.Days{From: min(run.From, d), To: max(run.To, d)}
			}
		}
	}
	return run, nil
}

// write writes delta, and the sums that change, and commits.
func (a *appending) write(merged, delta *memtable.Table) error {
	versions := delta.Versions()
	x, err := a.s.begin(a.ctx, &a.journal, a.scope, versions)
	if err == nil {
		err = a.writeUnder(x, versions, merged, delta)
	}
	if err != nil {
		if x.first > 0 {
			a.s.giveUp(a.ctx, x)
		}
		return err
	}
	return a.s.commit(a.ctx, x)
}

// writeUnder writes all of an append but that it is committed.
func (a *appending) writeUnder(x claim, versions []history.Version, merged, delta *memtable.Table) error {
	defer a.s.keepAlive(a.ctx, x)()
	w := a.s.newWriter(a.ctx)
	defer w.stop()
	var summing errgroup.Group
	summing.Go(func() error { return a.sumUp(merged) })
	defer func() { _ = summing.Wait() }() // an error before it is asked for is told first
	if err := writeVersions(w, x.first, versions); err != nil {
		return err
	}
	written, err := a.writeRecords(w, x, versions, delta)
	if err != nil {
		return err
	}
	if err := a.writeStates(w, x, versions, merged, written); err != nil {
		return err
	}
	if err := summing.Wait(); err != nil {
		return err
	}
	if err := a.writeGroups(w, x.last); err != nil {
		return err
	}
	if err := w.flush(); err != nil {
		return err
	}
	if err := a.s.settle(a.ctx); err != nil {
		return err
	}
	if err := a.seen(x); err != nil {
		return err
	}
	if w.retried.Load() {
		if err := a.complete(x, versions, merged, delta); err != nil {
			return err
		}
	}
	now, err := a.s.refresh(a.ctx)
	if err != nil {
		return err
	}
	return a.s.undisturbed(&now, &a.journal, &x)
}

// after returns the history as it will be once the append is committed.
func (a *appending) after(x claim, versions map[seq]*versionParts) *view {
	j := a.journal
	j.recent = slices.Clip(j.recent) // others may have it
	j.count([]claim{x}, versions)
	j.sum += uint64(time.Now().UnixNano()) // no selector that was asked before
	return &view{s: a.s, journal: j, ctx: a.ctx}
}

// seen waits until the sums that were written last can be read: an engine that is making
// samples visible already may say too early that it has.
func (a *appending) seen(x claim) error {
	for begin := time.Now(); ; {
		v := a.after(x, nil)
		got, err := v.groups(groupFilter(a.sums.diff), a.run)
		if err != nil {
			return err
		}
		if a.sums.in(got) {
			return nil
		}
		if time.Since(begin) > a.s.patience {
			return fmt.Errorf("writing to VictoriaMetrics: %w: what was written cannot be read after %s", ErrLost, a.s.patience)
		}
		if err := a.s.pause(a.ctx, a.s.patience/300); err != nil {
			return err
		}
		if err := a.s.settle(a.ctx); err != nil {
			return err
		}
	}
}
