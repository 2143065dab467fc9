package memtable

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestPackedValues(t *testing.T) {
	f := func(name string, values ...int64) {
		t.Helper()
		var all uint64
		for _, v := range values {
			all |= uint64(v)
		}
		w := widthOf(all)
		packed := appendPacked([]byte{0xff}, values, w)[1:]
		if len(packed) != packedLen(len(values), w) {
			t.Errorf("%s: %d bytes, packedLen says %d", name, len(packed), packedLen(len(values), w))
		}
		packed = append(packed, make([]byte, slack)...)
		for start := range values {
			got := make([]int64, len(values)-start)
			unpack(got, packed, w, start)
			if !slices.Equal(got, values[start:]) {
				t.Fatalf("%s: from %d: got %d, want %d", name, start, got, values[start:])
			}
		}
	}
	f("none")
	f("zeros", 0, 0, 0)
	f("ones", 1, 0, 1, 1)
	f("largest", math.MaxInt64, 0, 1, math.MaxInt64)
	f("widest packed", 1<<56-1, 3)
	f("just over", 1<<56, 3)
	rng := rand.New(rand.NewPCG(1, 2))
	for bits := range 64 {
		values := make([]int64, 64)
		for i := range values {
			values[i] = int64(rng.Uint64() >> (64 - bits) >> 0)
			if bits == 0 {
				values[i] = 0
			}
		}
		f("random", values...)
	}
}

func TestWideSum(t *testing.T) {
	var s wide
	for range 3 {
		s.add(math.MaxInt64)
	}
	if got := s.count(); got != math.MaxInt64 {
		t.Errorf("three times the largest count: got %d, want it to stay at the largest", got)
	}
	s.sub(math.MaxInt64)
	s.sub(math.MaxInt64)
	s.sub(5)
	if got := s.count(); got != math.MaxInt64-5 {
		t.Errorf("after taking away: got %d, want %d", got, int64(math.MaxInt64-5))
	}
}
