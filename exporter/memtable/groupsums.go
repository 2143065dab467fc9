//gosec:disable G115 -- packed values keep their bits

package memtable

import (
	"iter"
	"math/bits"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// GroupSums are sums by repo type and organization, day by day, which an engine may keep
// without the repositories they are of.
type GroupSums struct {
	edit *groupEditor
	// group and window are what was set last: the next is mostly of the same.
	group  *group
	window *sums
}

// NewGroupSums returns sums of nothing.
func NewGroupSums() *GroupSums { return &GroupSums{edit: editGroups(nil)} }

// GroupSums returns the sums of what the table shows.
func (t *Table) GroupSums() *GroupSums { return &GroupSums{edit: editGroups(t.groups)} }

// Table returns a table of the sums alone, for what is asked of whole groups.
func (g *GroupSums) Table() *Table { return newTable(nil, g.list()) }

// list returns the groups, which are packed then.
func (g *GroupSums) list() []*group {
	g.group, g.window = nil, nil
	return g.edit.list()
}

// GroupSum is the sum of a group on a day, or, with NoDay, of its repositories.
type GroupSum struct {
	RepoType history.RepoType
	Org      string
	Day      history.Day
	// Count is how many records there are on the day, or how many repositories.
	Count int64
	// Low has the lower 53 bits of the sum of downloads, or of totals, High the others.
	Low, High int64
}

const lowBits = 53

func (g *group) sum(day history.Day, count int64, s wide) GroupSum {
	return GroupSum{
		RepoType: g.key.repoType, Org: g.key.org, Day: day, Count: count,
		Low: int64(s.lo & (1<<lowBits - 1)), High: int64(s.hi<<(64-lowBits) | s.lo>>lowBits),
	}
}

// Set sets a sum.
func (g *GroupSums) Set(x GroupSum) {
	v := wide{hi: uint64(x.High) >> (64 - lowBits), lo: uint64(x.High)<<lowBits | uint64(x.Low)}
	if key := (groupKey{x.RepoType, x.Org}); g.group == nil || g.group.key != key {
		g.group, g.window = g.edit.group(key), nil
	}
	to := g.group
	if x.Day == history.NoDay {
		to.repos, to.total = int(x.Count), v
		return
	}
	no, bit := windowOf(x.Day)
	if g.window == nil || g.window.no != no {
		g.window = to.window(no)
	}
	s := g.window
	s.all.subWide(s.days[bit])
	s.all.addWide(v)
	to.records += x.Count - int64(s.records[bit])
	s.days[bit], s.records[bit] = v, int32(x.Count)
	s.mark(int(bit))
}

// All returns all sums, those of a group by day.
func (g *GroupSums) All() iter.Seq[GroupSum] {
	return func(yield func(GroupSum) bool) {
		for _, h := range g.list() {
			if !yield(h.sum(history.NoDay, int64(h.repos), h.total)) {
				return
			}
			for s := range h.each {
				for m := s.mask; m != 0; m &= m - 1 {
					bit := bits.TrailingZeros64(m)
					if !yield(h.sum(dayAt(s.no, bit), int64(s.records[bit]), s.days[bit])) {
						return
					}
				}
			}
		}
	}
}

// Add adds other sums.
func (g *GroupSums) Add(other *GroupSums) { g.edit.addGroups(other.list()) }

// Sub takes away other sums, which are part of these.
func (g *GroupSums) Sub(other *GroupSums) {
	for _, o := range other.list() {
		h := g.edit.group(o.key)
		h.repos -= o.repos
		h.records -= o.records
		h.total.subWide(o.total)
		for s := range o.each {
			to := h.window(s.no)
			to.all.subWide(s.all)
			for m := s.mask; m != 0; m &= m - 1 {
				bit := bits.TrailingZeros64(m)
				to.days[bit].subWide(s.days[bit])
				to.records[bit] -= s.records[bit]
				to.mark(bit)
			}
		}
	}
}

// Changes returns what differs: what it is, and what it is in other.
func (g *GroupSums) Changes(other *GroupSums) iter.Seq2[GroupSum, GroupSum] {
	type place struct {
		group groupKey
		day   history.Day
	}
	return func(yield func(GroupSum, GroupSum) bool) {
		was := make(map[place]GroupSum)
		for x := range g.All() {
			was[place{groupKey{x.RepoType, x.Org}, x.Day}] = x
		}
		for x := range other.All() {
			at := place{groupKey{x.RepoType, x.Org}, x.Day}
			old, ok := was[at]
			if !ok {
				old = GroupSum{RepoType: x.RepoType, Org: x.Org, Day: x.Day}
			}
			if delete(was, at); old != x && !yield(old, x) {
				return
			}
		}
		for _, old := range was {
			x := GroupSum{RepoType: old.RepoType, Org: old.Org, Day: old.Day}
			if old != x && !yield(old, x) {
				return
			}
		}
	}
}
