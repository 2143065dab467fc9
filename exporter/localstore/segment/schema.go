package segment

import (
	"fmt"
	"slices"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Layout is the version of the layout that this package writes, and the newest
// that it reads. It rises when an older reader would misread a newer file; a
// column more does not count, since readers pass over columns that they do not know.
const Layout = 1

// Keys of the key-value metadata.
const (
	keyFormat    = "huggingface_exporter.format"
	keyLayout    = "huggingface_exporter.layout"
	keyCompanion = "huggingface_exporter.companion_of"
	keyReplaces  = "huggingface_exporter.replaces"
	keyChecksum  = "huggingface_exporter.checksum"
)

// The formats, the values of keyFormat.
const (
	formatRecords  = "records"
	formatReadings = "readings"
	// formatRepos is what versions that kept no readings wrote in place of it.
	formatRepos = "repos"
)

// columnType is what a column holds.
type columnType uint8

const (
	typeString columnType = iota
	typeDate
	typeInt64
	typeTimestamp
)

// columnSpec describes a column of a file.
type columnSpec struct {
	name     string
	typ      columnType
	optional bool // may be null
	dict     bool // encoded by a dictionary; always so for strings
	zstd     bool
}

// The columns of a file of records.
var recordColumns = []columnSpec{
	{name: "repo_type", typ: typeString, dict: true},
	{name: "repo", typ: typeString, dict: true, zstd: true},
	{name: "day", typ: typeDate, zstd: true},
	// The differences of counts look random: zstd makes nothing of them.
	{name: "downloads", typ: typeInt64},
	{name: "source", typ: typeString, dict: true},
	{name: "as_of", typ: typeTimestamp, dict: true, zstd: true},
}

// Places in recordColumns.
const (
	recType = iota
	recRepo
	recDay
	recDownloads
	recSource
	recAsOf
	numRecordColumns
)

// field is a column of a file of readings between the name and the age of a row.
type field struct {
	columnSpec
	// meta is the field of the metadata, nil for those of readings alone.
	meta *history.MetaField
	// text is the place among the texts of a row.
	text int
}

// fields are those that are written, then those of formatRepos.
var fields = func() []field {
	var out []field
	for i := range history.MetaFields {
		if f := &history.MetaFields[i]; f.Column != "" {
			c := columnSpec{name: f.Column, typ: typeInt64}
			if f.Text != nil {
				c.typ = typeString
			}
			out = append(out, field{columnSpec: c, meta: f})
		}
	}
	for _, c := range []columnSpec{
		{name: "origin", typ: typeString},
		{name: "first_as_of", typ: typeTimestamp},
		{name: "first_total", typ: typeInt64}, {name: "high_total", typ: typeInt64}, {name: "high_last_month", typ: typeInt64},
		{name: "total_highest", typ: typeInt64}, {name: "corrected", typ: typeInt64}, {name: "base", typ: typeInt64},
	} {
		out = append(out, field{columnSpec: c})
	}
	texts := 0
	for i := range out {
		f := &out[i]
		f.optional, f.zstd, f.dict = true, true, f.typ != typeInt64
		if f.typ == typeString {
			f.text = texts
			texts++
		}
	}
	return out
}()

// The bounds of fields, as rows have room for them.
const (
	maxFields = 20
	maxTexts  = 4
)

// Places in fields.
var (
	fieldHubID, fieldTotal, fieldLastMonth, fieldLikes, fieldMovedTo = fieldOf("hub_id"), fieldOf("total"), fieldOf("last_month"), fieldOf("likes"), fieldOf("moved_to")
	fieldStartTotal                                                  = fieldOf("start_total")
	fieldOrigin, fieldFirstAsOf, fieldFirst                          = fieldOf("origin"), fieldOf("first_as_of"), fieldOf("first_total")
	fieldHigh, fieldHighMonth                                        = fieldOf("high_total"), fieldOf("high_last_month")
	fieldHighest, fieldCorrected, fieldBase                          = fieldOf("total_highest"), fieldOf("corrected"), fieldOf("base")
)

func fieldOf(name string) int {
	return slices.IndexFunc(fields, func(f field) bool { return f.name == name })
}

// The columns of a file of readings: those that are written and, at their ends, those that
// are read as well.
var (
	readingColumns = columnsOf(fields[:fieldHighest])
	allColumns     = columnsOf(fields)
)

func columnsOf(fields []field) []columnSpec {
	columns := []columnSpec{
		{name: "repo_type", typ: typeString, dict: true},
		{name: "repo", typ: typeString, dict: true, zstd: true},
		{name: "as_of", typ: typeTimestamp, dict: true, zstd: true},
	}
	for _, f := range fields {
		columns = append(columns, f.columnSpec)
	}
	return columns
}

// Places in them: fields follow from readFields on.
const (
	readType = iota
	readRepo
	readAsOf
	readFields
)

func (c *columnSpec) physical() format.Type {
	switch c.typ {
	case typeString:
		return format.ByteArray
	case typeDate:
		return format.Int32
	}
	return format.Int64
}

// String describes the column as errors quote it.
func (c *columnSpec) String() string {
	s := [...]string{"string", "date", "int64", "timestamp"}[c.typ]
	if c.optional {
		s += " or null"
	}
	return fmt.Sprintf("%s (%s)", c.name, s)
}

func (c *columnSpec) element() format.SchemaElement {
	e := format.SchemaElement{
		Name:           c.name,
		Type:           thrift.New(c.physical()),
		RepetitionType: thrift.New(format.Required),
	}
	if c.optional {
		e.RepetitionType = thrift.New(format.Optional)
	}
	switch c.typ {
	case typeString:
		e.ConvertedType = thrift.New(deprecated.UTF8)
		e.LogicalType.Value = &format.StringType{}
	case typeDate:
		e.ConvertedType = thrift.New(deprecated.Date)
		e.LogicalType.Value = &format.DateType{}
	case typeTimestamp:
		e.ConvertedType = thrift.New(deprecated.TimestampMicros)
		e.LogicalType.Value = &format.TimestampType{
			IsAdjustedToUTC: true,
			Unit:            format.TimeUnit{Value: &format.MicroSeconds{}},
		}
	}
	return e
}

// schemaOf returns the schema of a file of the given columns.
func schemaOf(name string, columns []columnSpec) []format.SchemaElement {
	s := []format.SchemaElement{{Name: name, NumChildren: thrift.New(int32(len(columns)))}}
	for i := range columns {
		s = append(s, columns[i].element())
	}
	return s
}
