//gosec:disable G115 -- packed values keep their bits

package memtable

import (
	"math"
	"math/bits"
)

// wide is a sum that cannot overflow: counts go up to 2^63-1 each. What was added
// can be taken away again.
type wide struct{ hi, lo uint64 }

func (s *wide) add(v int64) {
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, uint64(v), 0)
	s.hi += carry
}

func (s *wide) sub(v int64) {
	var borrow uint64
	s.lo, borrow = bits.Sub64(s.lo, uint64(v), 0)
	s.hi -= borrow
}

func (s *wide) addWide(t wide) {
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, t.lo, 0)
	s.hi += t.hi + carry
}

func (s *wide) subWide(t wide) {
	var borrow uint64
	s.lo, borrow = bits.Sub64(s.lo, t.lo, 0)
	s.hi -= t.hi + borrow
}

// count returns the sum, or the largest int64 if it is larger.
func (s wide) count() int64 {
	if s.hi != 0 || s.lo > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(s.lo)
}

// addCounts adds two counts and stays at the largest int64.
func addCounts(a, b int64) int64 {
	if c := a + b; c >= 0 {
		return c
	}
	return math.MaxInt64
}
