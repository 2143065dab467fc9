package victoria

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// ErrConcurrent is wrapped by the error of an append that others came in between of,
// again and again. It may be repeated.
var ErrConcurrent = errors.New("another process appends to the same organizations of the same history: only one may own them")

// errForked says that another process stored something at the same moment, errTaken that it
// did so under the same numbers, and that this append is not stored. The sums are wrong.
var (
	errForked = fmt.Errorf("the sums are incomplete: %w", ErrConcurrent)
	errTaken  = fmt.Errorf("the numbers are taken: %w", ErrConcurrent)
)

// ErrLost says that samples of a history are not there that were.
var ErrLost = errors.New("the engine does not show all that was stored: retry once all storage nodes of a cluster are back; " +
	"if this persists, it lost samples, and you have to store the history again under another name")

// errUnsteady is the error of an append that is not stored, for the engine did not take it
// at one go.
var errUnsteady = errors.New("writing to VictoriaMetrics: too many retries, so it may have lost data: nothing was stored, try again")

const (
	// maxTries is how often an append is worked out that others come in between of, and
	// maxPasses how often one is written that the engine may have lost some of.
	maxTries  = 12
	maxPasses = 5
	// numberGap is up to how many numbers are left free before an append, so that two
	// processes that append at once hardly take the same.
	numberGap = 1024
	// maxNamed is how many repositories a selector names.
	maxNamed = 200
	// visibleFor is how long what was written may take to be seen after it should be.
	visibleFor = 30 * time.Second
	// durableAfter is when an engine has on disk for certain what it took.
	durableAfter = time.Minute

	shortPause, longPause = 10 * time.Millisecond, 5 * time.Second
)

// ownAppend is what a Store appended last to an organization.
type ownAppend struct {
	// last is its last number, tried that of the last one that was tried.
	last, tried seq
	// delta is what was written since the number before, while the engine may lose it: nil
	// later, and if that was of other organizations as well.
	delta  *memtable.Table
	before seq
	at     time.Time
	// known is what is known of the repositories that were appended to, as of log: nil if it
	// is not kept. size is how many bytes it takes.
	known *memtable.Table
	log   *orgLog
	size  int64
	// tries are the last numbers of the appends that were tried since, which may count though
	// they ended with an error.
	tries []seq
	// isAll says that known has all of the organization, wasRead that all of it was read once.
	isAll, wasRead bool
}

// maxKnown bounds what is kept of what was appended to, in bytes. It saves reading all of it
// again before every append.
const maxKnown = 256 << 20

// letGo forgets what the engine has for certain.
func (s *Store) letGo(now *state) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for org, own := range s.own {
		if own.delta != nil && time.Since(own.at) > durableAfter && now.log(org).find(own.last) != nil {
			own.delta = nil
		}
	}
}

// lock serializes appends that touch the same organization: orgs are ascending.
func (s *Store) lock(ctx context.Context, orgs []string) (unlock func(), err error) {
	var held []chan struct{}
	unlock = func() {
		for _, c := range held {
			<-c
		}
	}
	for _, org := range orgs {
		s.mu.Lock()
		c := s.locks[org]
		if c == nil {
			c = make(chan struct{}, 1)
			s.locks[org] = c
		}
		s.mu.Unlock()
		select {
		case c <- struct{}{}:
			held = append(held, c)
		case <-ctx.Done():
			unlock()
			return nil, ctx.Err()
		}
	}
	return unlock, nil
}

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
	var stored *history.Change // what the try did that stored it
	err = s.inTurn(ctx, orgsOf(n), func(a *appending) error {
		change, err := a.append(n)
		if stored == nil && (err == nil || errors.Is(err, errForked)) {
			stored = &change
		}
		return err
	})
	if err != nil {
		return history.Change{}, err
	}
	return *stored, nil
}

// inTurn calls work for an append to organizations that no other of this Store is to, again and
// again as long as other processes come in between.
func (s *Store) inTurn(ctx context.Context, orgs []string, work func(*appending) error) error {
	unlock, err := s.lock(ctx, orgs)
	if err != nil {
		return err
	}
	defer unlock()
	whole := false
	for try := 1; ; try++ {
		v, err := s.latest(ctx, 0)
		if err != nil {
			return err
		}
		err = work(&appending{snapshot: v, orgs: orgs, whole: whole})
		whole = whole || errors.Is(err, errForked) || errors.Is(err, errTaken)
		if !errors.Is(err, ErrConcurrent) || try == maxTries {
			return err
		}
		// Who came in between waits as well, and both for different times.
		if err := pause(ctx, min(shortPause<<try, longPause)); err != nil {
			return err
		}
	}
}

// orgsOf returns the organizations that a table has repositories of.
func orgsOf(t *memtable.Table) []string {
	orgs := make(map[string]bool)
	for m := range t.Meta() {
		orgs[m.Repo.Org()] = true
	}
	return slices.Sorted(maps.Keys(orgs))
}

func (a *appending) append(n *memtable.Table) (history.Change, error) {
	lost, err := a.findLost()
	if err != nil {
		return history.Change{}, err
	}
	if err := a.read(n.Union(lost)); err != nil {
		return history.Change{}, err
	}
	merged, delta, change := a.old.Union(lost).Append(n)
	delta = lost.Union(delta)
	if delta.IsEmpty() && !a.whole {
		return change, nil
	}
	return change, a.write(merged, delta)
}

// Forget takes out what q selects, wholly or, on an error, not at all. With dryRun it only says
// what would go.
func (s *Store) Forget(ctx context.Context, q history.ForgetQuery, dryRun bool) (gone history.Forgotten, err error) {
	v, err := s.latest(ctx, 0)
	if err != nil {
		return gone, err
	}
	repos, err := v.repos(q.Filter)
	if err != nil {
		return gone, err
	}
	known, err := v.contents(q.Filter, repos)
	if err != nil {
		return gone, err
	}
	if _, gone = known.Forget(q); dryRun || gone.IsZero() {
		return gone, nil
	}
	orgs := orgsOf(known)
	// What the engine lost is written again first.
	err = s.inTurn(ctx, orgs, func(a *appending) error {
		_, err := a.append(memtable.Empty())
		return err
	})
	if err != nil {
		return history.Forgotten{}, err
	}
	stored := false
	err = s.inTurn(ctx, orgs, func(a *appending) error {
		n, err := a.forget(q)
		if !stored && (err == nil || errors.Is(err, errForked)) {
			gone, stored = n, true
		}
		return err
	})
	if err != nil {
		return history.Forgotten{}, err
	}
	return gone, nil
}

func (a *appending) forget(q history.ForgetQuery) (history.Forgotten, error) {
	a.forgets = true
	f := history.Filter{Orgs: a.orgs}
	if !a.whole {
		f = q.Filter
		f.Orgs = a.orgs
	}
	if err := a.readAll(f); err != nil {
		return history.Forgotten{}, err
	}
	left, gone := a.old.Forget(q)
	if gone.IsZero() && !a.whole {
		return gone, nil
	}
	return gone, a.write(left, memtable.Empty())
}

// appending is an append under way.
type appending struct {
	*snapshot
	orgs []string
	// whole says that all of the organizations is read and summed up, and not only what
	// the append brings.
	whole bool
	// forgets says that what is no longer known is taken out.
	forgets bool
	// old is what was stored before, at least of what the append brings, and shown what
	// answers had then. repos are the repositories that it brings, as they are stored.
	old, shown *memtable.Table
	repos      *repoList
	numbers    map[string]*orgNumbers
	// before are the sums as they were, after as they are to be.
	before, after *memtable.GroupSums
	// stored is the state that has the append.
	stored *state
}

// findLost returns what this Store knows of what the engine lost. The sums are then not
// relied on either. It is an error if the engine lost more.
func (a *appending) findLost() (*memtable.Table, error) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	lost := memtable.Empty()
	for _, org := range a.orgs {
		own := a.s.own[org]
		if own == nil {
			own = new(ownAppend)
		}
		if a.s.missing[org] == nil && (own.last == 0 || a.log(org).find(own.last) != nil) {
			continue
		}
		a.whole = true
		missing := a.s.restorable(org, a.log(org))
		if missing == nil && a.s.missing[org] != nil {
			return nil, a.s.setbacks.Missing
		}
		if missing == nil {
			missing = own.delta
		}
		if missing != nil {
			lost = lost.Union(missing)
		}
	}
	return lost, nil
}

// read reads what is known of what n is of.
func (a *appending) read(n *memtable.Table) (err error) {
	f := history.Filter{Orgs: a.orgs}
	if a.whole || a.firstOfAll() {
		return a.readAll(f)
	}
	named, types := make(map[history.Repo]bool), make(map[history.RepoType]bool)
	for m := range n.Meta() {
		named[m.Repo], types[m.Repo.Type] = true, true
	}
	f.RepoTypes = slices.Collect(maps.Keys(types))
	names := func(repos map[history.Repo]bool) {
		if f.Repos = nil; len(repos) <= maxNamed {
			for r := range repos {
				f.Repos = append(f.Repos, r.Name)
			}
		}
	}
	names(named)
	all, err := a.snapshot.repos(f)
	if err != nil {
		return err
	}
	a.repos = all.only(0, len(all.meta), func(r history.Repo) bool { return named[r] })
	a.old = a.known()
	missing := make(map[history.Repo]bool)
	for r := range a.repos.index {
		if a.old.Find(r).IsZero() {
			missing[r] = true
		}
	}
	if len(missing) > 0 {
		names(missing)
		read, err := a.contents(f, a.repos.only(0, len(a.repos.meta), func(r history.Repo) bool { return missing[r] }))
		if err != nil {
			return err
		}
		a.old = a.old.Union(read)
	}
	a.shown = a.old
	return nil
}

// firstOfAll reports whether this is the first append to an organization, or the first after
// another process appended, of a process that keeps what is known: it keeps all of it, to be
// able to write it back.
func (a *appending) firstOfAll() bool {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	if a.s.cache == nil || len(a.orgs) != 1 {
		return false
	}
	own, log := a.s.own[a.orgs[0]], a.log(a.orgs[0])
	return log.last() > 0 && (own == nil || !own.wasRead || own.isAll && own.log != log)
}

// readAll reads all that is known of the repositories that f selects. Where another process may
// have come in between, what is shown may be other than what follows.
func (a *appending) readAll(f history.Filter) (err error) {
	if a.repos, err = a.snapshot.repos(f); err != nil {
		return err
	}
	if a.old, err = a.contents(f, a.repos); err != nil {
		return err
	}
	if a.shown = a.old; a.whole {
		a.shown, err = a.table(piece{f, a.repos, allDays}, shown, true, nil)
	}
	return err
}

// known returns what is kept of what is known, if it is still right.
func (a *appending) known() *memtable.Table {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	if len(a.orgs) == 1 {
		if own := a.s.own[a.orgs[0]]; own != nil && own.known != nil && own.log == a.log(a.orgs[0]) {
			return own.known
		}
	}
	return memtable.Empty()
}
