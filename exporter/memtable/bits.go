//gosec:disable G115 -- packed values keep their bits

package memtable

import (
	"encoding/binary"
	"math/bits"
)

// Values are packed at one width, least significant bit first. A width is 0 to
// 56, or 64: then a value never spans more than the eight bytes of one load.
const (
	maxPackedWidth = 56
	// slack is how many bytes must follow the last packed value, so that a load
	// of eight bytes stays within the slice.
	slack = 8
)

// widthOf returns the width that holds the largest of values whose bits are or'ed
// into v.
func widthOf(v uint64) uint8 {
	w := bits.Len64(v)
	if w > maxPackedWidth {
		w = 64
	}
	return uint8(w)
}

// packedLen returns the bytes that n values of width w take.
func packedLen(n int, w uint8) int { return (n*int(w) + 7) / 8 }

// appendPacked appends values in w bits each, rounded up to whole bytes.
func appendPacked[T int64 | uint64](dst []byte, values []T, w uint8) []byte {
	switch w {
	case 0:
		return dst
	case 64:
		for _, v := range values {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(v))
		}
		return dst
	}
	var acc uint64
	var held uint
	for _, v := range values {
		acc |= uint64(v) << held
		held += uint(w)
		if held >= 64 {
			dst = binary.LittleEndian.AppendUint64(dst, acc)
			held -= 64
			acc = uint64(v) >> (uint(w) - held)
		}
	}
	for ; held > 0; held -= min(held, 8) {
		dst = append(dst, byte(acc))
		acc >>= 8
	}
	return dst
}

// unpack reads len(dst) values of width w, from value number start of those
// packed at the beginning of src. slack bytes must follow the last value.
func unpack[T int64 | uint64](dst []T, src []byte, w uint8, start int) {
	switch w {
	case 0:
		clear(dst)
		return
	case 64:
		src = src[start*8:]
		for i := range dst {
			dst[i] = T(binary.LittleEndian.Uint64(src[i*8:]))
		}
		return
	}
	mask := uint64(1)<<w - 1
	at := uint(start) * uint(w)
	for i := range dst {
		dst[i] = T(binary.LittleEndian.Uint64(src[at>>3:]) >> (at & 7) & mask)
		at += uint(w)
	}
}
