package export

import (
	"fmt"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/rowstream"
)

// Format is a way to write records.
type Format uint8

const (
	// CSV is the Hub's own record format, byte for byte.
	CSV Format = iota
	// JSONL is a JSON object a line.
	JSONL
	// Parquet is a Parquet file.
	Parquet
	// Rows is what programs of this project tell each other, no format of files:
	// see rowstream. It has versions always.
	Rows
)

// Formats lists the formats of files, the default first.
func Formats() []Format { return []Format{CSV, JSONL, Parquet} }

// ParseFormat reads csv, jsonl or parquet. The error quotes s.
func ParseFormat(s string) (Format, error) {
	for _, f := range Formats() {
		if s == f.String() {
			return f, nil
		}
	}
	return CSV, fmt.Errorf("expected csv, jsonl or parquet, got %q", s)
}

// String returns csv, jsonl, parquet or rows.
func (f Format) String() string {
	switch f {
	case CSV:
		return "csv"
	case JSONL:
		return "jsonl"
	case Parquet:
		return "parquet"
	case Rows:
		return "rows"
	}
	return fmt.Sprintf("Format(%d)", uint8(f))
}

// ContentType returns the media type, with its character set where it is text.
func (f Format) ContentType() string {
	switch f {
	case JSONL:
		return "application/x-ndjson; charset=utf-8"
	case Parquet:
		return "application/vnd.apache.parquet"
	case Rows:
		return rowstream.ContentType
	}
	return hubcsv.ContentType
}

// Extension returns the ending of file names, with its dot.
func (f Format) Extension() string { return "." + f.String() }
