package victoria

import (
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
func (a *appending) writeRecords(w *writer, first seq, versions []history.Version, delta *columns.Table) (map[history.Repo]bool, error) {
	hadHigh, err := a.highDays()
	if err != nil {
		return nil, err
	}
	written := make(map[history.Repo]bool)
	last := lastDay()
	lows, highs := make(eras), make(eras)
	var repo history.Repo
	write := func() error {
		l := repoLabels(repo)
		if err := lows.writeTo(w, downloadsSeries, l); err != nil {
			return err
		}
		return highs.writeTo(w, downloadsHigh, l)
	}
	begun := false
	for rows, err := range delta.Records(a.ctx, history.RecordsQuery{Order: history.OrderRepo, Versions: true}) {
		if err != nil {
			return nil, err
		}
		at, _ := slices.BinarySearchFunc(versions, rows.Version, history.Version.Compare)
		n := first + seq(at)
		for i, r := range rows.Repo {
			if next := rows.Repos[r].Repo; !begun || next != repo {
				if err := write(); err != nil {
					return nil, err
				}
				repo, begun = next, true
				written[repo] = true
			}
			low, high := split53(rows.Downloads[i])
			lows.add(rows.Day[i], last, n, low)
			if high != 0 || hadHigh[repoDay{repo, rows.Day[i]}] {
				highs.add(rows.Day[i], last, n, high)
			}
		}
	}
	return written, write()
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
	for _, k := range slices.SortedFunc(maps.Keys(diff), groupKey.compare) {
		old := known[k]
		if old == nil {
			old = new(group)
		}
		if err := writeGroup(w, n, k, old, diff[k]); err != nil {
			return err
		}
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
