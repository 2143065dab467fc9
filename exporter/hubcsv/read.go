package hubcsv

import (
	"bytes"
	"fmt"
	"io"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/parallel"
)

// DefaultMaxLineBytes is the longest line that Read accepts by default.
const DefaultMaxLineBytes = 1 << 20

// maxBlank is how many bytes of lines without text may follow each other.
const maxBlank = 4 << 20

// Options say how an input is read.
type Options struct {
	// File names the input in errors, "" if it has no name.
	File string
	// Version is set on all blocks.
	Version history.Version
	// MaxLineBytes is the longest line, in bytes without its line end, that is
	// accepted; a quoted field may spread it over several lines of text. 0 or
	// less stands for DefaultMaxLineBytes.
	MaxLineBytes int
	// LastDay is the last day that a row may have: later ones are still to come. 0 stands
	// for history.MaxDay.
	LastDay history.Day
	// SkipBadRows sets rows aside that cannot be understood, as long as they are at most
	// one, or one of a hundred.
	SkipBadRows bool
	// Notes, if not nil, is where the reader notes what it noticed of an input that it
	// accepted, once the stream has ended.
	Notes *history.InputNotes
}

// Read returns the rows of a CSV text. The stream can be read once.
//
// The columns are found by the names in the header row, in any order; others
// are ignored. A byte order mark, CRLF, quotes, lines of nothing but blanks or
// empty fields and a last line without a line end are accepted; a timestamp may be
// a date, alone or with midnight UTC after it in any of the spellings of isMidnight;
// a number may have zeros after a decimal point; a total may be empty, which is
// history.Unknown. Several rows of one repository and day are passed on as they are.
//
// If the rows of a repository differ in their totals, that of its newest day
// counts, the largest of equal days: it is in the dictionary of the last block, which
// has no rows if need be.
//
// Faults of the text are one *history.InputErrors, the last element of the stream; once the first fault is found no more blocks come, unless
// bad rows are skipped, and the rest is read to count the faults. A text without the
// header (an HTML page, another format), a line that is too long, and MiBs of blank lines
// end the stream at once. An error of r is wrapped, with the file and the line at which it came.
//
// The stream reads r ahead in a goroutine of its own, and parses in another; both
// have ended when the loop over the stream has. So leaving the loop early waits
// for a call of r.Read that is under way.
func Read(r io.Reader, o Options) history.RowSeq {
	return read(r, o, bufferSize)
}

func read(r io.Reader, o Options, size int) history.RowSeq {
	if o.MaxLineBytes <= 0 {
		o.MaxLineBytes = DefaultMaxLineBytes
	}
	return func(yield func(*history.Rows, error) bool) {
		p := newParser(o, newBlock(o.Version), func(r *history.Rows) *history.Rows {
			if !yield(r, nil) {
				return nil
			}
			return renew(r)
		})
		s := &source{r: r, size: size + slack, longest: o.MaxLineBytes}
		c, err := p.start(s)
		more := p.rows != nil
		if more && err == nil && c.err == nil {
			more, err = p.pipeline(s, c, yield)
		}
		if more && err != nil {
			yield(nil, err)
		}
	}
}

// start reads the header and one buffer, with which a small input ends. It
// returns the last chunk it read; more is to be read if that has no error.
func (p *parser) start(s *source) (chunk, error) {
	// The header is read piece by piece, so that what is none of our business is
	// refused before more of it is asked for.
	buf, n := s.newBuffer(), 0
	for first := true; !p.header.found; {
		c := s.next(buf, n, true)
		if p.refuse(c.buf[:c.n]) {
			return c, p.errs.Err()
		}
		text, end := c.buf, c.end
		if first && end > 0 {
			first = false
			if bytes.HasPrefix(text[:end], bom) {
				text, end = text[len(bom):], end-len(bom)
			}
		}
		if !p.feed(text, end) {
			return c, p.errs.Err()
		}
		if c.err != nil {
			return c, p.finish(c)
		}
		buf = c.buf
		n = copy(buf, buf[c.end:c.n])
	}
	c := s.next(buf, n, false)
	return c, p.parse(c)
}

// parse parses a chunk and returns the error that ends the stream with it.
func (p *parser) parse(c chunk) error {
	if !p.feed(c.buf, c.end) {
		return p.errs.Err()
	}
	if c.err != nil {
		return p.finish(c)
	}
	return nil
}

// finish takes the end of the text, which c says.
func (p *parser) finish(c chunk) error {
	switch c.err {
	case io.EOF:
		return p.end()
	case errLongLine:
		if len(p.carry) == 0 {
			p.carry = append(p.carry, c.buf[c.end:c.n]...)
		}
		p.longLine(p.carry)
	default:
		err := fmt.Errorf("reading line %d: %w", p.line, c.err)
		if p.errs.File != "" {
			err = fmt.Errorf("%s: reading line %d: %w", p.errs.File, p.line, c.err)
		}
		if faults := p.errs.Err(); faults != nil {
			err = fmt.Errorf("%w\n%w", faults, err)
		}
		return err
	}
	return p.errs.Err()
}

const (
	// chunksAhead is how many buffers are filled between the one that is read into and
	// the one that is parsed, to even the two out.
	chunksAhead = 1
	// blocksAhead is how many blocks wait likewise.
	blocksAhead = 2
)

// pipeline reads and parses what follows chunk c, in a goroutine each, and
// yields the blocks. It returns whether there is somebody to take more, and the
// error that ends the stream. Both goroutines have ended when it returns.
func (p *parser) pipeline(s *source, c chunk, yield func(*history.Rows, error) bool) (more bool, err error) {
	chunks := parallel.Ahead(s.rest(c), chunksAhead)
	var failed error // set before blocks ends
	blocks := parallel.Ahead(func(yield func(*history.Rows) bool) {
		turns, n := [blocksAhead + 2]*history.Rows{p.rows}, 0
		for i := range turns[1:] {
			turns[1+i] = newBlock(p.rows.Version)
		}
		p.emit = func(r *history.Rows) *history.Rows {
			if !yield(r) {
				return nil
			}
			n++
			return renew(turns[n%len(turns)])
		}
		for c := range chunks {
			if failed = p.parse(c); failed != nil || p.rows == nil {
				return
			}
		}
	}, blocksAhead)
	for r := range blocks {
		if !yield(r, nil) {
			return false, nil
		}
	}
	return true, failed
}
