//gosec:disable G115 -- bytes and words are taken apart; counts and days are checked

package hubcsv

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"math/bits"
)

// prefixes are the raw texts "repoType,repoName,total," with which rows begin,
// one for each repository, as its first row wrote it. A row that begins with the
// same bytes is of that repository and has that total: fields are read from
// left to right, so the same bytes have the same meaning, quoted or not.
type prefixes struct {
	seed    maphash.Seed
	keys    [8]uint64 // secret, so that nobody can make a file of colliding names
	entries []prefix  // of each repository of the dictionary
	middles []middle  // of each repository of the dictionary
	text    []byte    // what the middles are of
	index   table
}

// prefix is the prefix of one repository. It takes 64 bytes, a line of a
// processor's cache.
type prefix struct {
	head   [headSize]byte // how it begins, zeros after it if it is shorter
	tail   uint64         // its last eight bytes
	next   uint32         // the repository whose row came after its last row
	size   uint16         // its length, noPrefix if the repository has none
	newest uint16         // the newest day of the rows that have it
}

// middle is where prefixes.text has the bytes of a long prefix that are neither
// in its head nor in its tail.
type middle struct{ off, size uint32 }

const (
	headSize = 48
	tailSize = 8
	noPrefix = math.MaxUint16 // more than any has
	// maxFastDay is the last day that the fast path takes: 2149-06-06.
	maxFastDay = math.MaxUint16

	// maxSpelling bounds how much longer than type and name a prefix may be, so
	// that memory grows with the names and with nothing else.
	maxSpelling = 64
	// maxAfterPrefix bounds what the fast path accepts after a prefix: a
	// timestamp, a comma, 18 digits and a line end.
	maxAfterPrefix = 64
)

// headMasks cover, for a prefix of each length, the bytes of its head that
// belong to it.
var headMasks = func() (masks [headSize + 1][headSize / 8]uint64) {
	for size := range masks {
		for i := range size {
			masks[size][i/8] |= 0xff << (i % 8 * 8)
		}
	}
	return
}()

func newPrefixes() prefixes {
	ps := prefixes{seed: maphash.MakeSeed(), index: newTable()}
	for i := range ps.keys {
		ps.keys[i] = maphash.Comparable(ps.seed, i)
	}
	return ps
}

// addRepo adds a repository of the dictionary, without a prefix so far.
func (ps *prefixes) addRepo() {
	ps.entries = append(ps.entries, prefix{size: noPrefix, next: uint32(len(ps.entries))})
	ps.middles = append(ps.middles, middle{})
}

// learn makes raw the prefix of a repository, unless it has one already or raw
// does not suit: it is too short or long, or oddly spelled at a length beyond that of its
// names, or of a line longer than longest may come of it.
func (ps *prefixes) learn(repo uint32, raw []byte, names, longest int) {
	e := &ps.entries[repo]
	if e.size != noPrefix || len(raw) < tailSize || len(raw) >= noPrefix || len(raw) > names+maxSpelling ||
		len(raw)+maxAfterPrefix > longest || len(ps.text)+len(raw) > math.MaxInt32 {
		return
	}
	e.size = uint16(len(raw))
	e.tail = le64(raw[len(raw)-tailSize:])
	copy(e.head[:], raw)
	mid := middleOf(raw)
	ps.middles[repo] = middle{off: uint32(len(ps.text)), size: uint32(len(mid))}
	ps.text = append(ps.text, mid...)
	ps.index.insert(ps.hash(&e.head, e.tail, len(raw), mid), repo)
}

// forget makes the rows of a repository ones of the general path.
func (ps *prefixes) forget(repo uint32) { ps.entries[repo].size = noPrefix }

// middleOf returns the bytes of a prefix that are neither in its head nor in
// its tail.
func middleOf(raw []byte) []byte {
	if len(raw) <= headSize+tailSize {
		return nil
	}
	return raw[headSize : len(raw)-tailSize]
}

// match reports whether b[pos:at] is the prefix of a repository. b has headSize
// bytes after pos and at least tailSize before at.
func (ps *prefixes) match(b []byte, pos, at int, repo uint32) bool {
	e := &ps.entries[repo]
	size := at - pos
	if int(e.size) != size || le64(b[at-tailSize:]) != e.tail {
		return false
	}
	text, mask := (*[headSize]byte)(b[pos:]), &headMasks[min(uint(size), headSize)]
	differ := (le64(text[0:])^le64(e.head[0:]))&mask[0] |
		(le64(text[8:])^le64(e.head[8:]))&mask[1] |
		(le64(text[16:])^le64(e.head[16:]))&mask[2] |
		(le64(text[24:])^le64(e.head[24:]))&mask[3] |
		(le64(text[32:])^le64(e.head[32:]))&mask[4] |
		(le64(text[40:])^le64(e.head[40:]))&mask[5]
	return differ == 0 && (size <= headSize+tailSize || ps.matchMiddle(b[pos:at], repo))
}

func (ps *prefixes) matchMiddle(raw []byte, repo uint32) bool {
	m := ps.middles[repo]
	return string(middleOf(raw)) == string(ps.text[m.off:m.off+m.size])
}

// find returns the repository that has b[pos:at] as its prefix.
func (ps *prefixes) find(b []byte, pos, at int) (uint32, bool) {
	if at-pos < tailSize {
		return 0, false
	}
	hash, slots, mask := ps.hashText(b, pos, at), ps.index.slots, ps.index.mask()
	for i := hash & mask; ; i = (i + 1) & mask {
		s := slots[i]
		if s.ref == 0 {
			return 0, false
		}
		if s.hash == hash && ps.match(b, pos, at, s.ref-1) {
			return s.ref - 1, true
		}
	}
}

// hashText hashes b[pos:at], of at least tailSize bytes, as a prefix. b has
// headSize bytes after pos.
func (ps *prefixes) hashText(b []byte, pos, at int) uint32 {
	return ps.hash((*[headSize]byte)(b[pos:]), le64(b[at-tailSize:]), at-pos, middleOf(b[pos:at]))
}

// hash hashes a prefix of the given length. What is in head after a shorter
// prefix does not matter.
func (ps *prefixes) hash(head *[headSize]byte, tail uint64, size int, mid []byte) uint32 {
	k, mask := &ps.keys, &headMasks[min(uint(size), headSize)]
	a0, a1 := bits.Mul64(le64(head[0:])&mask[0]^k[0], le64(head[8:])&mask[1]^k[1])
	b0, b1 := bits.Mul64(le64(head[16:])&mask[2]^k[2], le64(head[24:])&mask[3]^k[3])
	c0, c1 := bits.Mul64(le64(head[32:])&mask[4]^k[4], le64(head[40:])&mask[5]^k[5])
	d0, d1 := bits.Mul64(tail^k[6], uint64(size)^k[7])
	h := a0 ^ a1 ^ b0 ^ b1 ^ c0 ^ c1 ^ d0 ^ d1
	if len(mid) > 0 {
		h ^= maphash.Bytes(ps.seed, mid)
	}
	return uint32(h ^ h>>32)
}

// le64 returns the first eight bytes of b, the first one lowest.
func le64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

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
