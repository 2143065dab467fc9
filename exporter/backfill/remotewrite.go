package backfill

import (
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/klauspost/compress/snappy"
	"google.golang.org/protobuf/encoding/protowire"
)

// writeSamples is how many samples a request has: some ten thousand are what
// receivers take without a thought, at about 120 kB unpacked.
const writeSamples = 5000

// writeRequest makes requests of Prometheus remote write 1.0: the protobuf message
// prometheus.WriteRequest, packed by snappy.
//
//	WriteRequest { repeated TimeSeries timeseries = 1 }
//	TimeSeries   { repeated Label labels = 1; repeated Sample samples = 2 }
//	Label        { string name = 1; string value = 2 }
//	Sample       { double value = 1; int64 timestamp = 2, in milliseconds }
type writeRequest struct {
	message, packed []byte
	series, part    []byte // of one series, and of one label or sample
	labels          []Label
	samples         int
}

func (*writeRequest) header() http.Header {
	return http.Header{
		"Content-Type":                      {"application/x-protobuf"},
		"Content-Encoding":                  {"snappy"},
		"X-Prometheus-Remote-Write-Version": {"0.1.0"},
	}
}

func (*writeRequest) most() int { return writeSamples }

func (e *writeRequest) full() bool { return e.samples >= writeSamples }

func (e *writeRequest) empty() bool { return e.samples == 0 }

func (e *writeRequest) add(s *Series) {
	// The name is a label like the others, and they have to be in order.
	e.labels = append(append(e.labels[:0], Label{"__name__", Metric}), s.Labels...)
	slices.SortFunc(e.labels, func(a, b Label) int { return strings.Compare(a.Name, b.Name) })
	e.series = e.series[:0]
	for _, l := range e.labels {
		e.part = appendBytes(e.part[:0], 1, l.Name)
		e.part = appendBytes(e.part, 2, l.Value)
		e.series = appendBytes(e.series, 1, e.part)
	}
	for i, v := range s.Values {
		e.part = protowire.AppendTag(e.part[:0], 1, protowire.Fixed64Type)
		e.part = protowire.AppendFixed64(e.part, math.Float64bits(float64(v)))
		e.part = protowire.AppendTag(e.part, 2, protowire.VarintType)
		e.part = protowire.AppendVarint(e.part, uint64(s.Milliseconds(i)))
		e.series = appendBytes(e.series, 2, e.part)
	}
	e.message = appendBytes(e.message, 1, e.series)
	e.samples += len(s.Values)
}

func (e *writeRequest) body() []byte {
	e.packed = snappy.Encode(e.packed[:cap(e.packed)], e.message)
	e.message, e.samples = e.message[:0], 0
	return e.packed
}

// appendBytes appends a field of text or of a message.
func appendBytes[T string | []byte](b []byte, field protowire.Number, v T) []byte {
	b = protowire.AppendTag(b, field, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(len(v)))
	return append(b, v...)
}
