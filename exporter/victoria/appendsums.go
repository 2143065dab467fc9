package victoria

import (
	"errors"
	"maps"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// groupChanges is what an append makes of the sums of groups.
type groupChanges struct {
	// diff is by how much they change, known what they were before.
	diff, known map[groupKey]*group
}

// old returns what the sums of a group were.
func (c *groupChanges) old(k groupKey) *group {
	if g := c.known[k]; g != nil {
		return g
	}
	return new(group)
}

// in reports whether groups have the sums as they are to be.
func (c *groupChanges) in(all map[groupKey]*group) bool {
	for k, diff := range c.diff {
		old, now := c.old(k), all[k]
		if now == nil {
			now = new(group)
		}
		total := old.total
		total.addWide(diff.total)
		if now.repos != old.repos+diff.repos || now.total != total {
			return false
		}
		for d, add := range diff.days.all() {
			want := old.days.get(d)
			want.add(*add)
			if now.days.get(d) != want {
				return false
			}
		}
	}
	return true
}

// sumUp works out how the sums of groups change: by what the repositories have now, less
// what they had.
func (a *appending) sumUp(merged *memtable.Table) error {
	diff := make(map[groupKey]*group)
	if err := addTable(a.ctx, diff, a.old, -1); err != nil {
		return err
	}
	if err := addTable(a.ctx, diff, merged, 1); err != nil {
		return err
	}
	known, err := a.groups(groupFilter(diff), a.run)
	a.sums = groupChanges{diff, known}
	return err
}

// writeGroups writes the sums that change.
func (a *appending) writeGroups(w *writer, n seq) error {
	for _, k := range slices.SortedFunc(maps.Keys(a.sums.diff), groupKey.compare) {
		if err := writeGroup(w, n, k, a.sums.old(k), a.sums.diff[k]); err != nil {
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
	var low, high, records []daySample
	for d, add := range diff.days.all() {
		was := old.days.get(d)
		if add.downloads.low != 0 {
			low = append(low, daySample{d, n, was.downloads.low + add.downloads.low})
		}
		if add.downloads.high != 0 {
			high = append(high, daySample{d, n, was.downloads.high + add.downloads.high})
		}
		if add.records != 0 {
			records = append(records, daySample{d, n, was.records + add.records})
		}
	}
	return errors.Join(w.days(orgDownloads, l, low), w.days(orgDownloadsHigh, l, high), w.days(orgRecords, l, records))
}
