package vmapi

import (
	"bytes"
	"slices"
	"strconv"
	"testing"
)

func TestParseLine(t *testing.T) {
	f := func(text string, values, times []int64) {
		t.Helper()
		var l Line
		if err := l.Parse([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if l.Label("repo") != `a]"values":[b` || !slices.Equal(l.Values, values) || !slices.Equal(l.Times, times) {
			t.Errorf("got %v", l)
		}
	}
	const metric = `{"metric":{"__name__":"x","repo":"a]\"values\":[b"}`
	f(metric+`,"values":[],"timestamps":[]}`, nil, nil)
	f(metric+`,"values":[0,-1,9007199254740992],"timestamps":[1,2,3]}`, []int64{0, -1, 1 << 53}, []int64{1, 2, 3})
	f(metric+`,"values":[1e+06,9.007199254740991e+15],"timestamps":[0,1700000000001]}`,
		[]int64{1_000_000, 1<<53 - 1}, []int64{0, 1700000000001})
}

func TestParseBadLine(t *testing.T) {
	f := func(text string) {
		t.Helper()
		var l Line
		if err := l.Parse([]byte(text)); err == nil {
			t.Errorf("%s: expected an error, got %v", text, l)
		}
	}
	f(``)
	f(`{}`)
	f(`{"status":"error"}`)
	f(`{"metric":{}`)
	f(`{"metric":{},"values":[1]}`)
	f(`{"metric":{},"values":[1],"timestamps":[1,2]}`)
	f(`{"metric":{},"values":[1],"timestamps":[1]`)
	f(`{"metric":{},"values":[1.5],"timestamps":[1]}`)
	f(`{"metric":{},"values":[null],"timestamps":[1]}`)
	f(`{"metric":{},"values":[1,],"timestamps":[1,2]}`)
	f(`{"metric":{},"values":[1e300],"timestamps":[1]}`)
}

func BenchmarkParse(b *testing.B) {
	text := []byte(`{"metric":{"__name__":"huggingface_history_downloads","history":"default","org":"acme","repo":"acme/amber-13b-asr","repo_type":"model"},"values":[`)
	const samples = 1000
	for i := range samples {
		text = strconv.AppendInt(append(text, ','), int64(i*i%9973), 10)
	}
	text = append(text, `],"timestamps":[`...)
	for i := range samples {
		text = strconv.AppendInt(append(text, ','), int64(19000+i)*msPerDay+7, 10)
	}
	text = bytes.ReplaceAll(append(text, "]}\n"...), []byte("[,"), []byte("["))
	var l Line
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if err := l.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/samples, "ns/sample")
}
