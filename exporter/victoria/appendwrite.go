package victoria

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
)

// takeNumbers takes the numbers for what delta has.
func (a *appending) takeNumbers(merged, delta *memtable.Table) error {
	versions := a.versions(merged, delta)
	a.numbers = make(map[string]*orgNumbers)
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	for _, org := range a.orgs {
		x := &orgNumbers{versions: versions[org]}
		switch {
		case len(x.versions) > 0:
		case a.whole:
			x.versions = []history.Version{{Source: notStored}}
		default:
			continue
		}
		own := a.s.own[org]
		if own == nil {
			own = new(ownAppend)
			a.s.own[org] = own
		}
		log := a.log(org)
		x.first = max(log.last(), log.seen, own.last, own.tried) + 1 + seq(rand.N(numberGap))
		own.tried = x.last()
		own.tries = append(own.tries, own.tried)
		if own.tried > maxSeq {
			return fmt.Errorf("expected at most %d appends to %q, got more: move the history to another name", maxSeq, org)
		}
		a.numbers[org] = x
	}
	return nil
}

// write writes delta and the sums that change, and then that it counts. An engine that did
// not take a request at first may have started anew, and have lost what it took before:
// then all is written again, which changes nothing of what is there.
func (a *appending) write(merged, delta *memtable.Table) error {
	if err := a.takeNumbers(merged, delta); err != nil {
		return err
	}
	if err := a.sumUp(merged); err != nil {
		return err
	}
	for pass := 1; ; pass++ {
		again, err := a.writeSamples(merged, delta)
		if err == nil && !again {
			again, err = a.commit(merged, delta)
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
	for n := range a.news(merged, delta) {
		if w.failed() {
			break // flush tells why
		}
		n.write(a, w)
	}
	w.writeSums(a.before, a.after, a.numbers)
	if err := w.flush(); err != nil {
		return false, err
	}
	return w.retried.Load(), nil
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
func (a *appending) commit(merged, delta *memtable.Table) (again bool, err error) {
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
		w.series(appendsSeries, labels{"org", org, "id", a.s.identity()})
		w.Add(x.last().ms(), int64(x.first))
	}
	if err := w.flush(); err != nil {
		e := pushclient.As(err)
		return e != nil && e.Temporary(), err
	}
	if err := a.s.engine.Settle(ctx); err != nil {
		return false, err
	}
	return a.verify(ctx, merged, delta)
}

// verify waits until the append and its sums can be read. again tells that they cannot.
func (a *appending) verify(ctx context.Context, merged, delta *memtable.Table) (again bool, err error) {
	probed := false
	for start := time.Now(); ; {
		seen, err := a.seen(ctx)
		if seen || errors.Is(err, errForked) {
			a.remember(merged, delta, err != nil)
			return false, err
		}
		if since := time.Since(start); err == nil && !probed && since > probeAfter {
			if probed = true; errors.Is(a.s.Check(ctx), ErrRetention) {
				return false, fmt.Errorf("writing to VictoriaMetrics: %w", ErrRetention)
			}
		}
		switch since := time.Since(start); {
		case err == nil && since > visibleFor:
			return true, fmt.Errorf("writing to VictoriaMetrics: %w: the written data cannot be read after %s", ErrLost, visibleFor)
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
	a.stored = now.state
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

// remember notes what was appended, until the engine has it for certain, and what is known
// now of what it was appended to, unless another process came in between.
func (a *appending) remember(merged, delta *memtable.Table, forked bool) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	for org, x := range a.numbers {
		own := a.s.own[org]
		was := *own
		*own = ownAppend{last: x.last(), tried: own.tried, at: time.Now(), before: a.log(org).last(), wasRead: true}
		delete(a.s.missing, org)
		if len(a.orgs) != 1 {
			continue
		}
		own.delta = delta
		if was.delta != nil && was.last == own.before && !a.forgets {
			own.before, own.delta = was.before, was.delta.Union(delta)
		}
		if a.s.cache == nil || forked {
			continue
		}
		size := merged.MemoryBytes()
		for _, other := range a.s.own {
			size += other.size
		}
		if size <= maxKnown {
			own.known, own.log, own.size = merged, a.stored.log(org), merged.MemoryBytes()
			own.isAll = isEmpty(merged.GroupSums().Changes(a.after))
		}
	}
}
