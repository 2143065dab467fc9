//gosec:disable G115 -- packed values keep their bits

package memtable

import (
	"math/bits"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

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

// packedSums are sums as they are kept: most groups are of few repositories.
type packedSums struct {
	mask uint64
	all  wide
	// data has the sums of the days in mask packed in width bits each, then how many records
	// they are of, less one, in countWidth bits each, and slack.
	data              []byte
	no                int32
	width, countWidth uint8
}

// wideSums is a width of sums of which one does not fit 64 bits: each is two numbers.
const wideSums = 128

// pack packs the sums, which are not empty.
func (s *sums) pack() packedSums {
	p := packedSums{mask: s.mask, all: s.all, no: s.no}
	var values [2 * windowDays]uint64
	var counts [windowDays]uint64
	var any, high, many uint64
	n := 0
	for m := s.mask; m != 0; m &= m - 1 {
		bit := bits.TrailingZeros64(m)
		values[n], values[windowDays+n], counts[n] = s.days[bit].lo, s.days[bit].hi, uint64(uint32(s.records[bit]-1))
		any, high, many = any|values[n], high|values[windowDays+n], many|counts[n]
		n++
	}
	p.width, p.countWidth = widthOf(any), widthOf(many)
	size := packedLen(n, p.width) + packedLen(n, p.countWidth) + slack
	if high != 0 {
		p.width = wideSums
		size = 16*n + packedLen(n, p.countWidth) + slack
	}
	p.data = make([]byte, 0, size)
	if high != 0 {
		p.data = appendPacked(appendPacked(p.data, values[:n], 64), values[windowDays:windowDays+n], 64)
	} else {
		p.data = appendPacked(p.data, values[:n], p.width)
	}
	p.data = appendPacked(p.data, counts[:n], p.countWidth)
	p.data = p.data[:size]
	return p
}

// expand sets s to the sums.
func (p *packedSums) expand(s *sums) {
	*s = sums{no: p.no, mask: p.mask, all: p.all}
	var values, highs, counts [windowDays]uint64
	n := bits.OnesCount64(p.mask)
	at := packedLen(n, p.width)
	if p.width == wideSums {
		unpack(values[:n], p.data, 64, 0)
		unpack(highs[:n], p.data, 64, n)
		at = 16 * n
	} else {
		unpack(values[:n], p.data, p.width, 0)
	}
	unpack(counts[:n], p.data[at:], p.countWidth, 0)
	i := 0
	for m := p.mask; m != 0; m &= m - 1 {
		bit := bits.TrailingZeros64(m)
		s.days[bit], s.records[bit] = wide{hi: highs[i], lo: values[i]}, int32(uint32(counts[i]))+1
		i++
	}
}

func (p *packedSums) clip(run history.Days) uint64 {
	w := window{mask: p.mask, num: uint16(p.no)}
	return w.clip(run)
}

func (s *sums) clip(run history.Days) uint64 {
	w := window{mask: s.mask, num: uint16(s.no)}
	return w.clip(run)
}

// openSums are sums that may be changed, ascending by number.
type openSums []*sums

// window returns window no, which is new if there is none. found says that there was.
func (o *openSums) window(no int32) (s *sums, found bool) {
	i, found := slices.BinarySearchFunc(*o, no, func(s *sums, no int32) int { return int(s.no) - int(no) })
	if !found {
		*o = slices.Insert(*o, i, &sums{no: no})
	}
	return (*o)[i], found
}
