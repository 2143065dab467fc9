package promapi

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// encoded is JSON already.
type encoded []byte

func (e encoded) MarshalJSON() ([]byte, error) { return e, nil }

type envelope struct {
	Status    string   `json:"status"`
	Data      any      `json:"data,omitempty"`
	ErrorType string   `json:"errorType,omitempty"`
	Error     string   `json:"error,omitempty"`
	Warnings  []string `json:"warnings,omitempty"`
	Infos     []string `json:"infos,omitempty"`
}

func writeAnswer(w http.ResponseWriter, a answer) {
	head := envelope{Status: "success", Warnings: a.warnings, Infos: a.infos}
	text, ok := a.data.(encoded)
	if !ok {
		head.Data = a.data
	}
	b, err := json.Marshal(head)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if !ok {
		_, _ = w.Write(b)
		return
	}
	// The result may be long: it is not copied into another text.
	for _, part := range [][]byte{b[:len(b)-1], []byte(`,"data":`), text, []byte("}")} {
		if _, err := w.Write(part); err != nil {
			return
		}
	}
}

// fail answers with an error.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	f := faultOf(err)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.status)
	_ = json.NewEncoder(w).Encode(envelope{Status: "error", ErrorType: f.kind, Error: a.text(r, f)})
}

// text is what a client gets to know of a fault. What is wrong with the store goes to the log.
func (a *API) text(r *http.Request, f *fault) string {
	if f.kind != "internal" {
		return f.Error()
	}
	a.Logger.Error("A query failed", "path", r.URL.Path, "err", f.error)
	return "the history cannot be read; the log of the exporter has the reason"
}

// appendResult appends the data of the answer to a query.
func appendResult(b []byte, v parser.Value) []byte {
	b = append(b, `{"resultType":"`...)
	b = append(b, v.Type()...)
	b = append(b, `","result":`...)
	switch v := v.(type) {
	case promql.Matrix:
		b = append(b, '[')
		for i := range v {
			b = appendMetric(b, i, v[i].Metric)
			b = append(b, `,"values":[`...)
			for j, p := range v[i].Floats {
				if j > 0 {
					b = append(b, ',')
				}
				b = appendPoint(b, p.T, p.F)
			}
			b = append(b, "]}"...)
		}
		b = append(b, ']')
	case promql.Vector:
		b = append(b, '[')
		for i := range v {
			b = appendMetric(b, i, v[i].Metric)
			b = append(b, `,"value":`...)
			b = append(appendPoint(b, v[i].T, v[i].F), '}')
		}
		b = append(b, ']')
	case promql.Scalar:
		b = appendPoint(b, v.T, v.V)
	case promql.String:
		b = append(appendSeconds(append(b, '['), v.T), ',')
		b = append(textenc.AppendJSON(b, v.V), ']')
	}
	return append(b, '}')
}

// appendMetric begins the i-th series of a list.
func appendMetric(b []byte, i int, l labels.Labels) []byte {
	if i > 0 {
		b = append(b, ',')
	}
	b = append(b, `{"metric":{`...)
	first := true
	l.Range(func(l labels.Label) {
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(textenc.AppendJSON(b, l.Name), ':')
		b = textenc.AppendJSON(b, l.Value)
	})
	return append(b, '}')
}

// appendPoint appends a time in seconds and a value as a text.
func appendPoint(b []byte, t int64, v float64) []byte {
	b = append(appendSeconds(append(b, '['), t), `,"`...)
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) { // as Prometheus writes it
		format = 'e'
	}
	return append(strconv.AppendFloat(b, v, format, -1, 64), `"]`...)
}

func appendSeconds(b []byte, millis int64) []byte {
	if millis < 0 {
		b, millis = append(b, '-'), -millis
	}
	b = strconv.AppendInt(b, millis/1000, 10)
	if rest := millis % 1000; rest != 0 {
		b = append(b, '.', byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10))
	}
	return b
}
