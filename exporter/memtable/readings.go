//gosec:disable G115 -- packed values keep their bits

package memtable

import (
	"encoding/binary"
	"slices"
	"sort"
	"sync"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// readings are the readings of a repository, ascending by day and packed. They are
// immutable.
type readings struct {
	// moments are the times of the readings. Repositories that were read together share them.
	moments []moment
	// blocks are where each run of blockReadings begins in data.
	blocks []uint32
	data   []byte // with slack
	// ids are the ids of the Hub's that the readings have.
	ids    []string
	resume *resume
}

// moment is the time of a reading: of the first answer of its day, and of the last.
type moment struct{ first, last history.AsOf }

// blockReadings is how many readings are packed together.
const blockReadings = 128

// lastMonth is how many readings before one its total is about that of 30 days ago.
const lastMonth = 30

func (r *readings) len() int {
	if r == nil {
		return 0
	}
	return len(r.moments)
}

func (m moment) day() history.Day { return m.last.Day() }

// from returns the place of the first reading of day or a later one.
func (r *readings) from(day history.Day) int {
	return sort.Search(r.len(), func(i int) bool { return r.moments[i].day() >= day })
}

func (r *readings) memory() int64 {
	if r == nil {
		return 0
	}
	b := readingsSize + int64(cap(r.blocks))*4 + int64(cap(r.data)) + int64(cap(r.ids))*16
	if r.resume != nil {
		b += resumeSize
	}
	return b
}

// each yields the readings of the places from..to.
func (r *readings) each(repo history.Repo, from, to int, yield func(*history.Reading) bool) bool {
	var buf []history.Reading
	for b := from / blockReadings; b*blockReadings < to; b++ {
		buf = r.block(buf[:0], repo, b)
		for i := range buf {
			if at := b*blockReadings + i; at >= from && at < to && !yield(&buf[i]) {
				return false
			}
		}
	}
	return true
}

// after appends the readings from block b on.
func (r *readings) after(to []history.Reading, repo history.Repo, b int) []history.Reading {
	if r == nil {
		return to
	}
	for ; b < len(r.blocks); b++ {
		to = r.block(to, repo, b)
	}
	return to
}

// numbers are the columns of a block. Those from numFirst on are there only if a day had
// several answers.
const (
	numTotal = iota
	numLikes
	numOrigin
	numID
	numMonth
	numFirst
	numHigh
	numHighMonth
	numNumbers
)

// block appends the readings of block b.
func (r *readings) block(to []history.Reading, repo history.Repo, b int) []history.Reading {
	moments := r.moments[b*blockReadings : min(len(r.moments), (b+1)*blockReadings)]
	n, start := len(moments), len(to)
	var values [numNumbers][blockReadings]int64
	d := r.data[r.blocks[b]:]
	columns := numNumbers
	if d[0] == 0 {
		columns = numFirst
	}
	d = d[1:]
	for c := range columns {
		if c == numMonth {
			d = readNumbers(values[c][:min(n, lastMonth)], d)
			if n > lastMonth {
				d = readNumbers(values[c][lastMonth:n], d)
			}
			continue
		}
		d = readNumbers(values[c][:n], d)
	}
	total := &values[numTotal]
	for i := lastMonth; i < n; i++ {
		values[numMonth][i] += total[i] - total[i-lastMonth]
	}
	to = slices.Grow(to, n)[:start+n]
	for i := range moments {
		x := &to[start+i]
		*x = history.NewReading(repo, moments[i].last, history.Origin(values[numOrigin][i]), total[i], values[numMonth][i], values[numLikes][i])
		x.FirstAsOf = moments[i].first
		if id := values[numID][i]; id > 0 {
			x.HubID = r.ids[id-1]
		}
		if columns == numNumbers {
			x.First, x.High, x.HighMonth = x.Total-values[numFirst][i], x.Total+values[numHigh][i], x.LastMonth+values[numHighMonth][i]
		}
	}
	return to
}

// appendBlock packs readings, at most blockReadings.
func (k *readingPacker) appendBlock(data []byte, all []history.Reading) []byte {
	var values [numNumbers][blockReadings]int64
	columns := numFirst
	for i := range all {
		x := &all[i]
		values[numTotal][i], values[numLikes][i], values[numOrigin][i], values[numMonth][i] = x.Total, x.Likes, int64(x.Origin), x.LastMonth
		values[numFirst][i], values[numHigh][i], values[numHighMonth][i] = x.Total-x.First, x.High-x.Total, x.HighMonth-x.LastMonth
		values[numID][i] = k.id(x.HubID)
		if x.First != x.Total || x.High != x.Total || x.HighMonth != x.LastMonth {
			columns = numNumbers
		}
		if i >= lastMonth {
			// The 30-day number is about what the total grew by in 30 days.
			values[numMonth][i] -= x.Total - all[i-lastMonth].Total
		}
	}
	if columns == numNumbers {
		data = append(data, 1)
	} else {
		data = append(data, 0)
	}
	n := len(all)
	for c := range columns {
		if c == numMonth {
			data = appendNumbers(data, values[c][:min(n, lastMonth)])
			if n > lastMonth {
				data = appendNumbers(data, values[c][lastMonth:n])
			}
			continue
		}
		data = appendNumbers(data, values[c][:n])
	}
	return data
}

// appendNumbers packs numbers, at least one: the first, then the differences, as far as they
// are above the smallest one.
func appendNumbers(data []byte, values []int64) []byte {
	data = binary.AppendVarint(data, values[0])
	if len(values) == 1 {
		return data
	}
	var buf [blockReadings]uint64
	diffs := buf[:len(values)-1]
	least := values[1] - values[0]
	for i := range diffs {
		least = min(least, values[i+1]-values[i])
	}
	var all uint64
	for i := range diffs {
		diffs[i] = uint64(values[i+1] - values[i] - least)
		all |= diffs[i]
	}
	data = binary.AppendVarint(data, least)
	width := widthOf(all)
	return appendPacked(append(data, width), diffs, width)
}

// readNumbers is the inverse of appendNumbers. It returns what follows.
func readNumbers(to []int64, d []byte) []byte {
	first, n := binary.Varint(d)
	d = d[n:]
	to[0] = first
	if len(to) == 1 {
		return d
	}
	least, n := binary.Varint(d)
	width := d[n]
	d = d[n+1:]
	unpack(to[1:], d, width, 0)
	for i := 1; i < len(to); i++ {
		to[i] += to[i-1] + least
	}
	return d[packedLen(len(to)-1, width):]
}

// readingPacker packs the readings of one repository after the other.
type readingPacker struct {
	data   []byte
	blocks []uint32
	added  []moment
	ids    []string
	shared *sharedMoments
}

// pack returns the readings of old before block b, followed by tail, of which there is one at
// least. same is how many of old's readings have the times that they had. All of it is in
// memory of its own, but for the moments.
func (k *readingPacker) pack(old *readings, b, same int, tail []history.Reading) *readings {
	k.data, k.blocks, k.added, k.ids = k.data[:0], k.blocks[:0], k.added[:0], nil
	var before []moment
	if old != nil {
		k.ids, before = slices.Clip(old.ids), old.moments[:same]
	}
	if b > 0 {
		k.blocks = append(k.blocks, old.blocks[:b]...)
		end := len(old.data) - slack
		if b < len(old.blocks) {
			end = int(old.blocks[b])
		}
		k.data = append(k.data, old.data[:end]...)
	}
	for i := same - b*blockReadings; i < len(tail); i++ {
		k.added = append(k.added, moment{tail[i].FirstAsOf, tail[i].AsOf})
	}
	for part := range slices.Chunk(tail, blockReadings) {
		k.blocks = append(k.blocks, uint32(len(k.data)))
		k.data = k.appendBlock(k.data, part)
	}
	r := &readings{moments: k.shared.join(before, k.added), blocks: slices.Clone(k.blocks), ids: k.ids, data: make([]byte, len(k.data)+slack)}
	copy(r.data, k.data)
	return r
}

// union returns old readings, nil for none, with new ones.
func (k *readingPacker) union(m *readingMerger, repo history.Repo, old, new *readings) *readings {
	if old == nil {
		return new
	}
	first, b, tail, gained := m.merge(repo, old, new)
	if len(gained) == 0 {
		return old
	}
	return k.pack(old, b, min(first, old.len()), tail)
}

// packAll returns readings, of which there is one at least.
func (k *readingPacker) packAll(all []history.Reading) *readings { return k.pack(nil, 0, 0, all) }

// id returns the number of an id among those of the readings, 0 for none.
func (k *readingPacker) id(s string) int64 {
	if s == "" {
		return 0
	}
	i := slices.Index(k.ids, s)
	if i < 0 {
		i = len(k.ids)
		k.ids = append(k.ids, s)
	}
	return int64(i) + 1
}

// sharedMoments are moments that repositories have in common. Ones that end alike are the ends
// of one array.
type sharedMoments struct {
	mu sync.Mutex
	// byLast has them by their last element, joined by what they were joined of: the place of
	// the last element before, and the last one that was added.
	byLast map[moment][]moment
	joined map[join][]moment
}

type join struct {
	before *moment
	last   moment
}

func newSharedMoments() *sharedMoments {
	return &sharedMoments{byLast: make(map[moment][]moment), joined: make(map[join][]moment)}
}

// join returns before with what was added, as another repository has it, or in new memory.
func (s *sharedMoments) join(before, added []moment) []moment {
	if len(added) == 0 {
		return before
	}
	n := len(before) + len(added)
	last := added[len(added)-1]
	key := join{last: last}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(before) > 0 {
		key.before = &before[len(before)-1]
		// Two that end at one place are ends of one array, so that what is before is the same.
		if c := s.joined[key]; len(c) >= n && slices.Equal(c[len(c)-len(added):], added) {
			return c[len(c)-n:]
		}
	}
	var all []moment
	if c := s.byLast[last]; len(c) >= n && slices.Equal(c[len(c)-n:len(c)-len(added)], before) && slices.Equal(c[len(c)-len(added):], added) {
		all = c[len(c)-n:]
	} else if all = slices.Concat(before, added); len(c) < n {
		s.byLast[last] = all
	}
	if len(before) > 0 && len(s.joined[key]) < n {
		s.joined[key] = all
	}
	return all
}

// sortReadings puts readings in the order of their days, one of each.
func sortReadings(all []history.Reading) []history.Reading {
	slices.SortStableFunc(all, func(a, b history.Reading) int { return int(a.Day()) - int(b.Day()) })
	out := all[:0]
	for _, r := range all {
		if n := len(out); n > 0 && out[n-1].Day() == r.Day() {
			out[n-1] = out[n-1].Merge(r)
			continue
		}
		out = append(out, r)
	}
	return out
}

// readingMerger merges the readings of one repository after the other. What it returns is
// valid until the next.
type readingMerger struct {
	was, now, tail, gained []history.Reading
}

// merge merges new readings into old ones. first is the place of the first one that differs
// from old, tail are all from block b on, and gained those that differ from old. Nothing is
// gained if old has them all.
func (m *readingMerger) merge(repo history.Repo, old, new *readings) (first, b int, tail, gained []history.Reading) {
	if new.len() == 0 {
		return old.len(), 0, nil, nil
	}
	b = old.from(new.moments[0].day()) / blockReadings
	m.was, m.now = old.after(m.was[:0], repo, b), new.after(m.now[:0], repo, 0)
	m.tail, m.gained = m.tail[:0], m.gained[:0]
	first = old.len() + new.len()
	for i, j := 0, 0; i < len(m.was) || j < len(m.now); {
		switch {
		case j == len(m.now) || i < len(m.was) && m.was[i].Day() < m.now[j].Day():
			m.tail = append(m.tail, m.was[i])
			i++
			continue
		case i == len(m.was) || m.now[j].Day() < m.was[i].Day():
			m.tail = append(m.tail, m.now[j])
			j++
		default:
			r := m.was[i].Merge(m.now[j])
			m.tail = append(m.tail, r)
			i, j = i+1, j+1
			if r == m.was[i-1] {
				continue
			}
		}
		m.gained = append(m.gained, m.tail[len(m.tail)-1])
		first = min(first, b*blockReadings+len(m.tail)-1)
	}
	return first, b, m.tail, m.gained
}
