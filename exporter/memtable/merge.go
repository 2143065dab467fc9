package memtable

import (
	"bytes"
	"math/bits"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Union merges two tables by the merge rules. The outcome is the same whichever
// comes first, and a table merged twice changes nothing.
func (t *Table) Union(n *Table) *Table {
	m := merger{}
	merged, _ := m.merge(t, n)
	return merged
}

// Append merges n into t as new information. Besides the merged table it returns
// the delta, what t did not know: records that are new, that replaced others, or
// that were told again at a newer age, and metadata that differ. merged equals
// t.Union(delta).
//
// What the Hub took back is counted in RepoMeta.Corrected: for a repository the
// larger of the fall of its total and of the net fall of its published days, if a
// newer export told them. RepoMeta.CorrectedAsOf is then the age of what told a fall.
func (t *Table) Append(n *Table) (merged, delta *Table, change history.Change) {
	m := merger{corrections: true}
	merged, delta = m.merge(t, n)
	change = m.change
	change.Records = change.New + change.Changed + change.Unchanged + change.Outdated
	change.Repos = int64(len(n.cols))
	change.Days = n.numDays()
	return merged, delta, change
}

// merger merges one table into another.
type merger struct {
	// corrections asks to count them.
	corrections bool
	change      history.Change
	groups      *groupEditor
	// rebuild has the groups that a repository left or came back to.
	rebuild map[groupKey]bool
	// old, new and gain are windows being merged.
	old, new, gain plain
	merged, gained packer
	// lowered and raised sum up how published days of a repository were revised,
	// and loweredAsOf is when the newest of the lower numbers was told.
	lowered, raised int64
	loweredAsOf     history.AsOf
}

func (m *merger) merge(t, n *Table) (merged, delta *Table) {
	if n.IsEmpty() {
		return t, Empty()
	}
	if t.IsEmpty() {
		for _, c := range n.cols {
			m.change.New += c.records
		}
		return n, n
	}
	m.groups = editGroups(t.groups)
	m.rebuild = make(map[groupKey]bool)
	cols := make([]*column, 0, max(len(t.cols), len(n.cols)))
	var gains, added []*column
	i, j := 0, 0
	for i < len(t.cols) || j < len(n.cols) {
		c := 0
		switch {
		case i == len(t.cols):
			c = 1
		case j == len(n.cols):
			c = -1
		default:
			c = t.cols[i].meta.Repo.Compare(n.cols[j].meta.Repo)
		}
		switch {
		case c < 0:
			cols = append(cols, t.cols[i])
			i++
		case c > 0:
			cols = append(cols, n.cols[j])
			added = append(added, n.cols[j])
			gains = append(gains, n.cols[j])
			m.change.New += n.cols[j].records
			j++
		default:
			both, gain := m.column(t.cols[i], n.cols[j])
			cols = append(cols, both)
			if gain != nil {
				gains = append(gains, gain)
			}
			i, j = i+1, j+1
		}
	}
	switch {
	case len(gains) == 0:
		return t, Empty()
	case len(added) == len(n.cols):
		// Sums of whole groups are added at once, without a look at the records.
		m.groups.addGroups(n.groups)
		return newTable(cols, m.groups.list()), n
	}
	for _, c := range added {
		m.groups.addColumn(c)
	}
	for key := range m.rebuild {
		m.groups.rebuild(key, cols)
	}
	return newTable(cols, m.groups.list()), deltaTable(gains)
}

func deltaTable(cols []*column) *Table {
	e := editGroups(nil)
	for _, c := range cols {
		e.addColumn(c)
	}
	return newTable(cols, e.list())
}

// column merges two columns of one repository. gain is what old did not know, nil
// if it knew all.
func (m *merger) column(old, new *column) (merged, gain *column) {
	days, gained, fall := m.days(old, new)
	meta := old.meta
	meta.MergeFrom(&new.meta)
	if m.corrections {
		if fall > 0 {
			meta.CorrectedAsOf = max(meta.CorrectedAsOf, m.loweredAsOf)
		}
		if less := fallOfTotal(old.meta, new.meta); less > 0 {
			meta.CorrectedAsOf = max(meta.CorrectedAsOf, new.meta.TotalAsOf)
			fall = max(fall, less)
		}
		if fall > 0 {
			meta.Corrected = addCounts(meta.Corrected, fall)
			m.change.Corrected = addCounts(m.change.Corrected, fall)
		}
	}
	if meta == old.meta && gained.records == 0 {
		return old, nil
	}
	m.addMeta(old, meta)
	if old.moved() || meta.Moved() {
		m.rebuild[keyOf(meta.Repo)] = true
	}
	gainedMeta := meta
	if meta == old.meta {
		// Only days are news: the delta need not tell the metadata again.
		gainedMeta = history.NewRepoMeta(meta.Repo)
	}
	return newColumn(meta, days), newColumn(gainedMeta, gained)
}

// fallOfTotal returns by how much the total fell, if now told a newer one than was
// known; it is negative if it rose.
func fallOfTotal(was, now history.RepoMeta) int64 {
	if was.Total == history.Unknown || now.Total == history.Unknown || now.TotalAsOf <= was.TotalAsOf {
		return 0
	}
	return was.Total - now.Total
}

// addMeta brings the group up to date with the new metadata of a column.
func (m *merger) addMeta(old *column, meta history.RepoMeta) {
	if meta.Total == old.meta.Total {
		return
	}
	g := m.groups.group(keyOf(meta.Repo))
	if old.meta.Total > 0 {
		g.total.sub(old.meta.Total)
	}
	if meta.Total > 0 {
		g.total.add(meta.Total)
	}
}

// days merges the windows of two columns. fall is by how much published days fell
// in a newer export, all in all; it is negative if they rose.
func (m *merger) days(old, new *column) (merged, gained days, fall int64) {
	m.lowered, m.raised, m.loweredAsOf = 0, 0, 0
	i, j := 0, 0
	for i < len(old.windows) || j < len(new.windows) {
		switch {
		case j == len(new.windows) || i < len(old.windows) && old.windows[i].no < new.windows[j].no:
			m.merged.copy(&old.days, i)
			i++
		case i == len(old.windows) || old.windows[i].no > new.windows[j].no:
			m.adopt(new, j)
			j++
		default:
			m.window(old, i, new, j)
			i, j = i+1, j+1
		}
	}
	fall = m.lowered - m.raised
	gained = m.gained.finish()
	if gained.records == 0 {
		m.merged.reset()
		return old.days, days{}, fall
	}
	return m.merged.finish(), gained, fall
}

// adopt takes window j of new, of whose days nothing was known.
func (m *merger) adopt(new *column, j int) {
	m.merged.copy(&new.days, j)
	m.gained.copy(&new.days, j)
	w := &new.windows[j]
	m.change.New += int64(w.records())
	w.expand(new.data, &m.new)
	g := m.groups.group(keyOf(new.meta.Repo))
	g.records += int64(w.records())
	s := m.groups.window(g, w.no)
	for b := w.mask; b != 0; b &= b - 1 {
		bit := bits.TrailingZeros64(b)
		s.add(bit, m.new.downloads[bit])
	}
}

// window merges window i of old with window j of new, of the same number.
func (m *merger) window(old *column, i int, new *column, j int) {
	v, w := &old.windows[i], &new.windows[j]
	if v.mask == w.mask && v.width == w.width && v.source != 0 && w.source != 0 &&
		bytes.Equal(old.packed(i), new.packed(j)) {
		// The same numbers, told again: the usual case for all but the last window.
		m.change.Unchanged += int64(w.records())
		if w.version().Compare(v.version()) > 0 {
			m.merged.copy(&new.days, j)
			m.gained.copy(&new.days, j)
		} else {
			m.merged.copy(&old.days, i)
		}
		return
	}
	v.expand(old.data, &m.old)
	w.expand(new.data, &m.new)
	m.gain.mask = 0
	var sums *sums
	var group *group
	edit := func() {
		if sums == nil {
			group = m.groups.group(keyOf(new.meta.Repo))
			sums = m.groups.window(group, w.no)
		}
	}
	for b := w.mask; b != 0; b &= b - 1 {
		bit := bits.TrailingZeros64(b)
		now, version := m.new.downloads[bit], m.new.at(bit)
		if m.old.mask&(1<<bit) == 0 {
			m.change.New++
			edit()
			group.records++
			sums.add(bit, now)
		} else {
			was, known := m.old.downloads[bit], m.old.at(bit)
			wins := history.Beats(version, now, known, was)
			switch {
			case now == was:
				m.change.Unchanged++
			case wins:
				m.change.Changed++
				edit()
				sums.replace(bit, was, now)
				if version.Source == history.Published && known.Source == history.Published {
					m.revise(was, now, version.AsOf)
				}
			default:
				m.change.Outdated++
			}
			if !wins {
				continue
			}
		}
		m.old.set(bit, now, version)
		m.gain.set(bit, now, version)
	}
	m.merged.pack(v.no, &m.old)
	m.gained.pack(v.no, &m.gain)
}

// revise takes note of a published number that replaced another.
func (m *merger) revise(was, now int64, asOf history.AsOf) {
	if now < was {
		m.lowered = addCounts(m.lowered, was-now)
		m.loweredAsOf = max(m.loweredAsOf, asOf)
		return
	}
	m.raised = addCounts(m.raised, now-was)
}

// numDays returns the number of different days that have a record.
func (t *Table) numDays() int64 {
	masks := make(map[int32]uint64)
	for _, g := range t.groups {
		for _, s := range g.windows {
			masks[s.no] |= s.mask
		}
	}
	for _, c := range t.cols {
		if c.moved() {
			for i := range c.windows {
				masks[c.windows[i].no] |= c.windows[i].mask
			}
		}
	}
	n := 0
	for _, m := range masks {
		n += bits.OnesCount64(m)
	}
	return int64(n)
}
