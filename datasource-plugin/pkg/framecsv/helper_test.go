package framecsv

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/frames"
	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
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
func written(tb testing.TB, o hubcsv.WriterOptions, all ...*data.Frame) string {
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

// framesOf returns the records of a store as two frames, one after the other.
func framesOf(tb testing.TB, store history.Reader, order history.Order) data.Frames {
	tb.Helper()
	all, err := frames.Answer(tb.Context(), store, query.Export{Common: query.Common{Period: query.AllTime}, Order: order}, hub.DefaultEndpoint)
	if err != nil {
		tb.Fatal(err)
	}
	n := all[0].Rows()
	part := func(from, to int) *data.Frame {
		c := all[0].EmptyCopy()
		c.Extend(to - from)
		for j, field := range all[0].Fields {
			for i := range to - from {
				c.Fields[j].Set(i, field.At(from+i))
			}
		}
		return c
	}
	return data.Frames{part(0, n/3), part(n/3, n)}
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
