package memtable

import (
	"bytes"
	"iter"
	"math/bits"
	"sync"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/parallel"
)

// Union merges two tables by the merge rules. The outcome is the same whichever
// comes first, and a table merged twice changes nothing.
func (t *Table) Union(n *Table) *Table {
	merged, _, _ := merge(t, n, merging{})
	return merged
}

// Append merges n into t as new information. Besides the merged table it returns
// the delta, what t did not know: records that are new, that replaced others, or
// that were reported again at a newer age, readings, and metadata that differ. merged
// equals t.Union(delta). The days of delta are the stored ones alone.
func (t *Table) Append(n *Table) (merged, delta *Table, change history.Change) {
	merged, delta, change = merge(t, n, merging{gains: true})
	change.Records = change.New + change.Changed + change.Unchanged + change.Outdated
	change.Repos = int64(len(n.cols))
	change.Days = n.numDays()
	return merged, delta, change
}

// merging says how tables are merged.
type merging struct {
	// gains says that what is new is asked for, underived that nothing is to follow from
	// readings yet, nor to be summed up.
	gains, underived bool
}

// merger merges columns of repositories.
type merger struct {
	merging
	change history.Change
	// old, new and gain are windows being merged.
	old, new, gain plain
	merged, gained packer
	reading        readingMerger
	readings       readingPacker
	deriver        deriver
}

// pair is what two tables have of one repository, and what both have together: that is old
// itself if it knew all. gain is what it did not know, if that is asked for.
type pair struct {
	old, new     *column // nil if there is none
	merged, gain *column
}

// pairs returns what two tables have, in the order of repositories.
func pairs(t, n *Table) []pair {
	out := make([]pair, 0, max(len(t.cols), len(n.cols)))
	for i, j := 0, 0; i < len(t.cols) || j < len(n.cols); {
		c := 0
		switch {
		case i == len(t.cols):
			c = 1
		case j == len(n.cols):
			c = -1
		default:
			c = t.cols[i].meta.Repo.Compare(n.cols[j].meta.Repo)
		}
		var p pair
		if c <= 0 {
			p.old, p.merged = t.cols[i], t.cols[i]
			i++
		}
		if c >= 0 {
			p.new, p.merged, p.gain = n.cols[j], n.cols[j], n.cols[j]
			j++
		}
		out = append(out, p)
	}
	return out
}

// merge merges n into t with all processors. delta is nil unless gains are asked for.
func merge(t, n *Table, how merging) (merged, delta *Table, change history.Change) {
	if n.IsEmpty() {
		return t, Empty(), change
	}
	if t.IsEmpty() {
		m := merger{}
		for _, c := range n.cols {
			m.added(c)
		}
		return n, n, m.change
	}
	all := pairs(t, n)
	shared := newSharedMoments()
	var mu sync.Mutex
	parallel.Run(len(all), partColumns, func(parts iter.Seq2[int, int]) {
		m := merger{merging: how, readings: readingPacker{shared: shared}}
		for from, to := range parts {
			for i := from; i < to; i++ {
				m.merge(&all[i])
			}
		}
		mu.Lock()
		defer mu.Unlock()
		addChange(&change, &m.change)
	})
	cols, news, changed, added := make([]*column, len(all)), []*column(nil), false, 0
	for i := range all {
		p := &all[i]
		cols[i] = p.merged
		changed = changed || p.merged != p.old
		if p.gain != nil {
			news = append(news, p.gain)
		}
		if p.old == nil {
			added++
		}
	}
	if !changed {
		return t, Empty(), change
	}
	if how.underived {
		return newTable(cols, nil), nil, change
	}
	groups := editGroups(t.groups)
	if added == len(n.cols) {
		// Sums of whole groups are added at once, without a look at the records.
		groups.addGroups(n.groups)
		delta = n
	} else {
		groups.addPairs(all, cols)
		if how.gains {
			delta = deltaTable(news)
		}
	}
	merged = newTable(cols, groups.list())
	merged.carry(t, all)
	return merged, delta, change
}

// addChange adds what one processor counted.
func addChange(to, c *history.Change) {
	to.New, to.Changed, to.Unchanged, to.Outdated = to.New+c.New, to.Changed+c.Changed, to.Unchanged+c.Unchanged, to.Outdated+c.Outdated
	to.Removed = addCounts(to.Removed, c.Removed)
}

// merge works out what both columns of a pair have.
func (m *merger) merge(p *pair) {
	switch {
	case p.new == nil:
	case p.old == nil:
		m.added(p.new)
	default:
		p.merged, p.gain = m.column(p.old, p.new)
	}
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
	first, b, tail, gainedReadings := m.reading.merge(meta.Repo, old.read, new.read)
	if meta == old.meta && gained.records == 0 && len(gainedReadings) == 0 {
		return old, nil
	}
	if m.gains {
		gain = newColumn(history.NewRepoMeta(meta.Repo), gained)
		if meta != old.meta {
			// If only days or readings are news, the delta need not repeat the metadata.
			gain.meta = meta
		}
	}
	read := old.read
	before := knownBefore{old: old, unchanged: first, keptSame: gained.records == 0 && old.meta.StartAsOf == meta.StartAsOf}
	if len(gainedReadings) > 0 {
		read = m.readings.pack(old.read, b, min(first, old.read.len()), tail)
		if m.gains {
			gain.read = m.readings.packAll(gainedReadings)
		}
		before.tail, before.b = tail, b
	}
	if m.underived {
		return underivedColumn(meta, stored, read), nil
	}
	merged = m.deriver.column(meta, stored, read, &before)
	m.change.New += max((merged.records-old.records)-(stored.records-was.records), 0)
	m.change.Removed = addCounts(m.change.Removed, max(merged.meta.Removed-old.meta.Removed, 0))
	return merged, gain
}

// days merges the windows of the stored days of two columns.
func (m *merger) days(old, new *days) (merged, gained days) {
	i, j := 0, 0
	for i < len(old.windows) || j < len(new.windows) {
		switch {
		case j == len(new.windows) || i < len(old.windows) && old.windows[i].no() < new.windows[j].no():
			m.merged.copy(old, i)
			i++
		case i == len(old.windows) || old.windows[i].no() > new.windows[j].no():
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
	m.merged.pack(v.no(), &m.old)
	m.gained.pack(v.no(), &m.gain)
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
				masks[c.windows[i].no()] |= c.windows[i].mask
			}
		}
	}
	n := 0
	for _, m := range masks {
		n += bits.OnesCount64(m)
	}
	return int64(n)
}
