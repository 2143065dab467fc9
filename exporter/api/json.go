package api

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

const jsonType = "application/json"

// writeJSON answers with the object head and, as its last member, the named
// list. The elements are written one by one: an answer may have many.
func writeJSON[T any](w http.ResponseWriter, head any, list string, elements iter.Seq[T]) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(head); err != nil {
		return err
	}
	b.Truncate(b.Len() - len("}\n"))
	w.Header().Set("Content-Type", jsonType)
	out := bufio.NewWriterSize(w, 16<<10)
	// An error of out stays with it, and is looked at in the end.
	fmt.Fprintf(out, "%s,%q:[", b.Bytes(), list)
	comma := ""
	for e := range elements {
		b.Reset()
		if err := enc.Encode(e); err != nil {
			return err
		}
		fmt.Fprint(out, comma)
		comma = ",\n"
		if _, err := out.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n"))); err != nil {
			break // the client has gone
		}
	}
	fmt.Fprint(out, "]}\n")
	if err := out.Flush(); err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// daysJSON is a run of days; nil, so null, where it is empty.
type daysJSON struct {
	From history.Day `json:"from"`
	To   history.Day `json:"to"`
}

func daysOf(r history.Days) *daysJSON {
	if r.Len() == 0 {
		return nil
	}
	return &daysJSON{r.From, r.To}
}

// days returns what daysOf was made of.
func (d *daysJSON) days() history.Days {
	if d == nil {
		return history.NoDays
	}
	return history.Days{From: d.From, To: d.To}
}

// countJSON is a number that may be unknown: then it is null.
type countJSON int64

func (c countJSON) MarshalJSON() ([]byte, error) {
	return appendCount(nil, int64(c)), nil
}

func (c *countJSON) UnmarshalJSON(b []byte) error {
	var n *int64
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	*c = countJSON(history.Unknown)
	if n != nil {
		*c = countJSON(*n)
	}
	return nil
}

// asOfJSON is the age of a fact, like "2024-05-01T06:00:00.000000Z"; null where it
// is 0, which stands for never.
type asOfJSON history.AsOf

// asOfLayout tells an age to the microsecond, its unit.
const asOfLayout = "2006-01-02T15:04:05.000000Z"

func (a asOfJSON) MarshalJSON() ([]byte, error) {
	if a == 0 {
		return []byte("null"), nil
	}
	return history.AsOf(a).Time().AppendFormat(nil, `"`+asOfLayout+`"`), nil
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

// trendJSON is a list of numbers that may be unknown. It is marshalled as a
// whole, for it is most of a page.
type trendJSON []int64

func (t trendJSON) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 2+8*len(t))
	b = append(b, '[')
	for i, n := range t {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendCount(b, n)
	}
	return append(b, ']'), nil
}

func (t *trendJSON) UnmarshalJSON(b []byte) error {
	var list []countJSON
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	*t = make(trendJSON, len(list))
	for i, c := range list {
		(*t)[i] = int64(c)
	}
	return nil
}

func appendCount(b []byte, n int64) []byte {
	if n == history.Unknown {
		return append(b, "null"...)
	}
	return strconv.AppendInt(b, n, 10)
}

// compareJSON is downloads in a period beside those of the period before it.
type compareJSON struct {
	Downloads int64 `json:"downloads"`
	// Before and Change are null without a period before.
	Before *int64 `json:"before"`
	Change *int64 `json:"change"`
}

func compare(downloads, before int64, hasBefore bool) compareJSON {
	c := compareJSON{Downloads: downloads}
	if hasBefore {
		change := downloads - before
		c.Before, c.Change = &before, &change
	}
	return c
}

// before returns the downloads of the period before, 0 without one.
func (c compareJSON) before() int64 {
	if c.Before == nil {
		return 0
	}
	return *c.Before
}

// periodJSON is what overview and page have in common: what they are about.
type periodJSON struct {
	// Revision names the state of the history, null where the store names none.
	Revision *string   `json:"revision"`
	Recorded *daysJSON `json:"recorded"`
	Days     *daysJSON `json:"days"`
	Before   *daysJSON `json:"before"`
}

// readJSON decodes an answer of at most most bytes, to its end.
func readJSON(r io.Reader, most int64, v any) error {
	lr := &limitedReader{r: r, left: most, most: most}
	dec := json.NewDecoder(lr)
	if err := dec.Decode(v); err != nil {
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	switch _, err := dec.Token(); err {
	case io.EOF:
		return nil
	case nil:
		return errNotOneValue
	default:
		return err
	}
}
