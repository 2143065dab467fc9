package memtable

import (
	"bytes"
	"math/bits"
	"slices"
	"sort"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// group is the sums of all repositories of one type and organization. A group
// that is part of a Table is immutable.
type group struct {
	key     groupKey
	repos   int
	records int64
	// total is the sum of the known totals.
	total wide
	// windows are ascending by number.
	windows []*sums
}

type groupKey struct {
	repoType history.RepoType
	org      string
}

func keyOf(r history.Repo) groupKey { return groupKey{r.Type, r.Org()} }

func (k groupKey) compare(l groupKey) int {
	if c := k.repoType.Compare(l.repoType); c != 0 {
		return c
	}
	return strings.Compare(k.org, l.org)
}

// sums is the downloads of the days of a window, over the repositories of a group.
type sums struct {
	no   int32
	mask uint64 // days on which any repository has a record
	all  wide
	days [windowDays]wide
	// records counts those of each day.
	records [windowDays]int32
}

func (s *sums) add(bit int, v int64) {
	s.mask |= 1 << bit
	s.days[bit].add(v)
	s.all.add(v)
	s.records[bit]++
}

// replace puts another number in the place of one that was added.
func (s *sums) replace(bit int, was, now int64) {
	s.days[bit].sub(was)
	s.days[bit].add(now)
	s.all.sub(was)
	s.all.add(now)
}

// remove takes off a number that was added.
func (s *sums) remove(bit int, v int64) {
	s.days[bit].sub(v)
	s.all.sub(v)
	s.records[bit]--
	s.mark(bit)
}

func (s *sums) merge(t *sums) {
	s.mask |= t.mask
	s.all.addWide(t.all)
	for m := t.mask; m != 0; m &= m - 1 {
		bit := bits.TrailingZeros64(m)
		s.days[bit].addWide(t.days[bit])
		s.records[bit] += t.records[bit]
	}
}

// mark notes whether there is a record on a day.
func (s *sums) mark(bit int) {
	if s.mask &^= 1 << bit; s.records[bit] != 0 {
		s.mask |= 1 << bit
	}
}

// downloads sums over a run of days.
func (g *group) downloads(run history.Days) wide {
	var sum wide
	for _, s := range g.in(run) {
		part := s.clip(run)
		if part == s.mask {
			sum.addWide(s.all)
			continue
		}
		for m := part; m != 0; m &= m - 1 {
			sum.addWide(s.days[bits.TrailingZeros64(m)])
		}
	}
	return sum
}

// in returns the windows that may have days of the run.
func (g *group) in(run history.Days) []*sums {
	if run.Len() == 0 {
		return nil
	}
	from, _ := windowOf(run.From)
	to, _ := windowOf(run.To)
	i := sort.Search(len(g.windows), func(i int) bool { return g.windows[i].no >= from })
	j := sort.Search(len(g.windows), func(i int) bool { return g.windows[i].no > to })
	return g.windows[i:max(i, j)]
}

func (s *sums) clip(run history.Days) uint64 {
	w := window{mask: s.mask, no: s.no}
	return w.clip(run)
}

// groupEditor makes new groups out of those of a Table: what it changes it copies
// first, what it leaves alone is shared.
type groupEditor struct {
	groups map[groupKey]*group
	fresh  map[groupKey]bool
	owned  map[*sums]bool
}

func editGroups(groups []*group) *groupEditor {
	e := &groupEditor{
		groups: make(map[groupKey]*group, len(groups)),
		fresh:  make(map[groupKey]bool),
		owned:  make(map[*sums]bool),
	}
	for _, g := range groups {
		e.groups[g.key] = g
	}
	return e
}

// group returns the group of key, made ready to be changed.
func (e *groupEditor) group(key groupKey) *group {
	g := e.groups[key]
	if e.fresh[key] {
		return g
	}
	if g == nil {
		g = &group{key: key}
	} else {
		c := *g
		c.windows = slices.Clone(g.windows)
		g = &c
	}
	e.groups[key], e.fresh[key] = g, true
	return g
}

// window returns the place of window no among those of g, which may be changed.
func (g *group) window(no int32) int {
	i, found := slices.BinarySearchFunc(g.windows, no, func(s *sums, no int32) int { return int(s.no) - int(no) })
	if !found {
		g.windows = slices.Insert(g.windows, i, &sums{no: no})
	}
	return i
}

// window returns window no of a fresh group, made ready to be changed.
func (e *groupEditor) window(g *group, no int32) *sums {
	i := g.window(no)
	if !e.owned[g.windows[i]] {
		c := *g.windows[i]
		g.windows[i] = &c
		e.owned[&c] = true
	}
	return g.windows[i]
}

// addColumn adds a repository that was not there before, unless it moved.
func (e *groupEditor) addColumn(c *column) {
	if c.moved() {
		return
	}
	g := e.group(keyOf(c.meta.Repo))
	g.repos++
	g.records += c.records
	g.total.add(max(c.meta.Total, 0))
	var buf [windowDays]int64
	for i := range c.windows {
		w := &c.windows[i]
		s := e.window(g, w.no)
		values := w.values(c.data, w.mask, &buf)
		n := 0
		for m := w.mask; m != 0; m &= m - 1 {
			s.add(bits.TrailingZeros64(m), values[n])
			n++
		}
	}
}

// addPairs brings the sums up to date with merged columns. cols are all columns now.
func (e *groupEditor) addPairs(all []pair, cols []*column) {
	rebuild := make(map[groupKey]bool) // a repository left, or came back
	for i := range all {
		switch p := &all[i]; {
		case p.gain == nil:
		case p.old == nil:
			e.addColumn(p.new)
		default:
			key, old, now := keyOf(p.merged.meta.Repo), p.old, p.merged
			if old.moved() || now.moved() {
				rebuild[key] = true
				continue
			}
			if old.meta.Total != now.meta.Total {
				g := e.group(key)
				g.total.sub(max(old.meta.Total, 0))
				g.total.add(max(now.meta.Total, 0))
			}
			e.replaceDays(key, &old.days, &now.days)
		}
	}
	for key := range rebuild {
		e.rebuild(key, cols)
	}
}

// replaceDays brings the sums of a group up to date with the days of one of its repositories.
func (e *groupEditor) replaceDays(key groupKey, old, now *days) {
	var p, q plain
	for i, j := 0, 0; i < len(old.windows) || j < len(now.windows); {
		p.mask, q.mask = 0, 0
		var no int32
		switch {
		case j == len(now.windows) || i < len(old.windows) && old.windows[i].no < now.windows[j].no:
			no = old.windows[i].no
			old.windows[i].expand(old.data, &p)
			i++
		case i == len(old.windows) || old.windows[i].no > now.windows[j].no:
			no = now.windows[j].no
			now.windows[j].expand(now.data, &q)
			j++
		default:
			v, w := &old.windows[i], &now.windows[j]
			if no = v.no; !sameNumbers(old, v, now, w) {
				v.expand(old.data, &p)
				w.expand(now.data, &q)
			}
			i, j = i+1, j+1
		}
		var s *sums
		var g *group
		for m := p.mask | q.mask; m != 0; m &= m - 1 {
			bit := bits.TrailingZeros64(m)
			had, has := p.mask&(1<<bit) != 0, q.mask&(1<<bit) != 0
			if had && has && p.downloads[bit] == q.downloads[bit] {
				continue
			}
			if s == nil {
				g = e.group(key)
				s = e.window(g, no)
			}
			switch {
			case !had:
				s.add(bit, q.downloads[bit])
				g.records++
			case !has:
				s.remove(bit, p.downloads[bit])
				g.records--
			default:
				s.replace(bit, p.downloads[bit], q.downloads[bit])
			}
		}
	}
}

// sameNumbers reports whether two windows have the same days and downloads.
func sameNumbers(a *days, v *window, b *days, w *window) bool {
	n := packedLen(v.records(), v.width)
	return v.mask == w.mask && v.width == w.width && bytes.Equal(a.data[v.offset:int(v.offset)+n], b.data[w.offset:int(w.offset)+n])
}

// rebuild makes a group anew from the columns of a table.
func (e *groupEditor) rebuild(key groupKey, cols []*column) {
	e.groups[key], e.fresh[key] = nil, false
	for _, c := range cols {
		if keyOf(c.meta.Repo) == key {
			e.addColumn(c)
		}
	}
}

// addGroups adds the groups of other repositories.
func (e *groupEditor) addGroups(groups []*group) {
	for _, o := range groups {
		if e.groups[o.key] == nil {
			e.groups[o.key] = o
			continue
		}
		g := e.group(o.key)
		g.repos += o.repos
		g.records += o.records
		g.total.addWide(o.total)
		for _, s := range o.windows {
			e.window(g, s.no).merge(s)
		}
	}
}

// list returns the groups, ordered by type and organization.
func (e *groupEditor) list() []*group {
	out := make([]*group, 0, len(e.groups))
	for _, g := range e.groups {
		if g != nil {
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(g, h *group) int { return g.key.compare(h.key) })
	return out
}
