//gosec:disable G115 -- varints carry the bits of signed numbers, and what is read is checked

// Package rowstream writes blocks of records as bytes and reads them back: what an
// exporter and its clients of this project tell each other. A record takes about
// four bytes, a seventh of what it takes as text, and is written and read at the
// speed of a copy.
//
// The format is for programs of one API version and no file format: files of
// records are CSV, JSON lines or Parquet.
//
//	stream  = "HFXROWS\x01" { size block } 0 rows
//	block   = rows entries { entry } version repos days downloads
//	entry   = length type length name total
//	version = 0 | source age
//
// Numbers are varints as encoding/binary has them. size is the number of bytes
// of a block, rows that of its records, and after the last block comes the number of
// records of the whole stream: one that was cut anywhere is not taken for a
// whole one. The entries are those that the dictionary has grown by, their totals
// one higher than they are and 0 where unknown. A version is that of the block
// before (0), or a source counted from 1 and the as_of, signed. The columns of a
// block follow each other: repos as signed differences of indexes, days as signed
// differences of numbers, both from one row to the next and beginning at 0, and
// downloads as they are.
package rowstream

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// ContentType is the media type of a stream.
const ContentType = "application/vnd.huggingface-exporter.rows"

// magic begins a stream. Its last byte is the version of the format.
const magic = "HFXROWS\x01"

// Writer writes the blocks of one stream to an io.Writer, a Write for each block.
// Nothing is written before the first block or Close.
type Writer struct {
	w       io.Writer
	started bool
	repos   int // entries of the dictionary that were written
	// version is that of the block before, if there was one.
	version history.Version
	rows    int64
	buf     []byte
}

// NewWriter returns a writer of a stream.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// room is left in front of a block for what is known once it is whole.
const room = len(magic) + binary.MaxVarintLen64

// WriteRows writes a block; one without rows is passed over. Blocks have one
// dictionary that grows along the stream, as history.RowSeq has it. An error is
// that of the io.Writer, or tells of a block that no reader would take.
func (w *Writer) WriteRows(rows *history.Rows) error {
	n := rows.Len()
	if n == 0 {
		return nil
	}
	b := append(w.buf[:0], make([]byte, room)...)
	b = binary.AppendUvarint(b, uint64(n))
	b = w.appendEntries(b, rows.Repos)
	b = w.appendVersion(b, rows.Version)
	b = appendDeltas(b, rows.Repo)
	b = appendDeltas(b, rows.Day)
	for _, v := range rows.Downloads {
		if uint64(v) < 0x80 {
			b = append(b, byte(v))
			continue
		}
		if v < 0 {
			return fmt.Errorf("expected downloads from 0 up, got %d", v)
		}
		b = binary.AppendUvarint(b, uint64(v))
	}
	w.buf = b
	if size := len(b) - room; size > maxBlock {
		return fmt.Errorf("expected a block of at most %d bytes, got %d", maxBlock, size)
	}
	w.rows += int64(n)
	return w.write(b)
}

// write writes a block that follows room.
func (w *Writer) write(b []byte) error {
	var head [room]byte
	h := head[:0]
	if !w.started {
		h = append(h, magic...)
		w.started = true
	}
	h = binary.AppendUvarint(h, uint64(len(b)-room))
	b = b[room-len(h):]
	copy(b, h)
	_, err := w.w.Write(b)
	return err
}

// Close ends the stream, which is whole then. It does not close the io.Writer.
func (w *Writer) Close() error {
	b := w.buf[:0]
	if !w.started {
		b = append(b, magic...)
	}
	b = append(b, 0)
	b = binary.AppendUvarint(b, uint64(w.rows))
	_, err := w.w.Write(b)
	return err
}

func (w *Writer) appendEntries(b []byte, repos []history.RepoTotal) []byte {
	fresh := repos[w.repos:]
	w.repos = len(repos)
	b = binary.AppendUvarint(b, uint64(len(fresh)))
	for i := range fresh {
		r := &fresh[i]
		b = binary.AppendUvarint(b, uint64(len(r.Repo.Type)))
		b = append(b, r.Repo.Type...)
		b = binary.AppendUvarint(b, uint64(len(r.Repo.Name)))
		b = append(b, r.Repo.Name...)
		total := uint64(0)
		if r.Total != history.Unknown {
			total = uint64(r.Total) + 1
		}
		b = binary.AppendUvarint(b, total)
	}
	return b
}

func (w *Writer) appendVersion(b []byte, v history.Version) []byte {
	if w.rows > 0 && v == w.version {
		return append(b, 0)
	}
	w.version = v
	b = binary.AppendUvarint(b, uint64(v.Source)+1)
	return binary.AppendVarint(b, int64(v.AsOf))
}

// appendDeltas appends a column as signed differences: they take a byte each where
// rows are in one of the orders of an export.
func appendDeltas[T uint32 | history.Day](b []byte, column []T) []byte {
	last := int64(0)
	for _, v := range column {
		d := int64(v) - last
		last = int64(v)
		if z := uint64(d<<1) ^ uint64(d>>63); z < 0x80 {
			b = append(b, byte(z))
		} else {
			b = binary.AppendUvarint(b, z)
		}
	}
	return b
}

// maxBlock is the most bytes of a block that a reader takes. It is far more than
// blocks have, and bounds what a stream that is none makes a reader allocate.
const maxBlock = 64 << 20

const maxCount = math.MaxInt64
