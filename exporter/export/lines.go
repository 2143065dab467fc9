package export

import (
	"io"
	"strconv"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

const (
	// lineBuffer is how much text is gathered for one write.
	lineBuffer = 64 << 10
	// maxHeads and maxHeadBytes bound the memory that lineWriter spends on text
	// it has made before: the repositories past them are spelled out anew.
	maxHeads     = 64 << 10
	maxHeadBytes = 8 << 20
)

// layout is how a record is written as a line:
//
//	head 2021-01-22 middle downloads tail
type layout struct {
	// title is the first line of the text, with its line end.
	title  string
	head   func(b []byte, r *history.RepoTotal) []byte
	middle string
	tail   func(b []byte, v history.Version) []byte
}

// lineWriter writes a line a record. What a line begins with is the same for
// all days of a repository, what it ends with for all rows of a block; both are
// made once.
type lineWriter struct {
	w      io.Writer
	layout layout
	buf    []byte
	tail   []byte

	heads     [][]byte // by index into the dictionary; nil: not made yet
	headBytes int
}

func newLineWriter(w io.Writer, l layout) *lineWriter {
	buf := make([]byte, 0, lineBuffer+4<<10)
	return &lineWriter{w: w, layout: l, buf: append(buf, l.title...)}
}

func (l *lineWriter) writeBlock(rows *history.Rows) error {
	if n := min(len(rows.Repos), maxHeads); n > len(l.heads) {
		l.heads = append(l.heads, make([][]byte, n-len(l.heads))...)
	}
	l.tail = l.layout.tail(l.tail[:0], rows.Version)
	b := l.buf
	for i, repo := range rows.Repo {
		b = l.appendHead(b, rows.Repos, repo)
		b = appendDay(b, rows.Day[i])
		b = append(b, l.layout.middle...)
		b = strconv.AppendInt(b, rows.Downloads[i], 10)
		b = append(b, l.tail...)
		if len(b) >= lineBuffer {
			if _, err := l.w.Write(b); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	l.buf = b
	return nil
}

func (l *lineWriter) close() error {
	if len(l.buf) == 0 {
		return nil
	}
	_, err := l.w.Write(l.buf)
	l.buf = l.buf[:0]
	return err
}

// appendHead appends what comes before the day in a line of repository i.
func (l *lineWriter) appendHead(b []byte, repos []history.RepoTotal, i uint32) []byte {
	if int(i) < len(l.heads) && l.heads[i] != nil {
		return append(b, l.heads[i]...)
	}
	start := len(b)
	b = l.layout.head(b, &repos[i])
	if made := b[start:]; int(i) < len(l.heads) && l.headBytes+len(made) <= maxHeadBytes {
		l.heads[i] = append([]byte(nil), made...)
		l.headBytes += len(made)
	}
	return b
}

// asOfLayout tells the age of a version to the microsecond, its unit.
const asOfLayout = "2006-01-02T15:04:05.000000Z"

func appendAsOf(b []byte, a history.AsOf) []byte { return a.Time().AppendFormat(b, asOfLayout) }
