package victoria

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
)

// orgNumbers are the numbers of an append to an organization, one for each version.
type orgNumbers struct {
	first    seq
	versions []history.Version // ascending
}

func (o *orgNumbers) last() seq { return o.first + seq(len(o.versions)) - 1 }

func (o *orgNumbers) number(v history.Version) seq {
	at, _ := slices.BinarySearchFunc(o.versions, v, history.Version.Compare)
	return o.first + seq(at)
}

// takeNumbers takes the numbers for what delta has: for its versions, or one for metadata
// alone, whose version is its age.
func (a *appending) takeNumbers(delta *memtable.Table) error {
	versions := versionsByOrg(delta)
	ages := make(map[string]history.AsOf)
	for m := range delta.Meta() {
		ages[m.Repo.Org()] = max(ages[m.Repo.Org()], m.TotalAsOf)
	}
	a.numbers = make(map[string]*orgNumbers)
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	for _, org := range a.orgs {
		age, changed := ages[org]
		if !changed && !a.whole {
			continue
		}
		x := &orgNumbers{versions: versions[org]}
		if len(x.versions) == 0 {
			x.versions = []history.Version{{AsOf: age}}
		}
		own := a.s.own[org]
		if own == nil {
			own = new(ownAppend)
			a.s.own[org] = own
		}
		log := a.log(org)
		x.first = max(log.last(), log.seen, own.last, own.tried) + 1 + seq(rand.N(numberGap))
		own.tried = x.last()
		if own.tried > maxSeq {
			return fmt.Errorf("expected at most %d appends to %q, got more: move the history to another name", maxSeq, org)
		}
		a.numbers[org] = x
	}
	return nil
}

// versionsByOrg returns the versions of the records of each organization, ascending.
func versionsByOrg(t *memtable.Table) map[string][]history.Version {
	sets := make(map[string]map[history.Version]bool)
	for r, s := range t.Series() {
		if sets[r.Org()] == nil {
			sets[r.Org()] = make(map[history.Version]bool)
		}
		for i, v := range s.Versions {
			if i == 0 || v != s.Versions[i-1] {
				sets[r.Org()][v] = true
			}
		}
	}
	out := make(map[string][]history.Version, len(sets))
	for org, set := range sets {
		out[org] = slices.SortedFunc(maps.Keys(set), history.Version.Compare)
	}
	return out
}

// write writes delta and the sums that change, and then that it counts. An engine that did
// not take a request at first may have started anew, and have lost what it took before:
// then all is written again, which changes nothing of what is there.
func (a *appending) write(merged, delta *memtable.Table) error {
	if err := a.takeNumbers(delta); err != nil {
		return err
	}
	if err := a.sumUp(merged); err != nil {
		return err
	}
	for pass := 1; ; pass++ {
		again, err := a.writeSamples(merged, delta)
		if err == nil && !again {
			again, err = a.commit(delta)
		}
		if !again {
			return err
		}
		if pass == maxPasses {
			return cmp.Or(err, errUnsteady)
		}
		if err := pause(a.ctx, shortPause<<pass); err != nil {
			return err
		}
	}
}

// writeSamples writes all of an append but that it counts. again tells that some of it may
// be lost.
func (a *appending) writeSamples(merged, delta *memtable.Table) (again bool, err error) {
	w := a.s.newWriter(a.ctx)
	defer w.stop()
	for org, x := range a.numbers {
		w.writeVersions(org, x.first, x.versions)
	}
	written := a.writeRecords(w, delta)
	for m := range merged.Meta() {
		a.writeMeta(w, m, written[m.Repo])
	}
	w.writeSums(a.before, a.after, a.numbers)
	if err := w.flush(); err != nil {
		return false, err
	}
	return w.retried.Load(), nil
}

// writeRecords writes the records of delta. It returns the repositories that there were any
// of.
func (a *appending) writeRecords(w *writer, delta *memtable.Table) map[history.Repo]bool {
	nextOld, stop := iter.Pull2(a.old.Series())
	defer stop()
	oldRepo, old, more := nextOld()
	written := make(map[history.Repo]bool)
	var samples []daySample
	for r, s := range delta.Series() {
		if w.failed() {
			break // flush tells why
		}
		written[r] = true
		for more && oldRepo.Compare(r) < 0 {
			oldRepo, old, more = nextOld()
		}
		known := new(memtable.Series)
		if more && oldRepo == r {
			known = old
		}
		var was confirmed
		if at, ok := a.repos.index[r]; ok {
			was = a.repos.stored[at].confirmed()
		}
		l, numbers := repoLabels(r), a.numbers[r.Org()]
		samples = samples[:0]
		add := func(i int) {
			samples = append(samples, daySample{s.Days[i], numbers.number(s.Versions[i]), s.Downloads[i]})
		}
		if changed, now, ok := confirm(known, s, was, a.run); ok {
			w.field(metaSeries, l, confirmedAsOf, numbers.last(), int64(now.asOf))
			w.field(metaSeries, l, confirmedFrom, numbers.last(), int64(now.run.From))
			w.field(metaSeries, l, confirmedTo, numbers.last(), int64(now.run.To))
			for _, i := range changed {
				add(i)
			}
		} else {
			for i := range s.Days {
				add(i)
			}
		}
		w.days(downloadsSeries, l, samples)
	}
	return written
}

// writeMeta writes what changed of the metadata of a repository; written says that records
// of it were.
func (a *appending) writeMeta(w *writer, m history.RepoMeta, written bool) {
	numbers := a.numbers[m.Repo.Org()]
	if numbers == nil {
		return // nothing of its organization changed
	}
	at, isOld := a.repos.index[m.Repo]
	old := history.NewRepoMeta(m.Repo)
	if isOld {
		old = a.repos.meta[at]
	}
	known := int64(0)
	switch {
	case !isOld && written && m.Total != history.Unknown:
	case written && (!isOld || !a.repos.stored[at].hasRecords()):
		known = hasRecords
	case !isOld:
		known = isKnown
	}
	w.writeMeta(numbers.last(), numbers.versions[len(numbers.versions)-1].AsOf, old, m, known)
}

// sumUp works out the sums: what they were, less what the repositories had, and with what
// they have now.
func (a *appending) sumUp(merged *memtable.Table) (err error) {
	if a.before, err = a.groups(history.Filter{Orgs: a.orgs}); err != nil {
		return err
	}
	a.after = memtable.NewGroupSums()
	if !a.whole {
		a.after.Add(a.before)
		a.after.Sub(a.old.GroupSums())
	}
	a.after.Add(merged.GroupSums())
	return nil
}

// commit makes an append count, unless another came in between. again tells that the engine
// may have lost some of it.
func (a *appending) commit(delta *memtable.Table) (again bool, err error) {
	if err := a.s.engine.Settle(a.ctx); err != nil {
		return false, err
	}
	now, err := a.s.refresh(a.ctx, 0)
	if err != nil {
		return false, err
	}
	for org, x := range a.numbers {
		switch log := now.log(org); {
		case log.find(x.first) != nil || log.find(x.last()) != nil:
			return false, errTaken
		case log.last() != a.log(org).last():
			return false, fmt.Errorf("writing to VictoriaMetrics: %w", ErrConcurrent)
		}
	}
	ctx := context.WithoutCancel(a.ctx) // the samples are all there
	w := a.s.newWriter(ctx)
	defer w.stop()
	w.once = true
	for org, x := range a.numbers {
		w.series(appendsSeries, labels{"org", org})
		w.Add(x.last().ms(), int64(x.first))
	}
	if err := w.flush(); err != nil {
		e := pushclient.As(err)
		return e != nil && e.Temporary(), err
	}
	if err := a.s.engine.Settle(ctx); err != nil {
		return false, err
	}
	return a.verify(ctx, delta)
}

// verify waits until the append and its sums can be read. again tells that they cannot.
func (a *appending) verify(ctx context.Context, delta *memtable.Table) (again bool, err error) {
	for start := time.Now(); ; {
		seen, err := a.seen(ctx)
		if seen || errors.Is(err, errForked) {
			a.remember(delta)
			return false, err
		}
		switch since := time.Since(start); {
		case err == nil && since > visibleFor:
			return true, fmt.Errorf("writing to VictoriaMetrics: %w: what was written cannot be read after %s", ErrLost, visibleFor)
		case err != nil && since > a.s.retryFor:
			return false, err
		}
		if err := pause(ctx, 10*shortPause); err != nil {
			return false, err
		}
		_ = a.s.engine.Settle(ctx) // what it fails at shows in what can be seen
	}
}

// seen reports whether the append counts, with its sums.
func (a *appending) seen(ctx context.Context) (bool, error) {
	now, err := a.s.latest(ctx, 0)
	if err != nil {
		return false, err
	}
	forked := false
	for org, x := range a.numbers {
		log := now.log(org)
		if log.find(x.last()) == nil {
			return false, nil
		}
		forked = forked || len(log.commits) != len(a.log(org).commits)+1
	}
	if forked {
		return false, errForked
	}
	got, err := now.groups(history.Filter{Orgs: a.orgs})
	if err != nil {
		return false, err
	}
	for range got.Changes(a.after) {
		return false, nil
	}
	return true, nil
}

// remember notes what was appended, until the engine has it for certain.
func (a *appending) remember(delta *memtable.Table) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	for org, x := range a.numbers {
		own := a.s.own[org]
		own.last, own.at, own.delta = x.last(), time.Now(), nil
		if len(a.orgs) == 1 {
			own.delta = delta
		}
	}
}
