package memtable

import (
	"bytes"
	"math/bits"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Union merges two tables by the merge rules. The outcome is the same whichever
// comes first, and a table merged twice changes nothing.
func (t *Table) Union(n *Table) *Table {
	m := newMerger()
	merged, _ := m.merge(t, n)
	return merged
}

// Append merges n into t as new information. Besides the merged table it returns
// the delta, what t did not know: records that are new, that replaced others, or
// that were reported again at a newer age, readings, and metadata that differ. merged
// equals t.Union(delta). The days of delta are the stored ones alone.
func (t *Table) Append(n *Table) (merged, delta *Table, change history.Change) {
	m := newMerger()
	merged, delta = m.merge(t, n)
	change = m.change
	change.Records = change.New + change.Changed + change.Unchanged + change.Outdated
	change.Repos = int64(len(n.cols))
	change.Days = n.numDays()
	return merged, delta, change
}

// merger merges one table into another.
type merger struct {
	change history.Change
	groups *groupEditor
	// rebuild has the groups that a repository left or came back to.
	rebuild map[groupKey]bool
	// old, new and gain are windows being merged.
	old, new, gain plain
	merged, gained packer
	readings       readingPacker
	deriver        deriver
}

func newMerger() *merger { return &merger{readings: readingPacker{shared: new(sharedMoments)}} }

func (m *merger) merge(t, n *Table) (merged, delta *Table) {
	if n.IsEmpty() {
		return t, Empty()
	}
	if t.IsEmpty() {
		for _, c := range n.cols {
			m.added(c)
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
			m.added(n.cols[j])
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

// added counts a repository that was not known.
func (m *merger) added(c *column) {
	m.change.New += c.records
	m.change.Removed = addCounts(m.change.Removed, c.meta.Removed)
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
	was := old.storedDays()
	stored, gained := m.days(was, new.storedDays())
	meta := old.meta
	meta.MergeFrom(&new.meta)
	first, tail, gainedReadings := mergeReadings(meta.Repo, old.read, new.read)
	if meta == old.meta && gained.records == 0 && len(gainedReadings) == 0 {
		return old, nil
	}
	read := old.read
	gain = newColumn(history.NewRepoMeta(meta.Repo), gained)
	if meta != old.meta {
		// If only days or readings are news, the delta need not repeat the metadata.
		gain.meta = meta
	}
	if len(gainedReadings) > 0 {
		start := old.read.from(new.read.moments[0].day()) // as mergeReadings has it
		read = m.readings.pack(old.read, start/blockReadings, tail)
		gain.read = m.readings.pack(nil, 0, gainedReadings)
	}
	merged = m.deriver.column(meta, stored, read, old, first, gained.records == 0 && old.meta.StartAsOf == meta.StartAsOf)
	m.change.New += max((merged.records-old.records)-(stored.records-was.records), 0)
	m.change.Removed = addCounts(m.change.Removed, max(merged.meta.Removed-old.meta.Removed, 0))
	if old.moved() || meta.Moved() {
		m.rebuild[keyOf(meta.Repo)] = true
		return merged, gain
	}
	m.addMeta(old, meta)
	m.groups.replaceDays(keyOf(meta.Repo), &old.days, &merged.days)
	return merged, gain
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

// days merges the windows of the stored days of two columns.
func (m *merger) days(old, new *days) (merged, gained days) {
	i, j := 0, 0
	for i < len(old.windows) || j < len(new.windows) {
		switch {
		case j == len(new.windows) || i < len(old.windows) && old.windows[i].no < new.windows[j].no:
			m.merged.copy(old, i)
			i++
		case i == len(old.windows) || old.windows[i].no > new.windows[j].no:
			m.merged.copy(new, j)
			m.gained.copy(new, j)
			m.change.New += int64(new.windows[j].records())
			j++
		default:
			m.window(old, i, new, j)
			i, j = i+1, j+1
		}
	}
	gained = m.gained.finish()
	if gained.records == 0 {
		m.merged.reset()
		return *old, days{}
	}
	return m.merged.finish(), gained
}

// window merges window i of old with window j of new, of the same number.
func (m *merger) window(old *days, i int, new *days, j int) {
	v, w := &old.windows[i], &new.windows[j]
	if v.mask == w.mask && v.width == w.width && v.source != 0 && w.source != 0 &&
		bytes.Equal(old.packed(i), new.packed(j)) {
		// The same numbers again: the usual case for all but the last window.
		m.change.Unchanged += int64(w.records())
		if w.version().Compare(v.version()) > 0 {
			m.merged.copy(new, j)
			m.gained.copy(new, j)
		} else {
			m.merged.copy(old, i)
		}
		return
	}
	v.expand(old.data, &m.old)
	w.expand(new.data, &m.new)
	m.gain.mask = 0
	for b := w.mask; b != 0; b &= b - 1 {
		bit := bits.TrailingZeros64(b)
		now, version := m.new.downloads[bit], m.new.at(bit)
		if m.old.mask&(1<<bit) == 0 {
			m.change.New++
		} else {
			was, known := m.old.downloads[bit], m.old.at(bit)
			wins := history.Beats(version, now, known, was)
			switch {
			case now == was:
				m.change.Unchanged++
			case wins:
				m.change.Changed++
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
