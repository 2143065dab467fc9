package archive

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// columnReader reads the values of a column of a row group as cells, forward.
type columnReader struct {
	pages  *parquet.FilePages
	text   func(parquet.Value) string
	seeks  bool // to any row at once
	page   parquet.Page
	from   int64 // the rows of page
	to     int64
	values [blockRows]parquet.Value
}

func newColumnReader(chunk *parquet.FileColumnChunk) *columnReader {
	_, err := chunk.OffsetIndex()
	return &columnReader{
		pages: chunk.PagesFrom(chunk.File()),
		text:  textOf(chunk.Type()),
		seeks: err == nil,
	}
}

func (r *columnReader) close() {
	parquet.Release(r.page)
	r.pages.Close()
}

// read fills cells with the values of rows from row on, which lies behind all that was read.
func (r *columnReader) read(row int64, cells []string) error {
	for len(cells) > 0 {
		if err := r.seek(row); err != nil {
			return err
		}
		n := min(int64(len(cells)), r.to-row)
		values := r.page.Slice(row-r.from, row-r.from+n).Values()
		for got := 0; int64(got) < n; {
			k, err := values.ReadValues(r.values[:n-int64(got)])
			for i, v := range r.values[:k] {
				cells[got+i] = ""
				if !v.IsNull() {
					cells[got+i] = r.text(v)
				}
			}
			if got += k; int64(got) < n && (err != nil || k == 0) {
				return errors.Join(io.ErrUnexpectedEOF, err)
			}
		}
		row, cells = row+n, cells[n:]
	}
	return nil
}

// seek makes the page with a row the current one.
func (r *columnReader) seek(row int64) error {
	if r.page != nil && row < r.to {
		return nil
	}
	if r.seeks && row > r.to {
		if err := r.pages.SeekToRow(row); err != nil {
			return err
		}
		r.to = row
	}
	for row >= r.to {
		parquet.Release(r.page)
		r.page = nil
		page, err := r.pages.ReadPage()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		r.page, r.from, r.to = page, r.to, r.to+page.NumRows()
	}
	return nil
}

// textOf returns what writes the values of a type as cells, nil if they are of no use.
func textOf(t parquet.Type) func(parquet.Value) string {
	var logical format.LogicalTypeValue
	if l := t.LogicalType(); l != nil {
		logical = l.Value
	}
	switch logical := logical.(type) {
	case *format.DateType:
		return func(v parquet.Value) string { return history.Day(v.Int32()).String() }
	case *format.TimestampType:
		return func(v parquet.Value) string { return timeOf(v.Int64(), logical.Unit).Format(time.RFC3339Nano) }
	case *format.IntType:
		if !logical.IsSigned {
			return func(v parquet.Value) string { return strconv.FormatUint(v.Uint64(), 10) }
		}
	case *format.StringType, *format.EnumType, nil:
	default:
		return nil
	}
	switch t.Kind() {
	case parquet.ByteArray:
		return func(v parquet.Value) string { return strings.TrimSpace(string(v.ByteArray())) }
	case parquet.Float:
		return func(v parquet.Value) string { return strconv.FormatFloat(float64(v.Float()), 'f', -1, 32) }
	case parquet.Double:
		return func(v parquet.Value) string { return strconv.FormatFloat(v.Double(), 'f', -1, 64) }
	case parquet.Int32:
		return func(v parquet.Value) string { return strconv.FormatInt(int64(v.Int32()), 10) }
	case parquet.Int64:
		return func(v parquet.Value) string { return strconv.FormatInt(v.Int64(), 10) }
	}
	return nil
}

func timeOf(v int64, unit format.TimeUnit) time.Time {
	switch unit.Value.(type) {
	case *format.MilliSeconds:
		return time.UnixMilli(v).UTC()
	case *format.MicroSeconds:
		return time.UnixMicro(v).UTC()
	}
	return time.Unix(0, v).UTC()
}
