package memtable

import (
	"sync"
	"sync/atomic"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// setPart is what a table has of a set of repositories.
type setPart struct {
	shown  []*column
	groups []*group
	asked  atomic.Bool
}

// part returns the part of the one set that f selects by, nil if there is not one. It is made
// once: a table does not change.
func (t *Table) part(f history.Filter) *setPart {
	if len(f.Sets) != 1 {
		return nil
	}
	set := f.Sets[0]
	made, ok := t.parts.Load(set)
	if !ok {
		made, _ = t.parts.LoadOrStore(set, sync.OnceValue(func() *setPart {
			p, sums := &setPart{shown: t.in(set)}, editGroups(nil)
			for _, c := range p.shown {
				sums.addColumn(c)
			}
			p.groups = sums.list()
			return p
		}))
	}
	p := made.(func() *setPart)()
	p.asked.Store(true)
	return p
}

// in returns the shown columns in a set.
func (t *Table) in(set *history.Set) (cols []*column) {
	for _, c := range t.shown {
		if set.Has(c.meta.Repo) {
			cols = append(cols, c)
		}
	}
	return cols
}

// carry makes the parts of t out of those that its predecessor was asked for and what both have
// of each repository: as with the sums of all, only what changed is looked at.
func (t *Table) carry(old *Table, all []pair) {
	old.parts.Range(func(key, made any) bool {
		set, was := key.(*history.Set), made.(func() *setPart)()
		if !was.asked.Load() {
			return true
		}
		var changed []pair
		for i := range all {
			if p := &all[i]; p.merged != p.old && set.Has(p.merged.meta.Repo) {
				changed = append(changed, *p)
			}
		}
		p, sums := &setPart{shown: t.in(set)}, editGroups(was.groups)
		sums.addPairs(changed, p.shown)
		p.groups = sums.list()
		t.parts.Store(set, func() *setPart { return p })
		return true
	})
}

// selected returns columns that f may select of the shown ones, and which of them it does.
func (t *Table) selected(f history.Filter) ([]*column, func(*column) bool) {
	if p := t.part(f); p != nil {
		f.Sets = nil
		return p.shown, filterColumns(f)
	}
	return t.shown, filterColumns(f)
}
