package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strconv"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// writeList writes the object head and, as its last member, the named list. The
// elements are written one by one, as an answer may have many; w gathers them.
func writeList[T any](w io.Writer, head any, name string, elements iter.Seq2[T, error]) error {
	var b bytes.Buffer
	if err := WriteJSON(&b, head); err != nil {
		return err
	}
	b.Truncate(b.Len() - len("}\n"))
	fmt.Fprintf(&b, ",%q:[", name)
	comma := ""
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for e, err := range elements {
		if err != nil {
			return err
		}
		b.WriteString(comma)
		comma = ",\n"
		if err := enc.Encode(e); err != nil {
			return err
		}
		b.Truncate(b.Len() - len("\n"))
		if _, err := w.Write(b.Bytes()); err != nil {
			return err
		}
		b.Reset()
	}
	b.WriteString("]}\n")
	_, err := w.Write(b.Bytes())
	return err
}

// optional returns a pointer to v, which JSON has as null if it is the zero value.
func optional[T comparable](v T) *T {
	if v == *new(T) {
		return nil
	}
	return &v
}

// value returns what p points to, the zero value for nil.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// daysIn returns the days of which JSON has null where they are empty.
func daysIn(d *history.Days) history.Days {
	if d == nil {
		return history.NoDays
	}
	return *d
}

// countIn returns the number of which JSON has null where it is unknown.
func countIn(n *int64) int64 {
	if n == nil {
		return history.Unknown
	}
	return *n
}

// asOfJSON is the age of a fact, like "2024-05-01T06:00:00.000000Z"; null where it
// is 0, which stands for never.
type asOfJSON history.AsOf

func (a asOfJSON) MarshalJSON() ([]byte, error) {
	if a == 0 {
		return []byte("null"), nil
	}
	return append(history.AsOf(a).Append([]byte{'"'}), '"'), nil
}

func (a *asOfJSON) UnmarshalJSON(b []byte) error {
	var t *time.Time
	if err := json.Unmarshal(b, &t); err != nil {
		return err
	}
	*a = 0
	if t != nil {
		*a = asOfJSON(history.AsOfTime(*t))
	}
	return nil
}

// trendJSON is a list of numbers that may be unknown. It is marshaled as a whole,
// for it is most of a page.
type trendJSON []int64

func (t trendJSON) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 2+8*len(t))
	b = append(b, '[')
	for i, n := range t {
		if i > 0 {
			b = append(b, ',')
		}
		if n == history.Unknown {
			b = append(b, "null"...)
		} else {
			b = strconv.AppendInt(b, n, 10)
		}
	}
	return append(b, ']'), nil
}

func (t *trendJSON) UnmarshalJSON(b []byte) error {
	var list []*int64
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	*t = make(trendJSON, len(list))
	for i, n := range list {
		(*t)[i] = countIn(n)
	}
	return nil
}
