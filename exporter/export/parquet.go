package export

import (
	"io"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// parquetGroupRows is the number of rows of a row group, the unit that a writer
// holds in memory and that readers work on side by side.
const parquetGroupRows = 256 << 10

// parquetCodec keeps its encoders, of 16 MB each, from one file to the next.
var parquetCodec = &zstd.Codec{Level: zstd.SpeedFastest}

// parquetRow is a row of the file. Its tags are the schema.
//
// The timestamp is a TIMESTAMP in milliseconds without a time zone that holds
// the first instant of the UTC day. It is no DATE, since pandas reads those as
// objects, and since the name says timestamp. It is not marked as an instant in
// UTC, since DuckDB and Spark would then show and truncate it in the reader's
// own time zone: west of Greenwich every record would move to the day before.
type parquetRow struct {
	RepoType  string `parquet:"repoType,dict"`
	RepoName  string `parquet:"repoName,dict"`
	Total     *int64 `parquet:"total,dict,optional"`
	Timestamp int64  `parquet:"timestamp,timestamp(millisecond:local),delta"`
	Downloads int64  `parquet:"downloads,delta"`
}

// parquetVersionRow is a parquetRow with its version. asOf is an instant, and
// marked so: it is not of a day.
type parquetVersionRow struct {
	parquetRow
	Source string `parquet:"source,dict"`
	AsOf   int64  `parquet:"asOf,timestamp(microsecond:utc),dict"`
}

const millisecondsPerDay = 86400 * 1000

func newParquetRow(rows *history.Rows, i int) parquetRow {
	r := &rows.Repos[rows.Repo[i]]
	row := parquetRow{
		RepoType:  validUTF8(string(r.Repo.Type)),
		RepoName:  validUTF8(r.Repo.Name),
		Timestamp: int64(rows.Day[i]) * millisecondsPerDay,
		Downloads: rows.Downloads[i],
	}
	if r.Total != history.Unknown {
		row.Total = &r.Total
	}
	return row
}

func newParquetVersionRow(rows *history.Rows, i int) parquetVersionRow {
	return parquetVersionRow{newParquetRow(rows, i), rows.Version.Source.String(), int64(rows.Version.AsOf)}
}

// parquetWriter writes rows of type T, which row makes.
type parquetWriter[T any] struct {
	w    *parquet.GenericWriter[T]
	row  func(rows *history.Rows, i int) T
	rows []T
}

func newParquetWriter[T any](w io.Writer, row func(*history.Rows, int) T) *parquetWriter[T] {
	return &parquetWriter[T]{row: row, w: parquet.NewGenericWriter[T](w,
		parquet.MaxRowsPerRowGroup(parquetGroupRows),
		parquet.Compression(parquetCodec),
	)}
}

// WriteRows implements blockWriter.
func (p *parquetWriter[T]) WriteRows(rows *history.Rows) error {
	p.rows = p.rows[:0]
	for i := range rows.Len() {
		p.rows = append(p.rows, p.row(rows, i))
	}
	_, err := p.w.Write(p.rows)
	return err
}

// Close implements blockWriter.
func (p *parquetWriter[T]) Close() error { return p.w.Close() }

// validUTF8 returns s as a Parquet STRING may hold it.
func validUTF8(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
