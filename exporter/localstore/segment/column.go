package segment

import (
	"encoding/binary"
	"fmt"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// chunk is a column of a row group in the making: its data pages, encoded, and
// its dictionary. A caller hands it whole pages, so that a row costs it little
// more than its encoding.
type chunk struct {
	spec *columnSpec
	// data holds the data pages with their headers, raw is what they would be
	// without compression.
	data  []byte
	raw   int64
	pages int32
	// rows and nulls count what the data pages hold.
	rows, nulls int64
	// bounds are of the values that are not null.
	bounds bounds
	dict   dictionary
}

func newChunk(spec *columnSpec) *chunk {
	return &chunk{spec: spec, dict: newDictionary()}
}

func (c *chunk) reset() {
	c.data, c.raw, c.pages, c.rows, c.nulls, c.bounds = c.data[:0], 0, 0, 0, 0, bounds{}
	c.dict.reset()
}

// indexes adds a page of indexes into the dictionary. levels has a 1 for each
// value and a 0 for each null; it is nil for a column without nulls.
func (c *chunk) indexes(e *encoder, indexes []int32, levels []uint8) (err error) {
	e.values, err = e.dictionary.EncodeInt32(e.values, indexes)
	if err != nil {
		return err
	}
	return c.page(e, format.RLEDictionary, len(indexes), levels)
}

// int32s adds a page of values.
func (c *chunk) int32s(e *encoder, values []int32) (err error) {
	for _, v := range values {
		c.bounds.add(int64(v))
	}
	e.values, err = e.delta.EncodeInt32(e.values, values)
	if err != nil {
		return err
	}
	return c.page(e, format.DeltaBinaryPacked, len(values), nil)
}

// int64s adds a page of values. levels is as in indexes.
func (c *chunk) int64s(e *encoder, values []int64, levels []uint8) (err error) {
	for _, v := range values {
		c.bounds.add(v)
	}
	e.values, err = e.delta.EncodeInt64(e.values, values)
	if err != nil {
		return err
	}
	return c.page(e, format.DeltaBinaryPacked, len(values), levels)
}

// page adds the data page whose values are encoded in e.values.
func (c *chunk) page(e *encoder, encoding format.Encoding, values int, levels []uint8) error {
	rows := values
	e.body = e.body[:0]
	if c.spec.optional {
		rows = len(levels)
		var err error
		if e.packed, err = e.levels.EncodeLevels(e.packed, levels); err != nil {
			return err
		}
		e.body = binary.LittleEndian.AppendUint32(e.body, uint32(len(e.packed)))
		e.body = append(e.body, e.packed...)
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
	c.pages++
	var err error
	c.data, c.raw, err = e.appendPage(c.data, c.raw, &h, c.spec.zstd)
	return err
}

// write writes the chunk to f and returns what the footer tells of it.
func (c *chunk) write(f *fileWriter, e *encoder) (format.ColumnChunk, error) {
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
		e.body = append(e.body[:0], c.dict.plain...)
		h := format.PageHeader{Type: format.DictionaryPage}
		h.DictionaryPageHeader = thrift.New(format.DictionaryPageHeader{
			NumValues: c.dict.len,
			Encoding:  format.Plain,
		})
		var page []byte
		var err error
		if page, raw, err = e.appendPage(nil, raw, &h, c.spec.zstd); err != nil {
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

// within reports as an error that a value lies outside of least..greatest.
func (c *chunk) within(least, greatest int64) error {
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
