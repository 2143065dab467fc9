// Package vmapi is a client of VictoriaMetrics, and writes and reads its own format of lines, that of
// /api/v1/import and /api/v1/export: a series of whole numbers each.
//
//	{"metric":{"__name__":"...","label":"..."},"values":[1,2],"timestamps":[1704067200001,1704153600001]}
package vmapi

import (
	"strconv"

	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// MaxSamples is the most samples that a line should have: some hundred kilobytes, where
// VictoriaMetrics takes ten megabytes.
const MaxSamples = 10_000

// Text is lines under way. The zero value has none.
type Text struct {
	// Bytes are the lines that are complete.
	Bytes []byte

	labels  []string
	samples int
	times   []byte
	known   timeTexts
}

// Start ends the line under way and starts one of another series as soon as a sample comes.
// The labels are names and values by turns; those without a value are left out.
func (t *Text) Start(labels []string) {
	t.End()
	t.labels = labels
}

// Add adds a sample at a time in milliseconds since 1970. A line that is long
// enough goes on in another one.
func (t *Text) Add(ms, v int64) {
	if t.samples == MaxSamples {
		t.End()
	}
	if t.samples == 0 {
		t.start()
	} else {
		t.Bytes, t.times = append(t.Bytes, ','), append(t.times, ',')
	}
	t.Bytes = strconv.AppendInt(t.Bytes, v, 10)
	t.times = t.known.append(t.times, ms)
	t.samples++
}

func (t *Text) start() {
	b := append(t.Bytes, metricKey...)
	for i := 0; i < len(t.labels); i += 2 {
		if t.labels[i+1] == "" {
			continue
		}
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = textenc.AppendJSON(b, t.labels[i])
		b = append(b, ':')
		b = textenc.AppendJSON(b, t.labels[i+1])
	}
	t.Bytes = append(append(b, '}'), valuesKey...)
}

// End ends the line under way.
func (t *Text) End() {
	if t.samples == 0 {
		return
	}
	t.Bytes = append(append(append(t.Bytes, ']'), timesKey...), t.times...)
	t.Bytes = append(t.Bytes, "]}\n"...)
	t.samples, t.times = 0, t.times[:0]
}

// timeTexts remembers what times look like: those of one series are mostly those of the
// next as well.
type timeTexts [1024]timeText

type timeText struct {
	ms   int64
	size int
	text [20]byte
}

const msPerDay = 86_400_000

func (t *timeTexts) append(b []byte, ms int64) []byte {
	x := &t[uint64(ms)/msPerDay%uint64(len(t))]
	if x.ms != ms || x.size == 0 {
		x.ms, x.size = ms, len(strconv.AppendInt(x.text[:0], ms, 10))
	}
	return append(b, x.text[:x.size]...)
}
