package segment

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
)

// cursor reads a column of a row group page by page.
type cursor struct {
	file  *file
	spec  *columnSpec
	pages parquet.Pages
	page  parquet.Page

	// What is left of the page. rows counts it; indexes point into the dictionary;
	// levels are as in chunk.indexes, nil for a column without nulls. indexes and
	// the values have an entry only for rows that are not null.
	rows    int
	indexes []int32
	int32s  []int32
	int64s  []int64
	levels  []byte
	// used is how many values of the page next has handed out.
	used int

	// dict is the dictionary of the row group.
	strings []string
	numbers []int64
	entries int
}

// open begins with column i of the columns in row group g.
func (f *file) open(i, g int) *cursor {
	c := &cursor{file: f, spec: &f.columns[i]}
	if at := f.at[i]; at >= 0 {
		c.pages = f.parquet.RowGroups()[g].ColumnChunks()[at].Pages()
	}
	return c
}

func (c *cursor) close() {
	c.release()
	if c.pages != nil {
		c.pages.Close()
	}
}

func (c *cursor) release() {
	if c.page != nil {
		parquet.Release(c.page)
		c.page = nil
	}
}

// load makes sure that something is left of the page, unless the column has
// ended. What was read before is then no longer valid.
func (c *cursor) load() (err error) {
	if c.rows > 0 || c.pages == nil {
		return nil
	}
	defer guard(c.file.name, &err)
	for c.rows == 0 {
		c.release()
		c.page, err = c.pages.ReadPage()
		if errors.Is(err, io.EOF) {
			c.page = nil
			return nil
		}
		if err != nil {
			return unreadable(c.file.name, fmt.Sprintf("column %s: ", c.spec), err)
		}
		if err := c.use(c.page); err != nil {
			return err
		}
	}
	return nil
}

// use decodes a page.
func (c *cursor) use(p parquet.Page) error {
	c.rows = int(p.NumValues())
	values := c.rows
	c.levels, c.used = nil, 0
	if c.spec.optional {
		c.levels = p.DefinitionLevels()
		if len(c.levels) != c.rows {
			return damaged(c.file.name, "column %s: expected %d levels, got %d", c.spec, c.rows, len(c.levels))
		}
		values = 0
		for _, l := range c.levels {
			values += int(l)
		}
	}
	d := p.Dictionary()
	if (d != nil) != c.spec.dict {
		return damaged(c.file.name, "column %s: unexpected encoding", c.spec)
	}
	data := p.Data()
	n := 0
	switch {
	case c.spec.dict:
		c.readDictionary(d)
		c.indexes = data.Int32()
		n = len(c.indexes)
		for _, i := range c.indexes {
			if uint(i) >= uint(c.entries) {
				return damaged(c.file.name, "column %s: entry %d of a dictionary of %d", c.spec, i, c.entries)
			}
		}
	case data.Kind() == encoding.Int32:
		c.int32s = data.Int32()
		n = len(c.int32s)
	default:
		c.int64s = data.Int64()
		n = len(c.int64s)
	}
	if n != values {
		return damaged(c.file.name, "column %s: expected %d values in a page, got %d", c.spec, values, n)
	}
	return nil
}

// readDictionary reads the dictionary of the row group, once.
func (c *cursor) readDictionary(d parquet.Dictionary) {
	if c.entries > 0 {
		return
	}
	c.entries = d.Len()
	data := d.Page().Data()
	if c.spec.typ != typeString {
		c.numbers = append(c.numbers, data.Int64()...)
		return
	}
	b, offsets := data.ByteArray()
	for i := range c.entries {
		c.strings = append(c.strings, string(b[offsets[i]:offsets[i+1]]))
	}
}

// skip skips n rows of the page. values is how many of them are not null.
func (c *cursor) skip(n, values int) {
	c.rows -= n
	if c.levels != nil {
		c.levels = c.levels[n:]
	}
	switch {
	case c.indexes != nil:
		c.indexes = c.indexes[values:]
	case c.int32s != nil:
		c.int32s = c.int32s[values:]
	case c.int64s != nil:
		c.int64s = c.int64s[values:]
	}
}

// text takes the next value of a column of strings. ok is false for a null.
func (c *cursor) text() (s string, ok bool) {
	if i, ok := c.next(); ok {
		return c.strings[c.indexes[i]], true
	}
	return "", false
}

// number takes the next value of a column of numbers. ok is false for a null.
func (c *cursor) number() (v int64, ok bool) {
	i, ok := c.next()
	switch {
	case !ok:
		return 0, false
	case c.spec.dict:
		return c.numbers[c.indexes[i]], true
	}
	return c.int64s[i], true
}

// next takes the next row and returns where its value is among those of the page.
// ok is false for a null. Pages that are read so are not read by skip.
func (c *cursor) next() (i int, ok bool) {
	c.rows--
	if c.levels != nil {
		level := c.levels[0]
		c.levels = c.levels[1:]
		if level == 0 {
			return 0, false
		}
	}
	c.used++
	return c.used - 1, true
}
