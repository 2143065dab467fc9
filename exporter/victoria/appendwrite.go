package victoria

import (
	"iter"
	"maps"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/columns"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// sample is one of a series that is being gathered.
type sample struct{ ms, value int64 }

// eras gathers the samples of a series by era.
type eras map[string][]sample

func (e eras) add(d, last history.Day, n seq, value int64) {
	ms, era := place(d, last, n)
	e[era] = append(e[era], sample{ms, value})
}

// writeTo writes what was gathered and forgets it.
func (e eras) writeTo(w *writer, name string, l labels) error {
	for _, era := range slices.Sorted(maps.Keys(e)) {
		if len(e[era]) == 0 {
			continue
		}
		if err := w.begin(name, l.with("era", era)); err != nil {
			return err
		}
		for _, s := range e[era] {
			if err := w.add(s.ms, s.value); err != nil {
				return err
			}
		}
		e[era] = e[era][:0]
	}
	return nil
}

// writeStates writes what changed of what is known besides days; written has the
// repositories that records were written of.
func (a *appending) writeStates(w *writer, n seq, merged *columns.Table, written map[history.Repo]bool) error {
	for s := range merged.States() {
		known, was := int64(0), (*history.State)(nil)
		if old, ok := a.known[s.Repo]; ok {
			was = &old
		} else {
			known = isKnown
		}
		if written[s.Repo] && !a.recorded[s.Repo] {
			known = hasRecords
		}
		if err := writeState(w, n, was, s, known); err != nil {
			return err
		}
	}
	return nil
}

// writeRecords writes the records of delta, a repository after the other, days
// ascending. It returns the repositories that there were any of.
func (a *appending) writeRecords(w *writer, x claim, versions []history.Version, delta *columns.Table) (map[history.Repo]bool, error) {
	hadHigh, err := a.highDays()
	if err != nil {
		return nil, err
	}
	q := history.RecordsQuery{Order: history.OrderRepo, Versions: true}
	nextOld, stop := iter.Pull2(byRepository(a.old.Records(a.ctx, q)))
	defer stop()
	old, err, more := nextOld()
	written := make(map[history.Repo]bool)
	last := lastDay()
	lows, highs := make(eras), make(eras)
	for d, derr := range byRepository(delta.Records(a.ctx, q)) {
		if derr != nil {
			return nil, derr
		}
		written[d.repo] = true
		for more && err == nil && old.repo.Compare(d.repo) < 0 {
			old, err, more = nextOld()
		}
		if err != nil {
			return nil, err
		}
		var known []dayFact
		if more && old.repo == d.repo {
			known = old.facts
		}
		l := repoLabels(d.repo)
		changed, is, ok := confirm(known, d.facts, a.confirmed[d.repo], a.run)
		if ok {
			for i, v := range []int64{int64(is.asOf), int64(is.run.From), int64(is.run.To)} {
				if err := w.one(stateSeries, l.with("field", confirmFields[i]), int64(x.last), v); err != nil {
					return nil, err
				}
			}
		}
		for _, f := range changed {
			at, _ := slices.BinarySearchFunc(versions, f.version, history.Version.Compare)
			n := x.first + seq(at)
			low, high := split53(f.downloads)
			lows.add(f.day, last, n, low)
			if high != 0 || hadHigh[repoDay{d.repo, f.day}] {
				highs.add(f.day, last, n, high)
			}
		}
		if err := lows.writeTo(w, downloadsSeries, l); err != nil {
			return nil, err
		}
		if err := highs.writeTo(w, downloadsHigh, l); err != nil {
			return nil, err
		}
	}
	return written, nil
}

type repoDay struct {
	repo history.Repo
	day  history.Day
}

// highDays returns the days whose known number has upper bits.
func (a *appending) highDays() (map[repoDay]bool, error) {
	out := make(map[repoDay]bool)
	for rows, err := range a.old.Records(a.ctx, history.RecordsQuery{Versions: true, Order: history.OrderRepo}) {
		if err != nil {
			return nil, err
		}
		for i, v := range rows.Downloads {
			if v > 1<<53-1 {
				out[repoDay{rows.Repos[rows.Repo[i]].Repo, rows.Day[i]}] = true
			}
		}
	}
	return out, nil
}

// writeGroups writes the sums that the append changes: what was known less what the
// repositories had, and what they have now.
func (a *appending) writeGroups(w *writer, n seq, merged *columns.Table) error {
	diff := make(map[groupKey]*group)
	if err := addTable(a.ctx, diff, a.old, -1); err != nil {
		return err
	}
	if err := addTable(a.ctx, diff, merged, 1); err != nil {
		return err
	}
	known, err := a.groups(groupFilter(diff), a.run)
	if err != nil {
		return err
	}
	a.sums = make(map[groupKey]*group, len(diff))
	for _, k := range slices.SortedFunc(maps.Keys(diff), groupKey.compare) {
		old := known[k]
		if old == nil {
			old = new(group)
		}
		if err := writeGroup(w, n, k, old, diff[k]); err != nil {
			return err
		}
		a.sums[k] = old.plus(diff[k])
	}
	return nil
}

// groupFilter selects at least the groups of all.
func groupFilter(all map[groupKey]*group) history.Filter {
	types, orgs := make(map[history.RepoType]bool), make(map[string]bool)
	for k := range all {
		types[k.repoType], orgs[k.org] = true, true
	}
	return history.Filter{RepoTypes: slices.Collect(maps.Keys(types)), Orgs: slices.Collect(maps.Keys(orgs))}
}

func writeGroup(w *writer, n seq, k groupKey, old, diff *group) error {
	l := k.labels()
	for _, f := range []struct {
		field    string
		old, add int64
	}{
		{"repos", old.repos, diff.repos},
		{"total", old.total.low, diff.total.low},
		{"total_high", old.total.high, diff.total.high},
	} {
		if f.add == 0 {
			continue
		}
		if err := w.one(orgState, l.with("field", f.field), int64(n), f.old+f.add); err != nil {
			return err
		}
	}
	last := lastDay()
	lows, highs, records := make(eras), make(eras), make(eras)
	for _, d := range slices.Sorted(maps.Keys(diff.days)) {
		was, add := old.days[d], diff.days[d]
		if add.downloads.low != 0 {
			lows.add(d, last, n, was.downloads.low+add.downloads.low)
		}
		if add.downloads.high != 0 {
			highs.add(d, last, n, was.downloads.high+add.downloads.high)
		}
		if add.records != 0 {
			records.add(d, last, n, was.records+add.records)
		}
	}
	if err := lows.writeTo(w, orgDownloads, l); err != nil {
		return err
	}
	if err := highs.writeTo(w, orgDownloadsHigh, l); err != nil {
		return err
	}
	return records.writeTo(w, orgRecords, l)
}
