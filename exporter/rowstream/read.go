//gosec:disable G115 -- varints carry the bits of signed numbers, and what is read is checked

package rowstream

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Read returns the rows of a stream, block by block as they were written. A stream
// that is not whole, or not of this format, ends with an error that names the
// byte; one of r comes as it was.
func Read(r io.Reader) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		d := decoder{in: bufio.NewReaderSize(r, 64<<10)}
		d.readMagic()
		for d.next() {
			if !yield(&d.rows, nil) {
				return
			}
		}
		if d.err != nil {
			yield(nil, d.err)
		}
	}
}

// decoder reads a stream. The first fault stays in err, and what is read after it
// is zero.
type decoder struct {
	in *bufio.Reader
	at int64 // bytes that were read before the current block
	// block is what is left of the current block, of size bytes.
	block []byte
	size  int
	buf   []byte

	rows       history.Rows
	hasVersion bool
	read       int64 // rows
	err        error
	// repoType is that of the last entry: types are few, and share their text.
	repoType history.RepoType
}

// fail keeps a fault at the current byte.
func (d *decoder) fail(want string, got any) {
	if d.err == nil {
		d.err = fmt.Errorf("stream of rows, byte %d: expected %s, got %v", d.at+int64(d.size-len(d.block)), want, got)
	}
	d.block = nil
}

// failReading keeps an error of the reader. The end of it is too early.
func (d *decoder) failReading(err error) {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("stream of rows: it ends too early, after %d rows: %w", d.read, err)
	}
	d.err = err
}

func (d *decoder) readMagic() {
	var head [len(magic)]byte
	n, err := io.ReadFull(d.in, head[:])
	// What begins like something else is reported rather than its end.
	if got := string(head[:n]); got != magic[:n] {
		d.fail(fmt.Sprintf("%q", magic), fmt.Sprintf("%q", got))
	} else if err != nil {
		d.failReading(err)
	}
	d.at = int64(n)
}

// next reads the next block into rows. It returns false at the end.
func (d *decoder) next() bool {
	size := d.number()
	switch {
	case d.err != nil:
		return false
	case size == 0:
		d.readEnd()
		return false
	case size > maxBlock:
		d.fail(fmt.Sprintf("a block of at most %d bytes", maxBlock), size)
		return false
	}
	if cap(d.buf) < int(size) {
		d.buf = make([]byte, size)
	}
	d.block, d.size = d.buf[:size], int(size)
	if _, err := io.ReadFull(d.in, d.block); err != nil {
		d.failReading(err)
		return false
	}
	d.decode()
	d.at += int64(size)
	d.block, d.size = nil, 0
	d.read += int64(d.rows.Len())
	return d.err == nil
}

// readEnd checks what follows the last block.
func (d *decoder) readEnd() {
	rows := d.number()
	if d.err != nil {
		return
	}
	if rows != uint64(d.read) {
		d.fail(fmt.Sprintf("the number of rows before, %d", d.read), rows)
		return
	}
	if b, err := d.in.ReadByte(); err == nil {
		d.fail("the end of the stream", fmt.Sprintf("%q", []byte{b}))
	} else if !errors.Is(err, io.EOF) {
		d.err = err
	}
}

// number reads a number between blocks.
func (d *decoder) number() (n uint64) {
	for shift := 0; d.err == nil; shift += 7 {
		c, err := d.in.ReadByte()
		if err != nil {
			d.failReading(err)
			break
		}
		if d.at++; shift == 63 && c > 1 {
			d.fail("a number of 64 bits", "a larger one")
			break
		}
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
	return 0
}

// decode reads the current block.
func (d *decoder) decode() {
	n := d.uvarint("the number of rows")
	// Each row takes three bytes at the least, so that no memory is asked for that
	// the stream does not have the bytes for.
	if n == 0 || n > uint64(len(d.block))/3 {
		d.fail("as many rows as a block of its size has", n)
		return
	}
	for entries := d.uvarint("the number of new repositories"); entries > 0 && d.err == nil; entries-- {
		d.entry()
	}
	d.version()
	r := &d.rows
	r.Repo = deltas(d, r.Repo, int(n), 0, int64(len(r.Repos))-1, "the index of a repository")
	r.Day = deltas(d, r.Day, int(n), int64(history.MinDay), int64(history.MaxDay), "a day")
	d.downloads(int(n))
	if len(d.block) > 0 {
		d.fail("the end of the block", fmt.Sprintf("%d bytes more", len(d.block)))
	}
}

// entry reads a new repository.
func (d *decoder) entry() {
	if t := d.text("a repository type"); string(d.repoType) != string(t) {
		d.repoType = history.RepoType(t)
	}
	name := string(d.text("a repository name"))
	total := d.uvarint("a total")
	if total > maxCount+1 {
		d.fail("a total of 63 bits", total-1)
	}
	d.rows.Repos = append(d.rows.Repos, history.RepoTotal{
		Repo: history.Repo{Type: d.repoType, Name: name}, Total: int64(total - 1),
	})
}

func (d *decoder) version() {
	switch s := d.uvarint("a source"); {
	case d.err != nil:
	case s == 0:
		if !d.hasVersion {
			d.fail("a version in the first block", "none")
		}
	case s-1 > uint64(history.Published):
		d.fail("a source", s-1)
	default:
		asOf, n := binary.Varint(d.block)
		if n <= 0 {
			d.fail("the age of a version", "the end of the block")
			return
		}
		d.block = d.block[n:]
		d.rows.Version, d.hasVersion = history.Version{Source: history.Source(s - 1), AsOf: history.AsOf(asOf)}, true
	}
}

// downloads reads the last column.
func (d *decoder) downloads(n int) {
	column, b := slices.Grow(d.rows.Downloads[:0], n)[:n], d.block
	at := 0
	for i := range column {
		// Most numbers take one byte or two.
		if at < len(b) && b[at] < 0x80 {
			column[i] = int64(b[at])
			at++
			continue
		}
		if at < len(b)-1 && b[at+1] < 0x80 {
			column[i] = int64(b[at]&0x7f) | int64(b[at+1])<<7
			at += 2
			continue
		}
		v, size := binary.Uvarint(b[at:])
		if size <= 0 || v > maxCount {
			d.block = b[at:]
			d.fail("downloads", "the end of the block, or more than 63 bits")
			return
		}
		column[i] = int64(v)
		at += size
	}
	d.rows.Downloads, d.block = column, b[at:]
}

// deltas reads a column of n differences into numbers from least to most.
func deltas[T uint32 | history.Day](d *decoder, column []T, n int, least, most int64, what string) []T {
	column, b := slices.Grow(column[:0], n)[:n], d.block
	at, v := 0, int64(0)
	for i := range column {
		var z uint64
		size := 1
		if at < len(b) && b[at] < 0x80 {
			z = uint64(b[at])
		} else if z, size = binary.Uvarint(b[at:]); size <= 0 {
			d.block = b[at:]
			d.fail(what, "the end of the block, or more than 64 bits")
			return column
		}
		v += int64(z>>1) ^ -int64(z&1)
		if v < least || v > most {
			d.block = b[at:]
			d.fail(fmt.Sprintf("%s from %d to %d", what, least, most), v)
			return column
		}
		column[i] = T(v)
		at += size
	}
	d.block = b[at:]
	return column
}

// uvarint reads a number of the current block.
func (d *decoder) uvarint(what string) uint64 {
	v, n := binary.Uvarint(d.block)
	if n <= 0 {
		d.fail(what, "the end of the block, or more than 64 bits")
		return 0
	}
	d.block = d.block[n:]
	return v
}

// text reads a text of the current block, valid as long as that is.
func (d *decoder) text(what string) []byte {
	n := d.uvarint("the length of " + what)
	if n > uint64(len(d.block)) {
		d.fail(what, fmt.Sprintf("a text of %d bytes in %d", n, len(d.block)))
		return nil
	}
	s := d.block[:n]
	d.block = d.block[n:]
	return s
}
