package export

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/export/format"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// readingColumns are those of an export of readings, named as exporter/archive finds them.
var readingColumns = [...]string{"repo_type", "repo", "as_of", "origin", "total", "last_month", "likes"}

// WriteReadings writes readings to w in a format of files, the last answer of each day.
// On an error w has a part of the output only.
func WriteReadings(w io.Writer, f format.Format, readings history.ReadingSeq) error {
	var appendLine func(b []byte, r *history.Reading) []byte
	b := make([]byte, 0, lineBuffer+4<<10)
	switch f {
	case format.CSV:
		b = append(append(b, strings.Join(readingColumns[:], ",")...), '\n')
		appendLine = appendReadingCSV
	case format.JSONL:
		appendLine = appendReadingJSON
	case format.Parquet:
		return writeReadingsParquet(w, readings)
	default:
		return fmt.Errorf("expected the format csv, jsonl or parquet, got %s", f)
	}
	for r, err := range readings {
		if err != nil {
			return err
		}
		if b = appendLine(b, &r); len(b) >= lineBuffer {
			if _, err := w.Write(b); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	_, err := w.Write(b)
	return err
}

func appendReadingCSV(b []byte, r *history.Reading) []byte {
	b = append(textenc.AppendCSV(b, string(r.Repo.Type), ','), ',')
	b = append(textenc.AppendCSV(b, r.Repo.Name, ','), ',')
	b = append(append(r.AsOf.Append(b), ','), r.Origin.String()...)
	for _, n := range [...]int64{r.Total, r.LastMonth, r.Likes} {
		if b = append(b, ','); n != history.Unknown {
			b = strconv.AppendInt(b, n, 10)
		}
	}
	return append(b, '\n')
}

func appendReadingJSON(b []byte, r *history.Reading) []byte {
	name := func(i int, before string) { b = append(append(append(b, before...), readingColumns[i]...), `":`...) }
	name(0, `{"`)
	b = textenc.AppendJSON(b, string(r.Repo.Type))
	name(1, `,"`)
	b = textenc.AppendJSON(b, r.Repo.Name)
	name(2, `,"`)
	b = append(r.AsOf.Append(append(b, '"')), '"')
	name(3, `,"`)
	b = append(append(append(b, '"'), r.Origin.String()...), '"')
	for i, n := range [...]int64{r.Total, r.LastMonth, r.Likes} {
		if name(4+i, `,"`); n == history.Unknown {
			b = append(b, "null"...)
		} else {
			b = strconv.AppendInt(b, n, 10)
		}
	}
	return append(b, "}\n"...)
}

// parquetReading is a row of a Parquet file. Its tags are the schema.
type parquetReading struct {
	RepoType  string `parquet:"repo_type,dict"`
	Repo      string `parquet:"repo,dict"`
	AsOf      int64  `parquet:"as_of,timestamp(microsecond:utc),delta"`
	Origin    string `parquet:"origin,dict"`
	Total     *int64 `parquet:"total,optional"`
	LastMonth *int64 `parquet:"last_month,optional"`
	Likes     *int64 `parquet:"likes,optional"`
}

func writeReadingsParquet(w io.Writer, readings history.ReadingSeq) error {
	out := parquet.NewGenericWriter[parquetReading](w, parquet.MaxRowsPerRowGroup(parquetGroupRows), parquet.Compression(parquetCodec))
	rows := make([]parquetReading, 0, history.BlockRows)
	known := func(n int64) *int64 {
		if n == history.Unknown {
			return nil
		}
		return &n
	}
	for r, err := range readings {
		if err != nil {
			return err
		}
		rows = append(rows, parquetReading{
			validUTF8(string(r.Repo.Type)), validUTF8(r.Repo.Name), int64(r.AsOf), r.Origin.String(),
			known(r.Total), known(r.LastMonth), known(r.Likes),
		})
		if len(rows) < history.BlockRows {
			continue
		}
		if _, err := out.Write(rows); err != nil {
			return err
		}
		rows = rows[:0]
	}
	if _, err := out.Write(rows); err != nil {
		return err
	}
	return out.Close()
}
