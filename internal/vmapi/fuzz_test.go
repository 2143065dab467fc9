package vmapi

import (
	"encoding/json"
	"slices"
	"testing"
	"unicode/utf8"
)

// FuzzLine reads anything as a line of an export: it is an error, or the series
// that encoding/json reads from it.
func FuzzLine(f *testing.F) {
	for _, text := range []string{
		`{"metric":{"__name__":"huggingface_history_downloads","repo":"a/b"},"values":[1,2.0,1e+16],"timestamps":[1704067200001,1704153600002,3]}`,
		`{"metric":{},"values":[],"timestamps":[]}`,
		`{"metric":{"a":"]},\"values\":["},"values":[-1],"timestamps":[0]}`,
		`{"metric":{"a":"b"},"values":[null,"NaN"],"timestamps":[1,2]}`,
		`{"metric":{"a":1}`,
		`{"metric":{"\u0061":"b\\","c":"\u003c\ud83e\udd17"},"values":[12345678,123456789,1234567890123456],"timestamps":[1,2,3]}`,
		`{"error":"x"}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var l Line
		if l.Parse(text) != nil {
			return
		}
		if len(l.Values) != len(l.Times) {
			t.Fatalf("%q: %d values at %d times", text, len(l.Values), len(l.Times))
		}
		var want struct {
			Metric             map[string]string
			Values, Timestamps []float64
		}
		if json.Unmarshal(text, &want) != nil {
			return // the numbers are read more leniently: 01
		}
		float := func(v []int64) []float64 {
			out := make([]float64, len(v))
			for i := range v {
				out[i] = float64(v[i])
			}
			return out
		}
		if !slices.Equal(float(l.Values), want.Values) || !slices.Equal(float(l.Times), want.Timestamps) {
			t.Errorf("%q: got %+v, want %+v", text, l, want)
		}
		if len(l.names) != len(want.Metric) || !utf8.Valid(text) {
			return // a label twice, and what is no text, are read otherwise
		}
		for name, value := range want.Metric {
			if got := l.Label(name); got != value {
				t.Errorf("%q: label %q is %q, want %q", text, name, got, value)
			}
		}
	})
}
