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

// orgNumbers are the numbers of an append to an organization, one for each version of its
// records and of the days that follow from readings, and one for each time of its readings.
// The last is also that of metadata, and of days that are not shown any more.
type orgNumbers struct {
	first    seq
	versions []history.Version // in the order of compareVersions
}

func (o *orgNumbers) last() seq { return o.first + seq(len(o.versions)) - 1 }

func (o *orgNumbers) number(v history.Version) seq {
	at, _ := slices.BinarySearchFunc(o.versions, v, compareVersions)
	return o.first + seq(at)
}

// ofReading returns the number of a reading.
func (o *orgNumbers) ofReading(r *history.Reading) seq {
	return o.number(history.Version{AsOf: r.AsOf})
}

// compareVersions puts records first, since what follows from readings replaces what is stored
// of its day, and what is of no record last.
func compareVersions(a, b history.Version) int {
	return cmp.Or(cmp.Compare(a.Source-1, b.Source-1), cmp.Compare(a.AsOf, b.AsOf)) // 0-1 is the largest Source
}

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
		if own.tried > maxSeq {
			return fmt.Errorf("expected at most %d appends to %q, got more: move the history to another name", maxSeq, org)
		}
		a.numbers[org] = x
	}
	return nil
}

// versions returns the versions that each organization needs numbers for. The last is that of
// the metadata, which is as of the newest total.
func (a *appending) versions(merged, delta *memtable.Table) map[string][]history.Version {
	sets, ages := make(map[string]map[history.Version]bool), make(map[string]history.AsOf)
	var s memtable.Series
	var readings []history.Reading
	for k, brought := range a.changed(merged, delta) {
		m := k.Meta()
		org := m.Repo.Org()
		if sets[org] == nil {
			sets[org] = make(map[history.Version]bool)
		}
		brought.Stored(&s)
		for i, v := range s.Versions {
			if i == 0 || v != s.Versions[i-1] {
				sets[org][v] = true
			}
		}
		a.shownChanges(k, brought, &s)
		for i, v := range s.Versions {
			if s.Downloads[i] != memtable.Gone {
				sets[org][asDerived(v)] = true
			}
		}
		readings = brought.Readings(readings[:0])
		for i := range readings {
			sets[org][history.Version{AsOf: readings[i].AsOf}] = true
			ages[org] = max(ages[org], readings[i].AsOf)
		}
		ages[org] = max(ages[org], m.TotalAsOf)
	}
	out := make(map[string][]history.Version, len(sets))
	for org, set := range sets {
		set[history.Version{AsOf: ages[org]}] = true
		out[org] = slices.SortedFunc(maps.Keys(set), compareVersions)
	}
	return out
}

// changed yields what is known now of the repositories to write something of, and what of it
// the append brings: of all, if another process may have written something meanwhile.
func (a *appending) changed(merged, delta *memtable.Table) iter.Seq2[memtable.Known, memtable.Known] {
	return func(yield func(memtable.Known, memtable.Known) bool) {
		from := delta
		if a.whole {
			from = merged
		}
		for k := range from.All() {
			if r := k.Meta().Repo; !yield(merged.Find(r), delta.Find(r)) {
				return
			}
		}
	}
}

// shownChanges sets to to the days to write that follow from readings.
func (a *appending) shownChanges(now, brought memtable.Known, to *memtable.Series) {
	if was := a.shown.Find(now.Meta().Repo); a.whole || was.HasDerived() || now.HasDerived() {
		now.Changes(was, brought, to)
		return
	}
	*to = memtable.Series{}
}

func asDerived(v history.Version) history.Version {
	v.Source |= derived
	return v
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
	var r repoWriter
	for now, brought := range a.changed(merged, delta) {
		if w.failed() {
			break // flush tells why
		}
		r.write(a, w, now, brought)
	}
	w.writeSums(a.before, a.after, a.numbers)
	if err := w.flush(); err != nil {
		return false, err
	}
	return w.retried.Load(), nil
}

// repoWriter writes what an append brings of one repository after the other.
type repoWriter struct {
	brought, old, shown memtable.Series
	readings            []history.Reading
	samples             []daySample
}

func (r *repoWriter) write(a *appending, w *writer, now, brought memtable.Known) {
	m := now.Meta()
	l, numbers := repoLabels(m.Repo), a.numbers[m.Repo.Org()]
	r.samples = r.samples[:0]
	r.addStored(a, w, brought, m.Repo)
	r.addShown(a, numbers, now, brought)
	w.days(downloadsSeries, l, r.samples)
	r.readings = brought.Readings(r.readings[:0])
	w.writeReadings(l, r.readings, numbers)

	old, had := history.NewRepoMeta(m.Repo), false
	at, isOld := a.repos.index[m.Repo]
	if isOld {
		old, had = a.repos.meta[at], a.repos.stored[at].hasRecords()
	}
	known := int64(0)
	switch has := now.HasRecords(); {
	case isOld && has == had, !isOld && has && m.Total != history.Unknown:
	case has:
		known = hasRecords
	default:
		known = isKnown
	}
	w.writeMeta(numbers.last(), numbers.versions[len(numbers.versions)-1].AsOf, old, m, known)
}

// addStored adds the records of an append, or those that are left of them where the others
// are confirmed.
func (r *repoWriter) addStored(a *appending, w *writer, brought memtable.Known, repo history.Repo) {
	brought.Stored(&r.brought)
	a.old.Find(repo).Stored(&r.old)
	var was confirmed
	if at, ok := a.repos.index[repo]; ok {
		was = a.repos.stored[at].confirmed()
	}
	l, numbers := repoLabels(repo), a.numbers[repo.Org()]
	add := func(i int) {
		r.samples = append(r.samples, daySample{r.brought.Days[i], numbers.number(r.brought.Versions[i]), r.brought.Downloads[i]})
	}
	changed, now, ok := confirm(&r.old, &r.brought, was)
	if !ok {
		for i := range r.brought.Days {
			add(i)
		}
		return
	}
	w.field(metaSeries, l, confirmedAsOf, numbers.last(), int64(now.asOf))
	w.field(metaSeries, l, confirmedFrom, numbers.last(), int64(now.run.From))
	w.field(metaSeries, l, confirmedTo, numbers.last(), int64(now.run.To))
	for _, i := range changed {
		add(i)
	}
}

// addShown adds the days that follow from readings, where the samples do not show them.
func (r *repoWriter) addShown(a *appending, numbers *orgNumbers, now, brought memtable.Known) {
	a.shownChanges(now, brought, &r.shown)
	for i, d := range r.shown.Days {
		n := numbers.last()
		if r.shown.Downloads[i] != memtable.Gone {
			n = numbers.number(asDerived(r.shown.Versions[i]))
		}
		r.samples = append(r.samples, daySample{d, n, r.shown.Downloads[i]})
	}
	if len(r.shown.Days) > 0 {
		slices.SortFunc(r.samples, func(a, b daySample) int { return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.n, b.n)) })
	}
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
	return a.verify(ctx, merged, delta)
}

// verify waits until the append and its sums can be read. again tells that they cannot.
func (a *appending) verify(ctx context.Context, merged, delta *memtable.Table) (again bool, err error) {
	for start := time.Now(); ; {
		seen, err := a.seen(ctx)
		if seen || errors.Is(err, errForked) {
			a.remember(merged, delta, err != nil)
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
		*own = ownAppend{last: x.last(), tried: own.tried, at: time.Now()}
		if len(a.orgs) != 1 {
			continue
		}
		own.delta = delta
		if a.s.cache == nil || forked {
			continue
		}
		size := merged.MemoryBytes()
		for _, other := range a.s.own {
			size += other.size
		}
		if size <= maxKnown {
			own.known, own.log, own.size = merged, a.stored.log(org), merged.MemoryBytes()
		}
	}
}
