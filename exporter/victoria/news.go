package victoria

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
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

// goneVersion is that of a record that is forgotten.
var goneVersion = history.Version{Source: history.Published}

// repoNews is what is to be written of a repository: records, days that follow from readings,
// readings, and what is known of it now. Of what is forgotten the numbers stand for none.
type repoNews struct {
	repo          history.Repo
	now           memtable.Known
	stored, shown memtable.Series
	readings      []history.Reading

	old, more memtable.Series
	samples   []daySample
}

// news yields what is to be written: of what the append brings, or of all, if another process
// may have written something meanwhile. It is valid until the next.
func (a *appending) news(merged, delta *memtable.Table) iter.Seq[*repoNews] {
	return func(yield func(*repoNews) bool) {
		from := delta
		switch {
		case a.forgets:
			from = a.old
		case a.whole:
			from = merged
		}
		var n repoNews
		for k := range from.All() {
			n.repo = k.Meta().Repo
			n.now = merged.Find(n.repo)
			if a.forgets && !a.whole && n.now == k {
				continue
			}
			was, brought := a.shown.Find(n.repo), delta.Find(n.repo)
			brought.Stored(&n.stored)
			n.readings = brought.Readings(n.readings[:0])
			if n.shown.Reset(); a.forgets || a.whole || was.HasDerived() || n.now.HasDerived() {
				n.now.Changes(was, brought, &n.shown)
			}
			if a.forgets {
				n.forget(k)
			}
			if !yield(&n) {
				return
			}
		}
	}
}

// forget adds what old has and is not known now.
func (n *repoNews) forget(old memtable.Known) {
	old.Stored(&n.old)
	n.now.Stored(&n.more)
	for _, d := range n.old.Days {
		if _, kept := slices.BinarySearch(n.more.Days, d); !kept {
			n.stored.Append(d, memtable.Gone, goneVersion)
		}
	}
	kept := make(map[history.Day]bool)
	for _, r := range n.now.Readings(nil) {
		kept[r.Day()] = true
	}
	for _, r := range old.Readings(nil) {
		if !kept[r.Day()] {
			n.readings = append(n.readings, history.NewReading(n.repo, r.AsOf, history.Export, readingGone, history.Unknown, history.Unknown))
		}
	}
	// What is shown in the place of a record is written again.
	n.now.Changes(memtable.Known{}, n.now, &n.more)
	for i, d := range n.more.Days {
		n.shown.Append(d, n.more.Downloads[i], n.more.Versions[i])
	}
}

// versions returns the versions that each organization needs numbers for. The last is that of
// the metadata, which is as of the newest total.
func (a *appending) versions(merged, delta *memtable.Table) map[string][]history.Version {
	sets, ages := make(map[string]map[history.Version]bool), make(map[string]history.AsOf)
	for n := range a.news(merged, delta) {
		org := n.repo.Org()
		if sets[org] == nil {
			sets[org] = make(map[history.Version]bool)
		}
		for i, v := range n.stored.Versions {
			if i == 0 || v != n.stored.Versions[i-1] {
				sets[org][v] = true
			}
		}
		for i, v := range n.shown.Versions {
			if n.shown.Downloads[i] != memtable.Gone {
				sets[org][asDerived(v)] = true
			}
		}
		for i := range n.readings {
			sets[org][history.Version{AsOf: n.readings[i].AsOf}] = true
			ages[org] = max(ages[org], n.readings[i].AsOf)
		}
		if !n.now.IsZero() {
			ages[org] = max(ages[org], n.now.Meta().TotalAsOf)
		}
	}
	out := make(map[string][]history.Version, len(sets))
	for org, set := range sets {
		set[history.Version{AsOf: ages[org]}] = true
		out[org] = slices.SortedFunc(maps.Keys(set), compareVersions)
	}
	return out
}

func asDerived(v history.Version) history.Version {
	v.Source |= derived
	return v
}

func (n *repoNews) write(a *appending, w *writer) {
	l, numbers := repoLabels(n.repo), a.numbers[n.repo.Org()]
	n.samples = n.samples[:0]
	n.addStored(a, w)
	for i, d := range n.shown.Days {
		at := numbers.last()
		if n.shown.Downloads[i] != memtable.Gone {
			at = numbers.number(asDerived(n.shown.Versions[i]))
		}
		n.samples = append(n.samples, daySample{d, at, n.shown.Downloads[i]})
	}
	if len(n.shown.Days) > 0 {
		slices.SortFunc(n.samples, func(a, b daySample) int { return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.n, b.n)) })
	}
	w.days(downloadsSeries, l, n.samples)
	w.writeReadings(l, n.readings, numbers)

	old, now, had := history.NewRepoMeta(n.repo), history.NewRepoMeta(n.repo), false
	at, isOld := a.repos.index[n.repo]
	if isOld {
		old, had = a.repos.meta[at], a.repos.stored[at].hasRecords()
	}
	known := int64(0)
	switch has := n.now.HasRecords(); {
	case n.now.IsZero():
		known = isForgotten
	case isOld && has == had:
	case has:
		known = hasRecords
	default:
		known = isKnown
	}
	if !n.now.IsZero() {
		now = n.now.Meta()
	}
	if !isOld && known == hasRecords && now.Total != history.Unknown && !a.repos.forgotten[n.repo] {
		known = 0
	}
	w.writeMeta(numbers.last(), numbers.versions[len(numbers.versions)-1].AsOf, old, now, known)
}

// addStored adds the records, or those that are left of them where the others are confirmed.
func (n *repoNews) addStored(a *appending, w *writer) {
	a.old.Find(n.repo).Stored(&n.old)
	var was confirmed
	if at, ok := a.repos.index[n.repo]; ok {
		was = a.repos.stored[at].confirmed()
	}
	l, numbers := repoLabels(n.repo), a.numbers[n.repo.Org()]
	add := func(i int) {
		n.samples = append(n.samples, daySample{n.stored.Days[i], numbers.number(n.stored.Versions[i]), n.stored.Downloads[i]})
	}
	changed, now, ok := confirm(&n.old, &n.stored, was)
	if !ok {
		for i := range n.stored.Days {
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
