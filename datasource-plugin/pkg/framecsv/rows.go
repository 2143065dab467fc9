package framecsv

import (
	"strconv"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// appendRows appends the rows of a frame. With an error, what is in the result
// is not whole.
func (w *Writer) appendRows(b []byte, c *layout) ([]byte, error) {
	for i := range c.rows {
		of := c.total(c.fields[total], i)
		n := c.downloads(c.fields[downloads], i)
		if of == notACount || n < 0 {
			return b, c.fault(i)
		}
		day := w.calendar.text(c.time(i))
		if day == nil {
			return b, c.fault(i)
		}
		prefix := w.prefixes.of(c.text(repoType, i), c.text(repoName, i), of)
		if prefix == nil {
			return b, c.fault(i)
		}
		b = append(b, prefix...)
		b = append(b, day...)
		b = strconv.AppendInt(b, n, 10)
		b = append(b, '\n')
	}
	return b, nil
}

const (
	secondsPerDay = 86400

	timestampForm = "2006-01-02T00:00:00.000Z"
	// leastMonth is how many days every month has.
	leastMonth = 28
)

// calendar writes days. It keeps the text of the last one, of which the next one
// mostly has all but the day of the month.
type calendar struct {
	buf []byte // a timestamp and the separator behind it
	// last is when the day in buf begins, and first when its month does, in seconds
	// since 1970; -1 without one.
	last, first int64
}

func newCalendar(separator byte) calendar {
	return calendar{buf: append([]byte(timestampForm), separator), last: -1, first: -1}
}

// text returns the day that begins at t with the separator behind it, valid until
// the next call, or nil if no day of a record begins there.
func (c *calendar) text(t *time.Time) []byte {
	if t == nil {
		return nil
	}
	at := t.Unix()
	if at == c.last && t.Nanosecond() == 0 {
		return c.buf
	}
	if !isDay(t) {
		return nil
	}
	c.last = at
	// The last days of long months are looked up: that needs no calendar here.
	if c.first < 0 || at < c.first || at >= c.first+leastMonth*secondsPerDay {
		year, month, day := t.UTC().Date()
		c.first = at - int64(day-1)*secondsPerDay
		put2(c.buf[0:], year/100)
		put2(c.buf[2:], year%100)
		put2(c.buf[5:], int(month))
	}
	put2(c.buf[8:], int((at-c.first)/secondsPerDay)+1)
	return c.buf
}

// put2 writes a number from 0 to 99 in two digits.
func put2(b []byte, n int) {
	b[0], b[1] = byte('0'+n/10), byte('0'+n%10)
}

// isDay reports whether t is the first instant of a day that a record can have.
func isDay(t *time.Time) bool {
	if t == nil {
		return false
	}
	at := t.Unix()
	return at >= int64(history.MinDay)*secondsPerDay && at <= int64(history.MaxDay)*secondsPerDay &&
		at%secondsPerDay == 0 && t.Nanosecond() == 0
}
