//gosec:disable G115 -- bytes and words are taken apart; counts and days are checked

package hubcsv

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/parallel"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

const (
	// flushSize is how much text is gathered before it is written.
	flushSize = 256 << 10
	// flushRoom is for the row that passes the mark; larger ones get more.
	flushRoom = 4 << 10
)

// Writer writes the CSV record format: LF at the line ends, no byte order mark,
// quotes only around fields that have a comma, a quote, a CR or an LF in them.
// A total that is history.Unknown is written as nothing.
//
// WriterOptions change that.
//
// A Writer remembers the text of the repositories in the dictionary of its rows.
// Rows with another dictionary are written as well, but it takes longer.
type Writer struct {
	w        io.Writer
	writer   *parallel.Writer // nil: w is written to at once
	err      error
	buf      []byte
	n        int // buf[:n] is to be written
	flushed  bool
	prefixes prefixCache
	rows     int64
	options  WriterOptions

	// The month of the last row: its first day, its length, and its text
	// "2021-01-", the first byte lowest.
	first history.Day
	days  uint32
	month uint64
}

// WriterOptions may be left zero: the record format itself, byte for byte.
type WriterOptions struct {
	// Separator stands between fields: ',' (0 stands for it), ';' or tab.
	Separator rune
	// Spreadsheet begins the file with a byte order mark, by which spreadsheets
	// recognize UTF-8, and puts an apostrophe before types and names that begin
	// with = + - @ tab or CR, which spreadsheets would run as a formula. Numbers
	// and timestamps never begin like that, and stay what they are.
	Spreadsheet bool
	// PieceBytes is how much text is gathered before it is written, 0 for 256 KiB.
	PieceBytes int
	// Eager makes WriteOptions write the first block at once, for a reader that
	// waits for the beginning of a slow stream.
	Eager bool
}

// Validate reports whether a Writer can be made with o.
func (o WriterOptions) Validate() error {
	switch o.Separator {
	case 0, ',', ';', '\t':
		return nil
	}
	return fmt.Errorf("CSV separator: expected a comma, a semicolon or a tab, got %q", o.Separator)
}

// NewWriter returns a Writer to w. Nothing is written before some text has been
// gathered, so a caller that finds out early that there is nothing to write can
// still do something else with w.
func NewWriter(w io.Writer) *Writer { return NewWriterOptions(w, WriterOptions{}) }

// NewWriterOptions returns a Writer with options. If they are not valid, every
// call returns the error of Validate.
func NewWriterOptions(w io.Writer, o WriterOptions) *Writer {
	err := o.Validate()
	if o.Separator == 0 || err != nil {
		o.Separator = ','
	}
	if o.PieceBytes <= 0 {
		o.PieceBytes = flushSize
	}
	return &Writer{w: w, err: err, options: o, prefixes: newPrefixCache(o)}
}

// Write writes a whole stream, the header first, and returns the number of its
// rows. An error of the stream, or of w, ends it; the text is then incomplete. A
// long text is written to w by another goroutine, which has ended when Write
// returns.
func Write(w io.Writer, rows history.RowSeq) (n int64, err error) {
	return WriteOptions(w, rows, WriterOptions{})
}

// WriteOptions is Write with options.
func WriteOptions(w io.Writer, rows history.RowSeq, o WriterOptions) (n int64, err error) {
	cw := NewWriterOptions(w, o)
	defer func() {
		if cw.writer == nil {
			return
		}
		if e := cw.writer.Close(); err == nil {
			err = e
		}
	}()
	for block, err := range rows {
		if err == nil {
			err = cw.WriteRows(block)
		}
		if err != nil {
			return cw.rows, err
		}
		if o.Eager && !cw.flushed {
			if err := cw.Flush(); err != nil {
				return cw.rows, err
			}
		}
		if cw.flushed && cw.writer == nil {
			cw.writer = parallel.NewWriter(w, cw.options.PieceBytes+flushRoom)
		}
	}
	return cw.rows, cw.Flush()
}

// WriteRows writes a block, the header before the first one. Downloads and
// totals that are negative and days out of the range of records are errors, as
// nothing could read them back. After an error every call returns it.
func (w *Writer) WriteRows(rows *history.Rows) error {
	if w.start(); w.err != nil {
		return w.err
	}
	w.prefixes.use(rows.Repos)
	spans, separator := w.prefixes.spans, w.prefixes.separator
	days, downloads := rows.Day[:len(rows.Repo)], rows.Downloads[:len(rows.Repo)]
	for i, repo := range rows.Repo {
		if w.n >= w.options.PieceBytes {
			if w.flush(); w.err != nil {
				return w.err
			}
		}
		var prefix []byte
		if s := spans[repo]; s.size > 0 {
			prefix = w.prefixes.text[s.off : s.off+s.size]
		} else if prefix = w.prefixes.build(repo); prefix == nil {
			return w.fail(rows, i)
		}
		if len(prefix) > len(w.buf)-w.n-maxAfterPrefix {
			w.room(len(prefix))
		}
		b := w.buf[w.n:]
		n := copy(b, prefix)

		day := uint32(days[i] - w.first)
		if day >= w.days {
			if !w.setMonth(days[i]) {
				return w.fail(rows, i)
			}
			day = uint32(days[i] - w.first)
		}
		day++
		rest := b[n : n+maxAfterPrefix]
		binary.LittleEndian.PutUint64(rest, w.month)
		binary.LittleEndian.PutUint64(rest[8:], uint64('0'+day/10)|uint64('0'+day%10)<<8|midnightHead<<16)
		binary.LittleEndian.PutUint64(rest[16:], midnightTail)
		rest[timestampSize] = separator

		n += timestampSize + 1
		count := downloads[i]
		if count < 0 {
			return w.fail(rows, i)
		}
		n += textenc.PutDecimal(rest[timestampSize+1:], uint64(count))
		b[n] = '\n'
		w.n += n + 1
		w.rows++
	}
	return nil
}

// Flush writes what is gathered. At the end of an export it is needed; without
// any rows it writes the header.
func (w *Writer) Flush() error {
	w.start()
	w.flush()
	return w.err
}

// start puts the header first.
func (w *Writer) start() {
	if w.buf == nil {
		w.buf = make([]byte, w.options.PieceBytes+flushRoom)
		if w.options.Spreadsheet {
			w.n = copy(w.buf, bom)
		}
		header := strings.ReplaceAll(Header, ",", string(w.options.Separator))
		w.n += copy(w.buf[w.n:], header+"\n")
	}
}

func (w *Writer) flush() {
	switch {
	case w.err != nil || w.n == 0:
	case w.writer != nil:
		w.buf, w.err = w.writer.Swap(w.buf[:w.n])
		w.buf = w.buf[:cap(w.buf)]
	default:
		w.err = parallel.WriteAll(w.w, w.buf[:w.n])
		w.flushed = true
	}
	w.n = 0
}

// room makes the buffer large enough for a row with a prefix of size bytes.
func (w *Writer) room(size int) {
	buf := make([]byte, w.n+size+maxAfterPrefix+w.options.PieceBytes)
	copy(buf, w.buf[:w.n])
	w.buf = buf
}

// setMonth sets the month of the last row to that of d. It returns false if d
// is out of the range of records.
func (w *Writer) setMonth(d history.Day) bool {
	if d < history.MinDay || d > history.MaxDay {
		return false
	}
	year, month, day := d.Date()
	w.first = d - history.Day(day-1)
	w.days = uint32(history.DaysIn(year, month))
	w.month = monthText(year, month)
	return true
}

// fail returns the error of row i, which cannot be written.
func (w *Writer) fail(rows *history.Rows, i int) error {
	r := rows.Record(i)
	switch {
	case r.Total < history.Unknown:
		w.err = fmt.Errorf("cannot write a record of %s: expected a total of 0 or more, got %d", r.Repo, r.Total)
	case r.Day < history.MinDay || r.Day > history.MaxDay:
		w.err = fmt.Errorf("cannot write a record of %s: expected a day from %s to %s, got day %d",
			r.Repo, history.MinDay, history.MaxDay, int32(r.Day))
	default:
		w.err = fmt.Errorf("cannot write the record of %s on %s: expected downloads of 0 or more, got %d",
			r.Repo, r.Day, r.Downloads)
	}
	return w.err
}
