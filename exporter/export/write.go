package export

import (
	"context"
	"fmt"
	"io"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/rowstream"
)

// blockWriter writes blocks of rows in one format. After close the output is
// complete; without it, it is not.
type blockWriter interface {
	writeBlock(rows *history.Rows) error
	close() error
}

// Write writes all rows to w in format f, in the order in which they come, and
// returns how many it wrote. It writes nothing before the first block or the
// end of the stream, so that a stream that fails at once leaves w untouched. On
// an error - of the stream, of w, or of ctx, which is looked at between blocks -
// w holds a part of the output only.
func Write(ctx context.Context, w io.Writer, f Format, rows history.RowSeq) (n int64, err error) {
	var out blockWriter
	switch f {
	case CSV:
		return hubcsv.Write(w, until(ctx, rows))
	case JSONL:
		out = newLineWriter(w, jsonLines)
	case Parquet:
		out = newParquetWriter(w, parquetRowOf)
	case Rows:
		out = rowsWriter{rowstream.NewWriter(w)}
	default:
		return 0, badFormat(f)
	}
	return write(ctx, out, rows)
}

// WriteVersions does as Write does, and adds two fields to each record: source
// and asOf, the version of its block. CSV has them as columns after the others,
// so that what reads the record format reads it still.
func WriteVersions(ctx context.Context, w io.Writer, f Format, rows history.RowSeq) (n int64, err error) {
	var out blockWriter
	switch f {
	case CSV:
		out = newLineWriter(w, csvVersions)
	case JSONL:
		out = newLineWriter(w, jsonLinesVersions)
	case Parquet:
		out = newParquetWriter(w, parquetVersionRowOf)
	case Rows:
		out = rowsWriter{rowstream.NewWriter(w)}
	default:
		return 0, badFormat(f)
	}
	return write(ctx, out, rows)
}

func badFormat(f Format) error {
	return fmt.Errorf("expected the format csv, jsonl or parquet, got %s", f)
}

type rowsWriter struct{ w *rowstream.Writer }

func (r rowsWriter) writeBlock(rows *history.Rows) error { return r.w.WriteRows(rows) }
func (r rowsWriter) close() error                        { return r.w.Close() }

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

func write(ctx context.Context, out blockWriter, rows history.RowSeq) (n int64, err error) {
	for block, err := range until(ctx, rows) {
		if err != nil {
			return n, err
		}
		if err := out.writeBlock(block); err != nil {
			return n, err
		}
		n += int64(block.Len())
	}
	return n, out.close()
}
