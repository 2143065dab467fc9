package segment

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// file is an open file whose checksum, format and layout were found good.
type file struct {
	name      string
	size      int64
	parquet   *parquet.File
	closer    io.Closer
	columns   []columnSpec
	companion string
	// at has for each of columns its place in the file, -1 if it is not there.
	at []int
}

// openFile opens a file by its name. An error of the operating system is wrapped.
func openFile(name, formatName string, columns []columnSpec) (*file, error) {
	r, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := r.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = foreign(name, "expected a regular file, got %s", info.Mode())
	}
	var f *file
	if err == nil {
		f, err = newFile(r, info.Size(), name, formatName, columns)
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	f.closer = r
	return f, nil
}

// newFile opens the file of the given size that r reads. name is for messages.
func newFile(r io.ReaderAt, size int64, name, formatName string, columns []columnSpec) (f *file, err error) {
	defer guard(name, &err)
	tail, err := readTail(r, size, name)
	if err != nil {
		return nil, err
	}
	at := checksumAt(tail)
	if at >= 0 {
		if err := verify(r, size, tail, at, name); err != nil {
			return nil, err
		}
	}
	p, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(16<<10))
	if err != nil {
		return nil, damaged(name, "%v", err)
	}
	f = &file{name: name, size: size, parquet: p, columns: columns}
	if err := f.checkMetadata(formatName); err != nil {
		return nil, err
	}
	if at < 0 {
		return nil, damaged(name, "its checksum is missing")
	}
	return f, f.findColumns()
}

// readTail reads the footer of a file and the trailer after it.
func readTail(r io.ReaderAt, size int64, name string) ([]byte, error) {
	if size == 0 {
		return nil, damaged(name, "it is empty")
	}
	head, end := make([]byte, min(size, int64(len(magic)))), make([]byte, trailerSize)
	if err := readAt(r, head, 0, name); err != nil {
		return nil, err
	}
	switch {
	case string(head) == magic:
	case len(bytes.Trim(head, "\x00")) == 0:
		// What a crash leaves of a file that the disk had not got yet.
		return nil, damaged(name, "it begins with zeros")
	case strings.HasPrefix(magic, string(head)):
		return nil, damaged(name, "it is cut off after %d bytes", size)
	default:
		return nil, foreign(name, "expected a Parquet file, which begins with %q, got %q", magic, head)
	}
	if size < int64(len(magic)+trailerSize) {
		return nil, damaged(name, "it is cut off after %d bytes", size)
	}
	if err := readAt(r, end, size-trailerSize, name); err != nil {
		return nil, err
	}
	if string(end[4:]) != magic {
		return nil, damaged(name, "expected %q at its end, got %q: it may be cut off", magic, end[4:])
	}
	footer := int64(binary.LittleEndian.Uint32(end))
	if footer > size-int64(len(magic)+trailerSize) {
		return nil, damaged(name, "its footer is said to take %d bytes of %d", footer, size)
	}
	tail := make([]byte, footer+trailerSize)
	return tail, readAt(r, tail, size-int64(len(tail)), name)
}

func readAt(r io.ReaderAt, b []byte, off int64, name string) error {
	if n, err := r.ReadAt(b, off); n < len(b) {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return nil
}

func (f *file) checkMetadata(formatName string) error {
	got, ok := f.parquet.Lookup(keyFormat)
	if !ok {
		return foreign(f.name, "it is a Parquet file without the metadata %s", keyFormat)
	}
	layout, _ := f.parquet.Lookup(keyLayout)
	n, err := strconv.Atoi(layout)
	if err != nil || n < 1 {
		return damaged(f.name, "its layout is %q instead of a number", layout)
	}
	if n > Layout {
		return fault(f.name, ErrNewer, "its layout is %d, the newest that this version reads is %d: upgrade the program", []any{n, Layout})
	}
	if got != formatName {
		return foreign(f.name, "expected a file of %s, got one of %q", formatName, got)
	}
	f.companion, _ = f.parquet.Lookup(keyCompanion)
	return nil
}

// findColumns finds the columns by their names and checks their types. Other
// columns are passed over, nullable ones may be missing.
func (f *file) findColumns() error {
	found := make(map[string]int)
	elements := make(map[string]*format.SchemaElement)
	schema := f.parquet.Metadata().Schema
	for i := range schema[1:] {
		e := &schema[1+i]
		if e.NumChildren.V != 0 {
			return damaged(f.name, "column %q: expected a plain column, got a group", e.Name)
		}
		found[e.Name], elements[e.Name] = i, e
	}
	for i := range f.columns {
		c := &f.columns[i]
		at, ok := found[c.name]
		if !ok {
			if !c.optional {
				return damaged(f.name, "column %s is missing", c)
			}
			f.at = append(f.at, -1)
			continue
		}
		e := elements[c.name]
		want := c.element()
		if e.Type != want.Type || e.RepetitionType != want.RepetitionType || e.LogicalType.String() != want.LogicalType.String() {
			return damaged(f.name, "column %s: it has the type %v %v %s", c, e.RepetitionType.V, e.Type.V, &e.LogicalType)
		}
		f.at = append(f.at, at)
	}
	return nil
}

// numRows returns the number of rows of row group i.
func (f *file) numRows(i int) int64 { return f.parquet.RowGroups()[i].NumRows() }

func (f *file) numGroups() int { return len(f.parquet.RowGroups()) }

// Size returns the size of the file in bytes.
func (f *file) Size() int64 { return f.size }

// Close closes the file.
func (f *file) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}
