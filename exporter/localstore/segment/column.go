package segment

import (
	"encoding/binary"
	"fmt"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// chunk is a column of a row group in the making: the values of a page that is not
// full yet, the encoded pages before it, and the dictionary.
type chunk struct {
	spec *columnSpec

	// The page in the making. int32s are indexes into the dictionary or, of dates,
	// the values; levels has a 1 for each value and a 0 for each null, and stays empty
	// for a column without nulls.
	int32s []int32
	int64s []int64
	levels []uint8

	// data holds the data pages with their headers, raw is their size without
	// compression.
	data []byte
	raw  int64
	// rows and nulls count what the data pages hold.
	rows, nulls int64
	// bounds are those of the values that are not null.
	bounds bounds
	dict   dictionary
}

func newChunk(spec *columnSpec) *chunk {
	return &chunk{spec: spec, dict: dictionary{strings: make(map[string]int32), numbers: make(map[int64]int32)}}
}

func (c *chunk) reset() {
	c.data, c.raw, c.rows, c.nulls, c.bounds = c.data[:0], 0, 0, 0, bounds{}
	c.dict.reset()
}

// text adds a value to a column of strings.
func (c *chunk) text(s string) { c.int32s = append(c.int32s, c.dict.text(s)) }

// number adds a value to a column of numbers.
func (c *chunk) number(v int64) {
	if c.spec.dict {
		c.int32s = append(c.int32s, c.dict.number(v))
		return
	}
	c.int64s = append(c.int64s, v)
}

// repeatLast adds the value that was last looked up in the dictionary n times.
func (c *chunk) repeatLast(n int) {
	s := c.int32s
	for range n {
		s = append(s, c.dict.last)
	}
	c.int32s = s
}

// endPage encodes the page in the making.
func (c *chunk) endPage(e *encoder) (err error) {
	values, encoding := len(c.int32s), format.DeltaBinaryPacked
	switch {
	case c.spec.dict:
		encoding = format.RLEDictionary
		e.values, err = e.dictionary.EncodeInt32(e.values, c.int32s)
	case c.spec.typ == typeDate:
		for _, v := range c.int32s {
			c.bounds.add(int64(v))
		}
		e.values, err = e.delta.EncodeInt32(e.values, c.int32s)
	default:
		values = len(c.int64s)
		for _, v := range c.int64s {
			c.bounds.add(v)
		}
		e.values, err = e.delta.EncodeInt64(e.values, c.int64s)
	}
	rows := values
	e.body = e.body[:0]
	if err == nil && c.spec.optional {
		rows = len(c.levels)
		e.packed, err = e.levels.EncodeLevels(e.packed, c.levels)
		e.body = binary.LittleEndian.AppendUint32(e.body, uint32(len(e.packed)))
		e.body = append(e.body, e.packed...)
	}
	if err != nil {
		return err
	}
	e.body = append(e.body, e.values...)
	h := format.PageHeader{Type: format.DataPage}
	h.DataPageHeader = thrift.New(format.DataPageHeader{
		NumValues:               int32(rows),
		Encoding:                encoding,
		DefinitionLevelEncoding: format.RLE,
		RepetitionLevelEncoding: format.RLE,
		Statistics:              format.Statistics{NullCount: int64(rows - values)},
	})
	c.rows += int64(rows)
	c.nulls += int64(rows - values)
	c.int32s, c.int64s, c.levels = c.int32s[:0], c.int64s[:0], c.levels[:0]
	c.data, c.raw, err = e.appendPage(c.data, c.raw, &h, c.spec.zstd)
	return err
}

// write writes the chunk to f and returns its entry in the footer.
func (c *chunk) write(f *fileWriter) (format.ColumnChunk, error) {
	start, raw := f.offset, c.raw
	m := format.ColumnMetaData{
		Type:         c.spec.physical(),
		PathInSchema: []string{c.spec.name},
		NumValues:    c.rows,
		Encoding:     []format.Encoding{format.DeltaBinaryPacked, format.RLE},
		Statistics:   format.Statistics{NullCount: c.nulls},
	}
	if c.spec.zstd {
		m.Codec = format.Zstd
	}
	m.Statistics.MinValue, m.Statistics.MaxValue = c.limits()
	if c.spec.dict {
		m.Encoding = []format.Encoding{format.RLEDictionary, format.Plain, format.RLE}
		f.enc.body = append(f.enc.body[:0], c.dict.plain...)
		h := format.PageHeader{Type: format.DictionaryPage}
		h.DictionaryPageHeader = thrift.New(format.DictionaryPageHeader{NumValues: c.dict.len, Encoding: format.Plain})
		var page []byte
		var err error
		if page, raw, err = f.enc.appendPage(nil, raw, &h, c.spec.zstd); err != nil {
			return format.ColumnChunk{}, err
		}
		m.DictionaryPageOffset = start
		if err := f.write(page); err != nil {
			return format.ColumnChunk{}, err
		}
	}
	m.DataPageOffset = f.offset
	if err := f.write(c.data); err != nil {
		return format.ColumnChunk{}, err
	}
	m.TotalUncompressedSize = raw
	m.TotalCompressedSize = f.offset - start
	return format.ColumnChunk{FileOffset: start, MetaData: m}, nil
}

// limits returns the least and the greatest value as statistics hold them, nil if
// the chunk has no value.
func (c *chunk) limits() (least, greatest []byte) {
	if c.spec.typ == typeString {
		return c.dict.limits()
	}
	b := c.bounds
	if c.spec.dict {
		b = c.dict.bounds
	}
	if !b.any {
		return nil, nil
	}
	if c.spec.physical() == format.Int32 {
		return binary.LittleEndian.AppendUint32(nil, uint32(b.min)), binary.LittleEndian.AppendUint32(nil, uint32(b.max))
	}
	return binary.LittleEndian.AppendUint64(nil, uint64(b.min)), binary.LittleEndian.AppendUint64(nil, uint64(b.max))
}

// check returns an error if a value lies outside of least..greatest.
func (c *chunk) check(least, greatest int64) error {
	if b := c.bounds; b.any && (b.min < least || b.max > greatest) {
		v := b.min
		if v >= least {
			v = b.max
		}
		return fmt.Errorf("column %s: expected a number from %d to %d, got %d", c.spec.name, least, greatest, v)
	}
	return nil
}

// bounds are the least and the greatest of some numbers.
type bounds struct {
	min, max int64
	any      bool
}

func (b *bounds) add(v int64) {
	if !b.any {
		*b = bounds{v, v, true}
		return
	}
	b.min, b.max = min(b.min, v), max(b.max, v)
}

// dictionary is the dictionary of a chunk in the making: of strings or of numbers.
type dictionary struct {
	// plain holds the values as the dictionary page has them.
	plain   []byte
	len     int32
	strings map[string]int32
	numbers map[int64]int32
	// lastText and lastNumber are what was last looked up, last is its index: values
	// mostly repeat.
	lastText   string
	lastNumber int64
	last       int32
	// bounds are those of the numbers, least and greatest those of the strings.
	bounds          bounds
	least, greatest string
}

func (d *dictionary) reset() {
	d.plain, d.len, d.bounds = d.plain[:0], 0, bounds{}
	clear(d.strings)
	clear(d.numbers)
}

// text returns the index of s and adds it if need be.
func (d *dictionary) text(s string) int32 {
	if d.len > 0 && s == d.lastText {
		return d.last
	}
	i, ok := d.strings[s]
	if !ok {
		if d.len == 0 {
			d.least, d.greatest = s, s
		}
		d.least, d.greatest = min(d.least, s), max(d.greatest, s)
		d.plain = binary.LittleEndian.AppendUint32(d.plain, uint32(len(s)))
		d.plain = append(d.plain, s...)
		i = d.len
		d.strings[s] = i
		d.len++
	}
	d.lastText, d.last = s, i
	return i
}

// number returns the index of v and adds it if need be.
func (d *dictionary) number(v int64) int32 {
	if d.len > 0 && v == d.lastNumber {
		return d.last
	}
	i, ok := d.numbers[v]
	if !ok {
		d.bounds.add(v)
		d.plain = binary.LittleEndian.AppendUint64(d.plain, uint64(v))
		i = d.len
		d.numbers[v] = i
		d.len++
	}
	d.lastNumber, d.last = v, i
	return i
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
