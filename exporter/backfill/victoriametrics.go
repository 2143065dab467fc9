package backfill

import (
	"net/http"
	"strconv"

	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

const (
	// importBatch is how much text a request has before it is packed, in bytes.
	importBatch = 4 << 20
	// importSamples is the most samples of a line: some hundred kilobytes, where
	// VictoriaMetrics takes ten megabytes.
	importSamples = 10_000
)

// importLines makes requests for VictoriaMetrics's /api/v1/import: a line of JSON
// for each series, packed by gzip.
type importLines struct {
	batch  int // how much text is full
	text   []byte
	packed []byte
}

func newImportLines() *importLines {
	return &importLines{batch: importBatch}
}

func (e *importLines) header() http.Header {
	return http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}
}

func (e *importLines) most() int { return importSamples }

func (e *importLines) full() bool { return len(e.text) >= e.batch }

func (e *importLines) empty() bool { return len(e.text) == 0 }

func (e *importLines) add(s *Series) {
	b := append(e.text, `{"metric":{"__name__":"`+Metric+`"`...)
	for _, l := range s.Labels {
		b = append(b, ',')
		b = textenc.AppendJSON(b, l.Name)
		b = append(b, ':')
		b = textenc.AppendJSON(b, l.Value)
	}
	b = append(b, `},"values":[`...)
	for i, v := range s.Values {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, v, 10)
	}
	b = append(b, `],"timestamps":[`...)
	for i := range s.At {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, s.Milliseconds(i), 10)
	}
	e.text = append(b, "]}\n"...)
}

func (e *importLines) take() []byte {
	e.packed = textenc.AppendGzip(e.packed[:0], e.text)
	e.text = e.text[:0]
	return e.packed
}
