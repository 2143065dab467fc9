//gosec:disable G115 -- packed values keep their bits

package memtable

import (
	"encoding/binary"
	"math/bits"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// windowDays is the length of a window: the days of a mask.
const windowDays = 64

// windowOf returns the number of the window of d and d's place in it.
func windowOf(d history.Day) (no int32, bit uint) {
	return int32(d) >> 6, uint(d) & 63
}

// dayAt is the inverse of windowOf.
func dayAt(no int32, bit int) history.Day { return history.Day(no<<6 | int32(bit)) }

// window is what a column knows of 64 days. The downloads of the days in mask are
// packed in the column's data from offset on, ascending by day.
//
// If all records are of one version, source and asOf are it. Otherwise source is
// 0, and behind the downloads stand the versions: a unit of eight bytes, a width
// of one byte, the ages in units since asOf packed at that width, the sources
// packed at sourceWidth.
type window struct {
	mask   uint64
	sum    int64 // of all downloads, stays at the largest int64
	asOf   history.AsOf
	offset uint32
	num    uint16
	width  uint8
	source history.Source
}

const (
	versionHeader = 9
	sourceWidth   = 2
)

// no is the number of the window: no day has one below zero, or of more than 16 bits.
func (w *window) no() int32 { return int32(w.num) }

// records returns the number of days that have a record.
func (w *window) records() int { return bits.OnesCount64(w.mask) }

// between returns the bits lo..hi of a mask, both included.
func between(lo, hi uint) uint64 { return ^uint64(0) << lo & (^uint64(0) >> (63 - hi)) }

// clip returns the bits of the window's mask that lie in days.
func (w *window) clip(days history.Days) uint64 {
	first, last := dayAt(w.no(), 0), dayAt(w.no(), 63)
	if days.From <= first && days.To >= last {
		return w.mask
	}
	if days.To < first || days.From > last {
		return 0
	}
	lo, hi := max(days.From, first)-first, min(days.To, last)-first
	return w.mask & between(uint(lo), uint(hi))
}

// values unpacks the downloads of the days in part, a run of bits of the mask,
// ascending by day into buf, and returns them.
func (w *window) values(data []byte, part uint64, buf *[windowDays]int64) []int64 {
	if part == 0 {
		return buf[:0]
	}
	start := bits.OnesCount64(w.mask & (uint64(1)<<bits.TrailingZeros64(part) - 1))
	out := buf[:bits.OnesCount64(part)]
	unpack(out, data[w.offset:], w.width, start)
	return out
}

// plain is a window unpacked: each day at its own place. Days out of mask hold
// whatever was there before.
type plain struct {
	mask      uint64
	downloads [windowDays]int64
	// versions holds the version of each day if mixed, else all are of version.
	mixed    bool
	version  history.Version
	versions [windowDays]history.Version
}

// at returns the version of the day at bit.
func (p *plain) at(bit int) history.Version {
	if p.mixed {
		return p.versions[bit]
	}
	return p.version
}

// set puts a record at bit, in place of whatever is there.
func (p *plain) set(bit int, downloads int64, v history.Version) {
	switch {
	case p.mask == 0:
		p.mixed, p.version = false, v
	case !p.mixed && v != p.version:
		p.mixed = true
		for m := p.mask; m != 0; m &= m - 1 {
			p.versions[bits.TrailingZeros64(m)] = p.version
		}
	}
	if p.mixed {
		p.versions[bit] = v
	}
	p.mask |= 1 << bit
	p.downloads[bit] = downloads
}

// expand unpacks w into p.
func (w *window) expand(data []byte, p *plain) {
	p.mask = w.mask
	p.mixed = w.source == 0
	p.version = history.Version{Source: w.source, AsOf: w.asOf}
	var buf [windowDays]int64
	spread(&p.downloads, w.values(data, w.mask, &buf), w.mask)
	if p.mixed {
		w.expandVersions(data, p)
	}
}

func (w *window) expandVersions(data []byte, p *plain) {
	n := w.records()
	data = data[int(w.offset)+packedLen(n, w.width):]
	unit := int64(binary.LittleEndian.Uint64(data))
	width := data[8]
	data = data[versionHeader:]
	var ages, sources [windowDays]int64
	unpack(ages[:n], data, width, 0)
	unpack(sources[:n], data[packedLen(n, width):], sourceWidth, 0)
	i := 0
	for m := w.mask; m != 0; m &= m - 1 {
		p.versions[bits.TrailingZeros64(m)] = history.Version{
			Source: history.Source(sources[i]),
			AsOf:   w.asOf + history.AsOf(ages[i]*unit),
		}
		i++
	}
}

// spread puts values, ascending by day, at the places of the bits of mask.
func spread(dst *[windowDays]int64, values []int64, mask uint64) {
	if mask == ^uint64(0) {
		copy(dst[:], values)
		return
	}
	i := 0
	for m := mask; m != 0; m &= m - 1 {
		dst[bits.TrailingZeros64(m)] = values[i]
		i++
	}
}

// appendWindow packs p as window no behind data. It returns the window and the
// longer data, without slack.
func appendWindow(data []byte, no int32, p *plain) (window, []byte) {
	var buf [windowDays]int64
	n := 0
	for m := p.mask; m != 0; m &= m - 1 {
		buf[n] = p.downloads[bits.TrailingZeros64(m)]
		n++
	}
	w, data := appendValues(data, no, p.mask, buf[:n], p.version)
	if p.mixed {
		w.source, w.asOf, data = appendVersions(data, p)
	}
	return w, data
}

// appendValues is appendWindow of the days in mask, all of version v; values are theirs.
func appendValues(data []byte, no int32, mask uint64, values []int64, v history.Version) (window, []byte) {
	w := window{mask: mask, num: uint16(no), offset: uint32(len(data)), source: v.Source, asOf: v.AsOf}
	var all uint64
	for _, v := range values {
		all |= uint64(v)
		w.sum = addCounts(w.sum, v)
	}
	w.width = widthOf(all)
	return w, appendPacked(data, values, w.width)
}

// appendVersions packs the versions of p, which are mixed, unless they have become
// one. It returns what the window has to say of them.
func appendVersions(data []byte, p *plain) (history.Source, history.AsOf, []byte) {
	first := p.versions[bits.TrailingZeros64(p.mask)]
	base, same := first.AsOf, true
	for m := p.mask; m != 0; m &= m - 1 {
		v := p.versions[bits.TrailingZeros64(m)]
		base = min(base, v.AsOf)
		same = same && v == first
	}
	if same {
		return first.Source, first.AsOf, data
	}
	var ages, sources [windowDays]uint64
	var unit uint64
	n := 0
	for m := p.mask; m != 0; m &= m - 1 {
		v := p.versions[bits.TrailingZeros64(m)]
		ages[n], sources[n] = uint64(v.AsOf-base), uint64(v.Source)
		unit = gcd(unit, ages[n])
		n++
	}
	// Sources state whole seconds or minutes rather than microseconds: counted in
	// their own unit, ages take few bits.
	unit = max(unit, 1)
	var all uint64
	for i := range ages[:n] {
		ages[i] /= unit
		all |= ages[i]
	}
	width := widthOf(all)
	data = binary.LittleEndian.AppendUint64(data, unit)
	data = append(data, width)
	data = appendPacked(data, ages[:n], width)
	data = appendPacked(data, sources[:n], sourceWidth)
	return 0, base, data
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// first returns the first day that has a record.
func (w *window) first() history.Day { return dayAt(w.no(), bits.TrailingZeros64(w.mask)) }

// last returns the last day that has a record.
func (w *window) last() history.Day { return dayAt(w.no(), 63-bits.LeadingZeros64(w.mask)) }

// version returns the version of all records; it is not to be asked of a window
// whose records are of several.
func (w *window) version() history.Version {
	return history.Version{Source: w.source, AsOf: w.asOf}
}
