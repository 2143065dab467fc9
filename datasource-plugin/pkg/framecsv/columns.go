//gosec:disable G115 -- counts and days are checked; there are fewer repositories than 2^32

package framecsv

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
)

// fieldNames are the fields of the record format, in the order of its header.
var fieldNames = strings.Split(hubcsv.Header, ",")

// The indexes into fieldNames.
const (
	repoType = iota
	repoName
	total
	timestamp
	downloads
	numFields
)

// columns are the fields of a frame that are written.
type columns struct {
	frame  *data.Frame
	rows   int
	fields [numFields]*data.Field
}

// columnsOf finds the fields of the record format and checks their types.
func columnsOf(f *data.Frame) (*columns, error) {
	c := &columns{frame: f}
	for i, name := range fieldNames {
		var names []string
		for _, field := range f.Fields {
			if field == nil {
				continue
			}
			if names = append(names, field.Name); field.Name != name {
				continue
			}
			if c.fields[i] != nil {
				return nil, c.fault(i, -1, "one field of that name", "two")
			}
			c.fields[i] = field
		}
		if c.fields[i] == nil {
			return nil, c.fault(i, -1, "a field of that name", strings.Join(names, ", "))
		}
	}
	c.rows = c.fields[0].Len()
	for i, field := range c.fields {
		if n := field.Len(); n != c.rows {
			return nil, c.fault(i, -1, fmt.Sprintf("%d rows, as the field %s has", c.rows, fieldNames[0]), strconv.Itoa(n))
		}
		t := field.Type().NonNullableType()
		want, ok := "integers, or float64", t.Numeric() && t != data.FieldTypeFloat32
		switch i {
		case repoType, repoName:
			want, ok = "strings", t == data.FieldTypeString
		case timestamp:
			want, ok = "times", t == data.FieldTypeTime
		}
		if !ok {
			return nil, c.fault(i, -1, want, field.Type().ItemTypeString())
		}
	}
	return c, nil
}

// text returns a type or a name, "" for a null.
func (c *columns) text(field, i int) string {
	switch p := c.fields[field].PointerAt(i).(type) {
	case *string:
		return *p
	case **string:
		if *p != nil {
			return **p
		}
	}
	return ""
}

const (
	null      = history.Unknown
	notACount = -2
)

// count returns a number: 0 or more, null, or notACount.
func (c *columns) count(field, i int) int64 {
	switch p := c.fields[field].PointerAt(i).(type) {
	case *int64:
		return checked(*p)
	case **int64:
		if *p == nil {
			return null
		}
		return checked(**p)
	}
	// Other types than those of a data source are rare, and may be slower.
	v, ok := c.fields[field].ConcreteAt(i)
	if !ok {
		return null
	}
	switch r := reflect.ValueOf(v); {
	case r.CanInt():
		return checked(r.Int())
	case r.CanUint():
		return checked(int64(r.Uint())) // one that is too large becomes negative
	case r.CanFloat():
		if f := r.Float(); f >= 0 && f < 1<<63 && f == math.Trunc(f) {
			return int64(f)
		}
	}
	return notACount
}

func checked(n int64) int64 {
	if n < 0 {
		return notACount
	}
	return n
}

const secondsPerDay = 86400

// day returns the day that begins at a timestamp, NoDay if no day of a record does.
func (c *columns) day(i int) history.Day {
	var t *time.Time
	switch p := c.fields[timestamp].PointerAt(i).(type) {
	case *time.Time:
		t = p
	case **time.Time:
		t = *p
	}
	if t == nil || t.Nanosecond() != 0 {
		return history.NoDay
	}
	at := t.Unix()
	if day := at / secondsPerDay; day*secondsPerDay == at && day >= int64(history.MinDay) && day <= int64(history.MaxDay) {
		return history.Day(day)
	}
	return history.NoDay
}

func (c *columns) fault(field, row int, want, got string) error {
	return &FrameError{Frame: c.frame.Name, Field: fieldNames[field], Row: row, Value: got, Want: want}
}

// faultOf is the error of row i: that of its first value that cannot be written.
func (c *columns) faultOf(i int) error {
	const count = "a whole number from 0 to 9223372036854775807"
	field, want := downloads, count
	switch {
	case c.text(repoType, i) == "":
		field, want = repoType, "a repository type"
	case c.text(repoName, i) == "":
		field, want = repoName, "a repository name"
	case c.count(total, i) == notACount:
		field, want = total, count+", or null"
	case c.day(i) == history.NoDay:
		field, want = timestamp, "midnight UTC of a day from 1970-01-01 to 9999-12-31"
	}
	value := "null"
	if v, ok := c.fields[field].ConcreteAt(i); ok {
		value = fmt.Sprint(v)
		if t, ok := v.(time.Time); ok {
			value = t.Format(time.RFC3339Nano)
		}
	}
	return c.fault(field, i, want, value)
}
