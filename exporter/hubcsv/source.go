package hubcsv

import (
	"bytes"
	"errors"
	"io"
	"iter"
)

// source cuts what a reader gives into pieces of whole lines.
type source struct {
	r       io.Reader
	size    int // of a buffer, slack included
	longest int // the longest line that may be, in bytes
}

// chunk is a piece of text.
type chunk struct {
	buf []byte
	end int // buf[:end] are whole lines; slack bytes at least follow
	n   int // buf[end:n] is the beginning of the line after them

	// err is why no chunk follows: io.EOF, errLongLine or an error of the
	// reader. At io.EOF a last line without a line end was given one.
	err error
}

// errLongLine says that the line after the whole lines is too long.
var errLongLine = errors.New("line too long")

const (
	// bufferSize keeps the buffers that are under way in a processor's cache.
	bufferSize = 256 << 10
	// maxEmptyReads is how often a reader may give nothing before it is taken
	// for broken.
	maxEmptyReads = 100
)

func (s *source) newBuffer() []byte { return make([]byte, s.size) }

// next reads on after buf[:n], the beginning of a line. It fills the buffer,
// and enlarges it for a long line; if eager it returns after one read.
func (s *source) next(buf []byte, n int, eager bool) chunk {
	end := 0
	for {
		if n == len(buf)-slack {
			buf = append(buf, make([]byte, len(buf))...)
		}
		m, err := s.read(buf[n : len(buf)-slack])
		if i := bytes.LastIndexByte(buf[n:n+m], '\n'); i >= 0 {
			end = n + i + 1
		}
		n += m
		full := n == len(buf)-slack
		switch {
		case err == io.EOF && end < n:
			buf[n] = '\n'
			return chunk{buf: buf, end: n + 1, n: n + 1, err: err}
		case err != nil:
			return chunk{buf: buf, end: end, n: n, err: err}
		case (full || eager) && n-end > s.longest+len("\xef\xbb\xbf\r"):
			return chunk{buf: buf, end: end, n: n, err: errLongLine}
		case eager || full && end > 0:
			return chunk{buf: buf, end: end, n: n}
		}
	}
}

// read reads at least one byte unless there is an error; there may be both.
func (s *source) read(b []byte) (int, error) {
	for range maxEmptyReads {
		n, err := s.r.Read(b)
		if n < 0 || n > len(b) {
			return 0, errors.New("the reader returned an impossible count of bytes")
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// rest returns the chunks that follow chunk c until the last. The reader is used by
// who loops over them.
func (s *source) rest(c chunk) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		turns := [chunksAhead + 2][]byte{c.buf}
		for i := 1; c.err == nil; i++ {
			line, buf := c.buf[c.end:c.n], &turns[i%len(turns)]
			if len(line)+slack >= len(*buf) {
				*buf = make([]byte, 2*len(line)+s.size)
			}
			c = s.next(*buf, copy(*buf, line), false)
			if *buf = c.buf; !yield(c) {
				return
			}
		}
	}
}
