package segment

import (
	"encoding/binary"
)

// dictionary is the dictionary of a chunk in the making: of strings or of numbers.
type dictionary struct {
	// plain holds the values as the dictionary page has them.
	plain   []byte
	len     int32
	strings map[string]int32
	numbers map[int64]int32
	// last is the number that was last asked for.
	last struct {
		value int64
		index int32
	}
	// bounds are of the numbers, least and greatest of the strings.
	bounds          bounds
	least, greatest string
}

func newDictionary() dictionary {
	return dictionary{strings: make(map[string]int32), numbers: make(map[int64]int32)}
}

func (d *dictionary) reset() {
	d.plain, d.len, d.bounds = d.plain[:0], 0, bounds{}
	clear(d.strings)
	clear(d.numbers)
}

// text returns the index of s and adds it if need be.
func (d *dictionary) text(s string) int32 {
	i, ok := d.strings[s]
	if ok {
		return i
	}
	if d.len == 0 {
		d.least, d.greatest = s, s
	}
	d.least, d.greatest = min(d.least, s), max(d.greatest, s)
	d.plain = binary.LittleEndian.AppendUint32(d.plain, uint32(len(s)))
	d.plain = append(d.plain, s...)
	d.strings[s] = d.len
	d.len++
	return d.len - 1
}

// number returns the index of v and adds it if need be. Times mostly repeat.
func (d *dictionary) number(v int64) int32 {
	if d.len > 0 && v == d.last.value {
		return d.last.index
	}
	i, ok := d.numbers[v]
	if !ok {
		i = d.addNumber(v)
	}
	d.last.value, d.last.index = v, i
	return i
}

func (d *dictionary) addNumber(v int64) int32 {
	d.bounds.add(v)
	d.plain = binary.LittleEndian.AppendUint64(d.plain, uint64(v))
	d.numbers[v] = d.len
	d.len++
	return d.len - 1
}

// maxLimit is the longest string that goes into the statistics, in bytes: they
// only help to skip what a query does not ask for.
const maxLimit = 512

// limits returns the first and the last string in the order of their bytes.
func (d *dictionary) limits() (least, greatest []byte) {
	if d.len == 0 || len(d.least) > maxLimit || len(d.greatest) > maxLimit {
		return nil, nil
	}
	return []byte(d.least), []byte(d.greatest)
}
