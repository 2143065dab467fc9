package framecsv

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/frames"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
)

var testDay = time.Date(2021, 1, 22, 0, 0, 0, 0, time.UTC)

// fieldsOf returns the five fields of one row, each value a slice of one.
func fieldsOf(repoType, repoName, total, timestamp, downloads any) []*data.Field {
	return []*data.Field{
		data.NewField("repoType", nil, repoType),
		data.NewField("repoName", nil, repoName),
		data.NewField("total", nil, total),
		data.NewField("timestamp", nil, timestamp),
		data.NewField("downloads", nil, downloads),
	}
}

// frameOf returns a frame of one good row but for what change does to its fields.
func frameOf(change func(f []*data.Field)) *data.Frame {
	fields := fieldsOf([]string{"model"}, []string{"org/name"}, []int64{7}, []time.Time{testDay}, []int64{4})
	if change != nil {
		change(fields)
	}
	return data.NewFrame("export", fields...)
}

// set puts another field of the same name into a frame.
func set(field int, values any) func([]*data.Field) {
	return func(f []*data.Field) { f[field] = data.NewField(fieldNames[field], nil, values) }
}

// written returns what a new Writer makes of frames, the header included.
func written(tb testing.TB, o Options, all ...*data.Frame) string {
	tb.Helper()
	var b bytes.Buffer
	if err := Write(&b, o, all...); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

// recorded returns the same records as the record format has them.
func recorded(tb testing.TB, rows history.RowSeq) string {
	tb.Helper()
	var b bytes.Buffer
	if _, err := hubcsv.Write(&b, rows); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

// framesOf returns the frames of a stream, to be kept.
func framesOf(tb testing.TB, store history.Reader, q history.RecordsQuery) data.Frames {
	tb.Helper()
	var all data.Frames
	for f, err := range frames.Records(tb.Context(), store, q) {
		if err != nil {
			tb.Fatal(err)
		}
		c := f.EmptyCopy()
		c.Extend(f.Rows())
		for j, field := range f.Fields {
			for i := range field.Len() {
				c.Fields[j].Set(i, field.At(i))
			}
		}
		all = append(all, c)
	}
	return all
}

// firstDifference says where two texts part, for the error of a test.
func firstDifference(got, want string) string {
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	show := func(s string) string { return s[max(0, at-80):min(len(s), at+80)] }
	return fmt.Sprintf("after %d bytes: got %q, want %q", at, show(got), show(want))
}
