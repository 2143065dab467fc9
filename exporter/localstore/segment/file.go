package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
)

var (
	// ErrForeign is wrapped by errors about files that this package did not write.
	ErrForeign = errors.New("not a file of this store")
	// ErrNewer is wrapped by errors about files in a layout that is newer than
	// this program.
	ErrNewer = errors.New("written by a newer version of this program")
	// ErrDamaged is wrapped by errors about files whose content is not what was
	// written.
	ErrDamaged = errors.New("damaged")
)

// foreign returns an error that wraps ErrForeign and names the file.
func foreign(file, format string, args ...any) error { return fault(file, ErrForeign, format, args) }

// damaged returns an error that wraps ErrDamaged and names the file.
func damaged(file, format string, args ...any) error { return fault(file, ErrDamaged, format, args) }

// unreadable returns the error of a file that the Parquet library cannot read: one of the
// operating system says nothing about the content, and the next attempt may succeed.
func unreadable(file, where string, err error) error {
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	return damaged(file, "%s%v", where, err)
}

func fault(file string, kind error, format string, args []any) error {
	return fmt.Errorf("%s is %w: %s", file, kind, fmt.Sprintf(format, args...))
}

// guard turns a panic of the Parquet library over the content of a file into an
// error. It is deferred around every call that decodes.
func guard(file string, err *error) {
	if p := recover(); p != nil {
		*err = unreadable(file, "the Parquet reader failed: ", panicError(p))
	}
}

// panicError returns a panic's value as an error.
func panicError(p any) error {
	if err, ok := p.(error); ok {
		return err
	}
	return fmt.Errorf("%v", p)
}

// file is an open file whose checksum, format and layout were found good.
type file struct {
	name      string
	size      int64
	parquet   *parquet.File
	closer    io.Closer
	columns   []columnSpec
	companion string
	replaces  []string
	// previous says that the file is of formatRepos in place of formatReadings.
	previous bool
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
		return nil, unreadable(name, "", err)
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
		return nil, damaged(name, "it starts with zeros")
	case strings.HasPrefix(magic, string(head)):
		return nil, damaged(name, "it is truncated after %d bytes", size)
	default:
		return nil, foreign(name, "expected a Parquet file, which starts with %q, got %q", magic, head)
	}
	if size < int64(len(magic)+trailerSize) {
		return nil, damaged(name, "it is truncated after %d bytes", size)
	}
	if err := readAt(r, end, size-trailerSize, name); err != nil {
		return nil, err
	}
	if string(end[4:]) != magic {
		return nil, damaged(name, "expected %q at its end, got %q: it may be truncated", magic, end[4:])
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
	f.previous = got == formatRepos && formatName == formatReadings
	if got != formatName && !f.previous {
		return foreign(f.name, "expected a file of %s, got one of %q", formatName, got)
	}
	f.companion, _ = f.parquet.Lookup(keyCompanion)
	replaces, _ := f.parquet.Lookup(keyReplaces)
	f.replaces = strings.Fields(replaces)
	return nil
}

// Replaces returns the names of the files that this one was merged from.
func (f *file) Replaces() []string { return f.replaces }

// findColumns finds the columns by their names and checks their types. Other
// columns are passed over, nullable ones may be missing.
func (f *file) findColumns() error {
	elements := f.parquet.Metadata().Schema[1:]
	if len(elements) != len(f.parquet.Schema().Columns()) {
		return damaged(f.name, "expected plain columns, got groups of them")
	}
	for i := range f.columns {
		c := &f.columns[i]
		leaf, ok := f.parquet.Schema().Lookup(c.name)
		if !ok {
			if !c.optional {
				return damaged(f.name, "column %s is missing", c)
			}
			f.at = append(f.at, -1)
			continue
		}
		e, want := &elements[leaf.ColumnIndex], c.element()
		if e.Type != want.Type || e.RepetitionType != want.RepetitionType || e.LogicalType.String() != want.LogicalType.String() {
			return damaged(f.name, "column %s: it has the type %v %v %s", c, e.RepetitionType.V, e.Type.V, &e.LogicalType)
		}
		f.at = append(f.at, leaf.ColumnIndex)
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

// Parquet has checksums of pages alone. Here the key-value metadata holds one of
// the whole file, headers and footer too: CRC-32C over all bytes, those of the
// checksum itself taken as zeros, written as eight hexadecimal digits.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const blankChecksum = "00000000"

// checksumMark is how the entry stands in a footer: its key, then the header and
// the length of its value in Thrift's compact protocol.
var checksumMark = []byte(keyChecksum + "\x18\x08")

// checksumAt returns where in a footer the digits of the checksum begin, -1 if
// it has none.
func checksumAt(footer []byte) int {
	// What else the footer quotes comes before the key-value metadata.
	i := bytes.LastIndex(footer, checksumMark)
	if i < 0 || i+len(checksumMark)+len(blankChecksum) > len(footer) {
		return -1
	}
	return i + len(checksumMark)
}

func putChecksum(b []byte, sum uint32) { copy(b, fmt.Sprintf("%08x", sum)) }

// verify reads the whole file and compares its checksum. tail is the end of the
// file, from the footer on, at is where in it the digits are.
func verify(r io.ReaderAt, size int64, tail []byte, at int, name string) error {
	digits := string(tail[at : at+len(blankChecksum)])
	want, err := strconv.ParseUint(digits, 16, 32)
	if err != nil {
		return damaged(name, "its checksum is %q instead of eight hexadecimal digits", digits)
	}
	sum := crc32.New(castagnoli)
	body := io.NewSectionReader(r, 0, size-int64(len(tail)))
	if _, err := io.CopyBuffer(sum, body, make([]byte, min(256<<10, body.Size()+1))); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	got := sum.Sum32()
	for _, b := range [][]byte{tail[:at], []byte(blankChecksum), tail[at+len(blankChecksum):]} {
		got = crc32.Update(got, castagnoli, b)
	}
	if uint32(want) != got {
		return damaged(name, "its checksum is %08x, its content has %08x", want, got)
	}
	return nil
}
