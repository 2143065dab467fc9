package hubcsv

// table is a hash table from hashes to indexes, with open addressing. Whether
// an index is the one looked for is for the caller to check.
type table struct {
	slots []slot // a power of two, at most half of them used
	used  int
}

type slot struct {
	hash uint32
	ref  uint32 // the index plus one; 0 for a free slot
}

func newTable() table { return table{slots: make([]slot, 512)} }

// mask returns the mask that turns a hash into its first slot.
func (t *table) mask() uint32 { return uint32(len(t.slots) - 1) }

// insert adds an index that the table does not hold.
func (t *table) insert(hash, index uint32) {
	if t.used++; 2*t.used > len(t.slots) {
		old := t.slots
		t.slots = make([]slot, 2*len(old))
		for _, s := range old {
			if s.ref != 0 {
				t.place(s)
			}
		}
	}
	t.place(slot{hash: hash, ref: index + 1})
}

func (t *table) place(s slot) {
	mask := t.mask()
	i := s.hash & mask
	for t.slots[i].ref != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = s
}
