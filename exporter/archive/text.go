package archive

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// maxRecord bounds a record of an archive, in bytes: a line of CSV with all that its quotes
// hold together, or an object of JSON.
const maxRecord = 64 << 20

// ParquetMagic is what a Parquet file begins with.
const ParquetMagic = "PAR1"

const bom = "\xef\xbb\xbf"

// Text returns the readings of an archive of JSON or CSV. file names it in errors, and may
// have the day of its readings. An error is the last element of the stream, and what came
// before it is then not to be kept; *history.InputErrors if it is of the content.
func Text(r io.Reader, file string, o Options) history.ReadingSeq {
	return func(yield func(history.Reading, error) bool) {
		limited := &limitedReader{r: r, left: maxRecord}
		text := bufio.NewReaderSize(limited, 64<<10)
		first, err := skipBlanks(text)
		a := newAssembler(file, "", &o, yield)
		switch {
		case errors.Is(err, io.EOF):
			err = errors.New("expected JSON, CSV or Parquet, got an empty file")
		case err != nil:
		case first == '[' || first == '{':
			a.unit = "object"
			err = a.readJSON(text, limited)
		case startsWith(text, ParquetMagic):
			err = errors.New("expected JSON or CSV, got Parquet, which must be an uncompressed file and not a pipe")
		default:
			head, _ := text.Peek(4096) // or less
			if _, what := textenc.ForeignToCSV(head); what != "" {
				err = fmt.Errorf("expected JSON, CSV or Parquet, got %s", what)
			} else {
				err = a.readCSV(text, limited)
			}
		}
		a.end(err)
	}
}

// skipBlanks skips a byte order mark and blanks, and returns the byte after them, unread.
func skipBlanks(text *bufio.Reader) (byte, error) {
	if startsWith(text, bom) {
		_, _ = text.Discard(len(bom)) // they are there
	}
	for n := 1; ; n++ {
		head, err := text.Peek(n)
		if err != nil {
			return 0, err
		}
		if c := head[n-1]; c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c, nil
		}
	}
}

func startsWith(text *bufio.Reader, with string) bool {
	head, _ := text.Peek(len(with))
	return string(head) == with
}

// limitedReader fails where one record is longer than all that may be read for it.
type limitedReader struct {
	r    io.Reader
	left int
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, fmt.Errorf("expected records of at most %d bytes, got a longer one", maxRecord)
	}
	n, err := l.r.Read(p)
	l.left -= n
	return n, err
}

// next says that a record was read to its end.
func (l *limitedReader) next() { l.left = maxRecord }
