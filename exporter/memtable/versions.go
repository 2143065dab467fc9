package memtable

import (
	"maps"
	"math/bits"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Versions returns the versions of all records, ascending: also of those that are not
// shown, since their repository moved to another name.
func (t *Table) Versions() []history.Version {
	seen := make(map[history.Version]bool)
	var last history.Version
	see := func(v history.Version) {
		if v != last || len(seen) == 0 {
			seen[v], last = true, v
		}
	}
	var p plain
	for _, c := range t.cols {
		for i := range c.windows {
			w := &c.windows[i]
			if w.source != 0 {
				see(w.version())
				continue
			}
			w.expand(c.data, &p)
			for m := p.mask; m != 0; m &= m - 1 {
				see(p.versions[bits.TrailingZeros64(m)])
			}
		}
	}
	return slices.SortedFunc(maps.Keys(seen), history.Version.Compare)
}
