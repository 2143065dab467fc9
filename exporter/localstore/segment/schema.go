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
	keyChecksum  = "huggingface_exporter.checksum"
)

// The formats, the values of keyFormat.
const (
	formatRecords = "records"
	formatMeta    = "repos"
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

// The columns of a file of records and of one of states.
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

// The columns of a file of metadata: the name, a column for each of columnFields, and
// the age of the row.
var (
	columnFields = slices.DeleteFunc(slices.Clone(history.MetaFields), func(f history.MetaField) bool { return f.Column == "" })
	metaColumns  = func() []columnSpec {
		columns := []columnSpec{
			{name: "repo_type", typ: typeString, dict: true},
			{name: "repo", typ: typeString, dict: true, zstd: true},
		}
		for _, f := range columnFields {
			c := columnSpec{name: f.Column, typ: typeInt64, optional: true, zstd: true}
			switch {
			case f.Text != nil:
				c.typ, c.dict = typeString, true
			case f.Time:
				c.typ, c.dict = typeTimestamp, true
			}
			columns = append(columns, c)
		}
		return append(columns, columnSpec{name: "as_of", typ: typeTimestamp, dict: true, zstd: true})
	}()
	// metaAsOf is the place of the last of them.
	metaAsOf = len(metaColumns) - 1
)

// Places in metaColumns.
const (
	metaType = iota
	metaRepo
	metaFields
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
