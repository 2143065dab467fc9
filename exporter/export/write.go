// Package export writes a stream of records, or of readings, as CSV, JSON lines or Parquet.
//
// Of records, all three carry the five fields of the Hub's record format under the Hub's
// own names: repoType, repoName, total, timestamp, downloads. Rows are written
// as they come, in blocks, so that the memory needed does not grow with their
// number.
package export

import (
	"context"
	"fmt"
	"io"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/export/format"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/rowstream"
)

// blockWriter writes blocks of rows in one format. After Close the output is
// complete; without it, it is not.
type blockWriter interface {
	WriteRows(rows *history.Rows) error
	Close() error
}

// Write writes all rows to w in format f, in the order in which they come, and
// returns how many it wrote. It writes nothing before the first block or the
// end of the stream, so that a stream that fails at once leaves w untouched. On
// an error - of the stream, of w, or of ctx, which is looked at between blocks -
// w has a part of the output only.
//
// With versions each record has two more fields: source and asOf, the version of
// its block. CSV has them as columns after the others, so that what reads the
// record format can still read it.
func Write(ctx context.Context, w io.Writer, f format.Format, versions bool, rows history.RowSeq) (n int64, err error) {
	var out blockWriter
	switch {
	case f == format.CSV && !versions:
		return hubcsv.Write(w, until(ctx, rows))
	case f == format.CSV:
		out = newLineWriter(w, csvVersions)
	case f == format.JSONL && !versions:
		out = newLineWriter(w, jsonLines)
	case f == format.JSONL:
		out = newLineWriter(w, jsonLinesVersions)
	case f == format.Parquet && !versions:
		out = newParquetWriter(w, newParquetRow)
	case f == format.Parquet:
		out = newParquetWriter(w, newParquetVersionRow)
	case f == format.Rows:
		out = rowstream.NewWriter(w)
	default:
		return 0, fmt.Errorf("expected the format csv, jsonl or parquet, got %s", f)
	}
	for block, err := range until(ctx, rows) {
		if err == nil {
			err = out.WriteRows(block)
		}
		if err != nil {
			return n, err
		}
		n += int64(block.Len())
	}
	return n, out.Close()
}

// until ends a stream with ctx.
func until(ctx context.Context, rows history.RowSeq) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		for block, err := range rows {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(block, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(nil, err)
		}
	}
}
