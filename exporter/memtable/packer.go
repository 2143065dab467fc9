//gosec:disable G115 -- packed values keep their bits

package memtable

import (
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// packer puts the days of one repository together, window by window, ascending.
// It is used again for the next repository.
type packer struct {
	windows []window
	data    []byte
	records int64
	sum     wide
}

// pack adds window no, unless it holds no record.
func (k *packer) pack(no int32, p *plain) {
	if p.mask == 0 {
		return
	}
	var w window
	w, k.data = appendWindow(k.data, no, p)
	k.push(w)
}

// packSeries adds the days of a repository, ascending, all of version v.
func (k *packer) packSeries(days []history.Day, downloads []int64, v history.Version) {
	for from, to := 0, 0; from < len(days); from = to {
		no, _ := windowOf(days[from])
		var mask uint64
		for ; to < len(days); to++ {
			n, bit := windowOf(days[to])
			if n != no {
				break
			}
			mask |= 1 << bit
		}
		var w window
		w, k.data = appendValues(k.data, no, mask, downloads[from:to], v)
		k.push(w)
	}
}

// packVersions is packSeries of days that have versions of their own.
func (k *packer) packVersions(s *Series) {
	var p plain
	for i, d := range s.Days {
		no, bit := windowOf(d)
		p.set(int(bit), s.Downloads[i], s.Versions[i])
		if i+1 < len(s.Days) {
			if next, _ := windowOf(s.Days[i+1]); next == no {
				continue
			}
		}
		k.pack(no, &p)
		p.mask = 0
	}
}

// copy adds window i of d as it is packed there.
func (k *packer) copy(d *days, i int) {
	w := d.windows[i]
	packed := d.packed(i)
	w.offset = uint32(len(k.data))
	k.data = append(k.data, packed...)
	k.push(w)
}

func (k *packer) push(w window) {
	k.windows = append(k.windows, w)
	k.records += int64(w.records())
	k.sum.add(w.sum)
}

// finish returns what was added, in memory of its own and of just that size, and
// empties the packer.
func (k *packer) finish() days {
	if len(k.windows) == 0 {
		return days{}
	}
	d := days{windows: slices.Clone(k.windows), records: k.records, sum: k.sum}
	d.data = make([]byte, len(k.data)+slack)
	copy(d.data, k.data)
	k.reset()
	return d
}

// reset empties the packer.
func (k *packer) reset() {
	k.windows, k.data, k.records, k.sum = k.windows[:0], k.data[:0], 0, wide{}
}

// packed returns the packed bytes of window i.
func (d *days) packed(i int) []byte {
	end := len(d.data) - slack
	if i+1 < len(d.windows) {
		end = int(d.windows[i+1].offset)
	}
	return d.data[d.windows[i].offset:end]
}
