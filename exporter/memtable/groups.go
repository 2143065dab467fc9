//gosec:disable G115 -- packed values keep their bits

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
	// windows are ascending by number, none of them empty. open are those that are being
	// changed, in place of the packed ones of their numbers; a group of a Table has none.
	windows []packedSums
	open    openSums
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

// downloads sums over a run of days.
func (g *group) downloads(run history.Days) wide {
	var sum wide
	var s sums
	for i := range g.in(run) {
		p := &g.in(run)[i]
		part := p.clip(run)
		if part == p.mask {
			sum.addWide(p.all)
			continue
		}
		p.expand(&s)
		for m := part; m != 0; m &= m - 1 {
			sum.addWide(s.days[bits.TrailingZeros64(m)])
		}
	}
	return sum
}

// in returns the windows that may have days of the run.
func (g *group) in(run history.Days) []packedSums {
	if run.Len() == 0 {
		return nil
	}
	from, _ := windowOf(run.From)
	to, _ := windowOf(run.To)
	i := sort.Search(len(g.windows), func(i int) bool { return g.windows[i].no >= from })
	j := sort.Search(len(g.windows), func(i int) bool { return g.windows[i].no > to })
	return g.windows[i:max(i, j)]
}

// each yields the sums of the windows, which are valid until the next.
func (g *group) each(yield func(*sums) bool) {
	var s sums
	for i := range g.windows {
		if g.windows[i].expand(&s); !yield(&s) {
			return
		}
	}
}

// recorded runs from the first to the last day of a group with windows.
func (g *group) recorded() history.Days {
	first, last := &g.windows[0], &g.windows[len(g.windows)-1]
	return history.Days{From: (&window{mask: first.mask, num: uint16(first.no)}).first(), To: (&window{mask: last.mask, num: uint16(last.no)}).last()}
}

// close packs the windows that were changed.
func (g *group) close() {
	if len(g.open) == 0 {
		return
	}
	was := g.windows
	g.windows = make([]packedSums, 0, len(was)+len(g.open))
	for i, j := 0, 0; i < len(was) || j < len(g.open); {
		if j == len(g.open) || i < len(was) && was[i].no < g.open[j].no {
			g.windows = append(g.windows, was[i])
			i++
			continue
		}
		if i < len(was) && was[i].no == g.open[j].no {
			i++
		}
		if g.open[j].mask != 0 {
			g.windows = append(g.windows, g.open[j].pack())
		}
		j++
	}
	g.windows, g.open = slices.Clip(g.windows), nil
}

// groupEditor makes new groups out of those of a Table: what it changes it copies
// first, what it leaves alone is shared.
type groupEditor struct {
	groups map[groupKey]*group
	fresh  map[groupKey]bool
}

func editGroups(groups []*group) *groupEditor {
	e := &groupEditor{
		groups: make(map[groupKey]*group, len(groups)),
		fresh:  make(map[groupKey]bool),
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
		g = &c
	}
	e.groups[key], e.fresh[key] = g, true
	return g
}

// window returns window no of a fresh group, made ready to be changed.
func (g *group) window(no int32) *sums {
	s, found := g.open.window(no)
	if !found {
		i, packed := slices.BinarySearchFunc(g.windows, no, func(p packedSums, no int32) int { return int(p.no) - int(no) })
		if packed {
			g.windows[i].expand(s)
		}
	}
	return s
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
		s := g.window(w.no())
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
		case p.merged == p.old:
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
		case j == len(now.windows) || i < len(old.windows) && old.windows[i].no() < now.windows[j].no():
			no = old.windows[i].no()
			old.windows[i].expand(old.data, &p)
			i++
		case i == len(old.windows) || old.windows[i].no() > now.windows[j].no():
			no = now.windows[j].no()
			now.windows[j].expand(now.data, &q)
			j++
		default:
			v, w := &old.windows[i], &now.windows[j]
			if no = v.no(); !sameNumbers(old, v, now, w) {
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
				s = g.window(no)
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
		for s := range o.each {
			g.window(s.no).merge(s)
		}
	}
}

// list returns the groups, ordered by type and organization.
func (e *groupEditor) list() []*group {
	out := make([]*group, 0, len(e.groups))
	for _, g := range e.groups {
		if g != nil {
			if e.fresh[g.key] {
				g.close()
			}
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(g, h *group) int { return g.key.compare(h.key) })
	return out
}
