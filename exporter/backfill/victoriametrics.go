package backfill

import (
	"net/http"

	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
	"github.com/huggingface-exporter/huggingface_exporter/internal/vmapi"
)

// importBatch is how much text a request has before it is packed, in bytes.
const importBatch = 4 << 20

// importLines makes requests for VictoriaMetrics's /api/v1/import: a line of JSON
// for each series, packed by gzip.
type importLines struct {
	batch  int // how much text is full
	text   vmapi.Text
	labels []string
	packed []byte
}

func newImportLines() *importLines {
	return &importLines{batch: importBatch}
}

func (e *importLines) header() http.Header {
	return http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}
}

func (e *importLines) most() int { return vmapi.MaxSamples }

func (e *importLines) full() bool { return len(e.text.Bytes) >= e.batch }

func (e *importLines) empty() bool { return len(e.text.Bytes) == 0 }

func (e *importLines) add(s *Series) {
	labels := append(e.labels[:0], "__name__", Metric)
	for _, l := range s.Labels {
		labels = append(labels, l.Name, l.Value)
	}
	e.labels = labels
	e.text.Start(labels)
	for i, v := range s.Values {
		e.text.Add(s.Milliseconds(i), v)
	}
	e.text.End()
}

func (e *importLines) body() []byte {
	e.packed = textenc.AppendGzip(e.packed[:0], e.text.Bytes)
	e.text.Bytes = e.text.Bytes[:0]
	return e.packed
}
