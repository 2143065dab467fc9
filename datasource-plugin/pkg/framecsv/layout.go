package framecsv

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

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

// What is expected of fields and of values.
const (
	wantText   = "strings"
	wantTimes  = "times"
	wantCounts = "integers, or float64"

	wantType  = "a repository type"
	wantName  = "a repository name"
	wantCount = "a whole number from 0 to 9223372036854775807"
	wantDay   = "midnight UTC of a day from 1970-01-01 to 9999-12-31"
)

// layout is where a frame has the fields that are written.
type layout struct {
	frame *data.Frame
	rows  int

	fields           [numFields]*data.Field
	nullable         [numFields]bool
	total, downloads counter
}

// layoutOf finds the fields of the record format and checks their types.
func layoutOf(f *data.Frame) (layout, error) {
	c := layout{frame: f, rows: -1}
	for i, name := range fieldNames {
		field, err := c.find(i, name)
		if err != nil {
			return c, err
		}
		c.fields[i] = field
		c.nullable[i] = field.Nullable()
		if c.rows < 0 {
			c.rows = field.Len()
		}
		if n := field.Len(); n != c.rows {
			return c, c.wrong(i, fmt.Sprintf("%d rows, as the field %s has", c.rows, fieldNames[0]), strconv.Itoa(n))
		}
	}
	for _, i := range [...]int{repoType, repoName} {
		if t := c.fields[i].Type(); t.NonNullableType() != data.FieldTypeString {
			return c, c.wrong(i, wantText, t.ItemTypeString())
		}
	}
	if t := c.fields[timestamp].Type(); t.NonNullableType() != data.FieldTypeTime {
		return c, c.wrong(timestamp, wantTimes, t.ItemTypeString())
	}
	c.total, c.downloads = counterOf(c.fields[total]), counterOf(c.fields[downloads])
	if c.total == nil {
		return c, c.wrong(total, wantCounts, c.fields[total].Type().ItemTypeString())
	}
	if c.downloads == nil {
		return c, c.wrong(downloads, wantCounts, c.fields[downloads].Type().ItemTypeString())
	}
	return c, nil
}

// find returns the one field of that name.
func (c *layout) find(i int, name string) (*data.Field, error) {
	var found *data.Field
	for _, f := range c.frame.Fields {
		switch {
		case f == nil || f.Name != name:
		case found != nil:
			return nil, c.wrong(i, "one field of that name", "two")
		default:
			found = f
		}
	}
	if found == nil {
		names := make([]string, 0, len(c.frame.Fields))
		for _, f := range c.frame.Fields {
			if f != nil {
				names = append(names, f.Name)
			}
		}
		return nil, c.wrong(i, "a field of that name", strings.Join(names, ", "))
	}
	return found, nil
}

// text returns a type or a name, "" for a null.
func (c *layout) text(field, i int) string {
	p := c.fields[field].PointerAt(i)
	if !c.nullable[field] {
		return *p.(*string)
	}
	if s := *p.(**string); s != nil {
		return *s
	}
	return ""
}

// time returns a timestamp, nil for a null.
func (c *layout) time(i int) *time.Time {
	p := c.fields[timestamp].PointerAt(i)
	if c.nullable[timestamp] {
		return *p.(**time.Time)
	}
	return p.(*time.Time)
}

// wrong is the error of a whole field.
func (c *layout) wrong(field int, want, got string) error {
	return &FrameError{Frame: c.frame.Name, Field: fieldNames[field], Row: -1, Value: got, Want: want}
}

// fault is the error of row i: that of its first value that cannot be written.
func (c *layout) fault(i int) error {
	field, want := downloads, wantCount
	switch {
	case c.text(repoType, i) == "":
		field, want = repoType, wantType
	case c.text(repoName, i) == "":
		field, want = repoName, wantName
	case !c.hasTotal(i):
		field, want = total, wantCount+", or null"
	case !isDay(c.time(i)):
		field, want = timestamp, wantDay
	}
	value := "null"
	if v, ok := c.fields[field].ConcreteAt(i); ok {
		value = fmt.Sprint(v)
		if t, ok := v.(time.Time); ok {
			value = t.Format(time.RFC3339Nano)
		}
	}
	return &FrameError{Frame: c.frame.Name, Field: fieldNames[field], Row: i, Value: value, Want: want}
}

func (c *layout) hasTotal(i int) bool {
	v := c.total(c.fields[total], i)
	return v >= 0 || v == null
}
