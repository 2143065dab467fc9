package victoria

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
)

// orgNumbers are the numbers of an append to an organization, one for each version of its
// records and one for each time of its readings. The last is also that of metadata, and of
// the days that follow from readings.
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

// compareVersions puts those of no record last: what follows from readings replaces what is
// stored of its day.
func compareVersions(a, b history.Version) int {
	return cmp.Or(cmp.Compare(a.Source-1, b.Source-1), cmp.Compare(a.AsOf, b.AsOf)) // -1 is the largest Source
}

// takeNumbers takes the numbers for what delta has.
func (a *appending) takeNumbers(delta *memtable.Table) error {
	versions := versionsByOrg(delta)
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

// versionsByOrg returns the versions of each organization: those of its records, of its
// readings and, as the last, one of the metadata, which is as of the newest total.
func versionsByOrg(t *memtable.Table) map[string][]history.Version {
	sets, ages := make(map[string]map[history.Version]bool), make(map[string]history.AsOf)
	var s memtable.Series
	var readings []history.Reading
	for k := range t.All() {
		m := k.Meta()
		org := m.Repo.Org()
		if sets[org] == nil {
			sets[org] = make(map[history.Version]bool)
		}
		k.Stored(&s)
		for i, v := range s.Versions {
			if i == 0 || v != s.Versions[i-1] {
				sets[org][v] = true
			}
		}
		ages[org] = max(ages[org], m.TotalAsOf)
		readings = k.Readings(readings[:0])
		for i := range readings {
			sets[org][history.Version{AsOf: readings[i].AsOf}] = true
			ages[org] = max(ages[org], readings[i].AsOf)
		}
	}
	out := make(map[string][]history.Version, len(sets))
	for org, set := range sets {
		set[history.Version{AsOf: ages[org]}] = true
		out[org] = slices.SortedFunc(maps.Keys(set), compareVersions)
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
	for brought := range delta.All() {
		if w.failed() {
			break // flush tells why
		}
		r.write(a, w, brought, merged.Find(brought.Meta().Repo))
	}
	w.writeSums(a.before, a.after, a.numbers)
	if err := w.flush(); err != nil {
		return false, err
	}
	return w.retried.Load(), nil
}

// repoWriter writes what an append brings of one repository after the other.
type repoWriter struct {
	brought, old, shown, now memtable.Series
	readings                 []history.Reading
	samples                  []daySample
}

func (r *repoWriter) write(a *appending, w *writer, brought, merged memtable.Known) {
	m := merged.Meta()
	l, numbers := repoLabels(m.Repo), a.numbers[m.Repo.Org()]
	r.samples = r.samples[:0]
	r.stored(a, w, brought, m.Repo)
	if was := a.shown.Find(m.Repo); was.HasDerived() || merged.HasDerived() || a.whole {
		was.Shown(&r.shown)
		merged.Shown(&r.now)
		r.derived(numbers.last())
	}
	w.days(downloadsSeries, l, r.samples)
	r.readings = brought.Readings(r.readings[:0])
	w.writeReadings(l, r.readings, numbers)

	old, had := history.NewRepoMeta(m.Repo), false
	at, isOld := a.repos.index[m.Repo]
	if isOld {
		old, had = a.repos.meta[at], a.repos.stored[at].hasRecords()
	}
	known := int64(0)
	switch has := merged.HasRecords(); {
	case isOld && has == had, !isOld && has && m.Total != history.Unknown:
	case has:
		known = hasRecords
	default:
		known = isKnown
	}
	w.writeMeta(numbers.last(), numbers.versions[len(numbers.versions)-1].AsOf, old, m, known)
}

// stored adds the records of an append, or those that are left of them where the others are
// confirmed.
func (r *repoWriter) stored(a *appending, w *writer, brought memtable.Known, repo history.Repo) {
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

// derived adds the days that answers have and the samples so far do not: they are written
// under number n.
func (r *repoWriter) derived(n seq) {
	was := walk{r.shown.Days, r.shown.Downloads}
	var written walk
	for _, x := range r.samples {
		written.days, written.downloads = append(written.days, x.day), append(written.downloads, x.value)
	}
	now := walk{r.now.Days, r.now.Downloads}
	for {
		day := min(was.day(), written.day(), now.day())
		if day > history.MaxDay {
			break
		}
		sample := was.take(day)
		if v := written.take(day); v != dayGone {
			sample = v
		}
		if v := now.take(day); v != sample {
			r.samples = append(r.samples, daySample{day, n, v})
		}
	}
	slices.SortFunc(r.samples, func(a, b daySample) int { return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.n, b.n)) })
}

// walk is what is left of the days of a series.
type walk struct {
	days      []history.Day
	downloads []int64
}

// day returns the next day, one after all others if there is none.
func (k *walk) day() history.Day {
	if len(k.days) == 0 {
		return history.MaxDay + 1
	}
	return k.days[0]
}

// take returns the number of a day and goes on, dayGone if the next is another.
func (k *walk) take(day history.Day) int64 {
	if k.day() != day {
		return dayGone
	}
	n := k.downloads[0]
	k.days, k.downloads = k.days[1:], k.downloads[1:]
	return n
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
