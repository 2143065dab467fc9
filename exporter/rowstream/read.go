package rowstream

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Read returns the rows of a stream, block by block as they were written. A stream
// that is not whole, or not of this format, ends with an error that names the
// byte; one of r comes as it was.
func Read(r io.Reader) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		d := decoder{in: bufio.NewReaderSize(r, 64<<10)}
		if err := d.begin(); err != nil {
			yield(nil, err)
			return
		}
		for {
			more, err := d.next()
			if err != nil {
				yield(nil, err)
				return
			}
			if !more || !yield(&d.rows, nil) {
				return
			}
		}
	}
}

type decoder struct {
	in *bufio.Reader
	at int64 // bytes that were read before the block at hand
	// block is what is left of the block at hand, of size bytes.
	block []byte
	size  int
	buf   []byte
	rows  history.Rows
	told  bool // the version was
	read  int64
	// repoType is that of the last entry: types are few, and share their text.
	repoType history.RepoType
}

// wrong is the error of the byte at hand.
func (d *decoder) wrong(want, got string) error {
	return fmt.Errorf("stream of rows, byte %d: expected %s, got %s", d.at+int64(d.size-len(d.block)), want, got)
}

// cut makes the end of r in the midst of a stream what it is.
func (d *decoder) cut(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("stream of rows: it ends too early, after %d rows: %w", d.read, io.ErrUnexpectedEOF)
	}
	return err
}

func (d *decoder) begin() error {
	var head [len(magic)]byte
	n, err := io.ReadFull(d.in, head[:])
	// What begins like something else is told of rather than its end.
	if got := string(head[:n]); got != magic[:n] {
		return d.wrong(fmt.Sprintf("%q", magic), fmt.Sprintf("%q", got))
	}
	d.at = int64(n)
	if err != nil {
		return d.cut(err)
	}
	return nil
}

// next reads the next block into rows. It returns false at the end.
func (d *decoder) next() (bool, error) {
	size, err := d.number()
	if err != nil {
		return false, err
	}
	if size == 0 {
		return false, d.end()
	}
	if size > maxBlock {
		return false, d.wrong(fmt.Sprintf("a block of at most %d bytes", maxBlock), fmt.Sprint(size))
	}
	if cap(d.buf) < int(size) {
		d.buf = make([]byte, size)
	}
	d.block, d.size = d.buf[:size], int(size)
	if _, err := io.ReadFull(d.in, d.block); err != nil {
		return false, d.cut(err)
	}
	if err := d.decode(); err != nil {
		return false, err
	}
	d.at += int64(size)
	d.block, d.size = nil, 0
	d.read += int64(d.rows.Len())
	return true, nil
}

// end checks what stands behind the last block.
func (d *decoder) end() error {
	rows, err := d.number()
	if err != nil {
		return err
	}
	if rows != uint64(d.read) {
		return d.wrong(fmt.Sprintf("the number of rows before, %d", d.read), fmt.Sprint(rows))
	}
	switch b, err := d.in.ReadByte(); {
	case err == nil:
		return d.wrong("the end of the stream", fmt.Sprintf("%q", []byte{b}))
	case !errors.Is(err, io.EOF):
		return err
	}
	return nil
}

// number reads a number between blocks.
func (d *decoder) number() (uint64, error) {
	var n uint64
	for shift := 0; ; shift += 7 {
		c, err := d.in.ReadByte()
		if err != nil {
			return 0, d.cut(err)
		}
		d.at++
		if shift == 63 && c > 1 {
			return 0, d.wrong("a number of 64 bits", "a larger one")
		}
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return n, nil
		}
	}
}

// decode reads the block at hand.
func (d *decoder) decode() error {
	n, err := d.uvarint("the number of rows")
	if err != nil {
		return err
	}
	// Each row takes three bytes at the least, so that no memory is asked for that
	// the stream does not have the bytes for.
	if n == 0 || n > uint64(len(d.block))/3 {
		return d.wrong("as many rows as a block of its size has", fmt.Sprint(n))
	}
	if err := d.entries(); err != nil {
		return err
	}
	if err := d.version(); err != nil {
		return err
	}
	r := &d.rows
	if r.Repo, err = deltas(d, r.Repo, int(n), 0, int64(len(r.Repos))-1, "the index of a repository"); err != nil {
		return err
	}
	if r.Day, err = deltas(d, r.Day, int(n), int64(history.MinDay), int64(history.MaxDay), "a day"); err != nil {
		return err
	}
	if err := d.downloads(int(n)); err != nil {
		return err
	}
	if len(d.block) > 0 {
		return d.wrong("the end of the block", fmt.Sprintf("%d bytes more", len(d.block)))
	}
	return nil
}

func (d *decoder) entries() error {
	n, err := d.uvarint("the number of new repositories")
	if err != nil {
		return err
	}
	for range n {
		t, err := d.text("a repository type")
		if err != nil {
			return err
		}
		name, err := d.text("a repository name")
		if err != nil {
			return err
		}
		total, err := d.uvarint("a total")
		if err != nil {
			return err
		}
		if total > maxCount+1 {
			return d.wrong("a total of 63 bits", fmt.Sprint(total-1))
		}
		if string(d.repoType) != string(t) {
			d.repoType = history.RepoType(t)
		}
		d.rows.Repos = append(d.rows.Repos, history.RepoTotal{
			Repo: history.Repo{Type: d.repoType, Name: string(name)}, Total: int64(total - 1),
		})
	}
	return nil
}

func (d *decoder) version() error {
	s, err := d.uvarint("a source")
	if err != nil {
		return err
	}
	if s == 0 {
		if !d.told {
			return d.wrong("a version in the first block", "none")
		}
		return nil
	}
	if s-1 > uint64(history.Published) {
		return d.wrong("a source", fmt.Sprint(s-1))
	}
	asOf, n := binary.Varint(d.block)
	if n <= 0 {
		return d.wrong("the age of a version", "the end of the block")
	}
	d.block = d.block[n:]
	d.rows.Version, d.told = history.Version{Source: history.Source(s - 1), AsOf: history.AsOf(asOf)}, true
	return nil
}

// downloads reads the last column.
func (d *decoder) downloads(n int) error {
	column, b := d.rows.Downloads[:0], d.block
	for range n {
		if len(b) > 0 && b[0] < 0x80 {
			column, b = append(column, int64(b[0])), b[1:]
			continue
		}
		v, size := binary.Uvarint(b)
		if size <= 0 || v > maxCount {
			d.block = b
			return d.wrong("downloads", "the end of the block, or more than 63 bits")
		}
		column, b = append(column, int64(v)), b[size:]
	}
	d.rows.Downloads, d.block = column, b
	return nil
}

// deltas reads a column of n differences into numbers from least to most.
func deltas[T uint32 | history.Day](d *decoder, column []T, n int, least, most int64, what string) ([]T, error) {
	column, b, v := column[:0], d.block, int64(0)
	for range n {
		var z uint64
		size := 1
		if len(b) > 0 && b[0] < 0x80 {
			z = uint64(b[0])
		} else if z, size = binary.Uvarint(b); size <= 0 {
			d.block = b
			return column, d.wrong(what, "the end of the block, or more than 64 bits")
		}
		v += int64(z>>1) ^ -int64(z&1)
		if v < least || v > most {
			d.block = b
			return column, d.wrong(fmt.Sprintf("%s from %d to %d", what, least, most), fmt.Sprint(v))
		}
		column, b = append(column, T(v)), b[size:]
	}
	d.block = b
	return column, nil
}

// uvarint reads a number of the block at hand.
func (d *decoder) uvarint(what string) (uint64, error) {
	v, n := binary.Uvarint(d.block)
	if n <= 0 {
		return 0, d.wrong(what, "the end of the block, or more than 64 bits")
	}
	d.block = d.block[n:]
	return v, nil
}

// text reads a text of the block at hand, valid as long as that is.
func (d *decoder) text(what string) ([]byte, error) {
	n, err := d.uvarint("the length of " + what)
	if err != nil {
		return nil, err
	}
	if n > uint64(len(d.block)) {
		return nil, d.wrong(what, fmt.Sprintf("a text of %d bytes in %d", n, len(d.block)))
	}
	s := d.block[:n]
	d.block = d.block[n:]
	return s, nil
}
