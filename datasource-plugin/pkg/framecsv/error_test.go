package framecsv

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
)

func TestFrameError(t *testing.T) {
	f := func(frame *data.Frame, want string) {
		t.Helper()
		var b strings.Builder
		err := Write(&b, hubcsv.WriterOptions{}, frameOf(nil), frame, frameOf(nil))
		if err == nil || err.Error() != want {
			t.Errorf("got error %v\nwant %s", err, want)
		}
		if e := (*FrameError)(nil); err != nil && !errors.As(err, &e) {
			t.Errorf("got a %T, want a *FrameError", err)
		}
		if got := strings.TrimPrefix(b.String(), header); got != "model,org/name,7,2021-01-22T00:00:00.000Z,4\n" {
			t.Errorf("wrote %q, want the frame before", got)
		}
	}
	without := func(i int) *data.Frame {
		frame := frameOf(nil)
		frame.Fields = append(frame.Fields[:i:i], frame.Fields[i+1:]...)
		return frame
	}
	f(without(repoType), `frame "export", field repoType: expected a field of that name, got "repoName, total, timestamp, downloads"`)
	f(without(downloads), `frame "export", field downloads: expected a field of that name, got "repoType, repoName, total, timestamp"`)
	f(data.NewFrame("", data.NewField("time", nil, []time.Time{})), `frame field repoType: expected a field of that name, got "time"`)
	f(data.NewFrame("", append(frameOf(nil).Fields, data.NewField("total", nil, []int64{1}))...),
		`frame field total: expected one field of that name, got "two"`)
	f(frameOf(set(timestamp, []time.Time{testDay, testDay})),
		`frame "export", field timestamp: expected 1 rows, as the field repoType has, got "2"`)

	// types
	f(frameOf(set(repoType, []int64{1})), `frame "export", field repoType: expected strings, got "int64"`)
	f(frameOf(set(repoName, []*float64{nil})), `frame "export", field repoName: expected strings, got "*float64"`)
	f(frameOf(set(timestamp, []string{"2021-01-22"})), `frame "export", field timestamp: expected times, got "string"`)
	f(frameOf(set(total, []string{"7"})), `frame "export", field total: expected integers, or float64, got "string"`)
	f(frameOf(set(downloads, []float32{7})), `frame "export", field downloads: expected integers, or float64, got "float32"`)
	f(frameOf(set(downloads, []bool{true})), `frame "export", field downloads: expected integers, or float64, got "bool"`)

	// values
	const count = "a whole number from 0 to 9223372036854775807"
	f(frameOf(set(downloads, []int64{-1})), `frame "export", field downloads, row 0: expected `+count+`, got "-1"`)
	f(frameOf(set(downloads, []int64{math.MinInt64})), `frame "export", field downloads, row 0: expected `+count+`, got "-9223372036854775808"`)
	f(frameOf(set(downloads, []int8{-2})), `frame "export", field downloads, row 0: expected `+count+`, got "-2"`)
	f(frameOf(set(downloads, []*int64{nil})), `frame "export", field downloads, row 0: expected `+count+`, got "null"`)
	f(frameOf(set(downloads, []uint64{1 << 63})), `frame "export", field downloads, row 0: expected `+count+`, got "9223372036854775808"`)
	f(frameOf(set(downloads, []float64{1.5})), `frame "export", field downloads, row 0: expected `+count+`, got "1.5"`)
	f(frameOf(set(downloads, []float64{math.NaN()})), `frame "export", field downloads, row 0: expected `+count+`, got "NaN"`)
	f(frameOf(set(downloads, []float64{math.Inf(1)})), `frame "export", field downloads, row 0: expected `+count+`, got "+Inf"`)
	f(frameOf(set(downloads, []float64{1 << 63})), `frame "export", field downloads, row 0: expected `+count+`, got "9.223372036854776e+18"`)
	f(frameOf(set(total, []int64{-1})), `frame "export", field total, row 0: expected `+count+`, or null, got "-1"`)
	f(frameOf(set(total, []int64{-2})), `frame "export", field total, row 0: expected `+count+`, or null, got "-2"`)
	f(frameOf(set(total, pointer(-0.5))), `frame "export", field total, row 0: expected `+count+`, or null, got "-0.5"`)
	f(frameOf(set(repoType, []string{""})), `frame "export", field repoType, row 0: expected a repository type, got ""`)
	f(frameOf(set(repoName, []*string{nil})), `frame "export", field repoName, row 0: expected a repository name, got "null"`)

	const day = "midnight UTC of a day from 1970-01-01 to 9999-12-31"
	f(frameOf(set(timestamp, []*time.Time{nil})), `frame "export", field timestamp, row 0: expected `+day+`, got "null"`)
	f(frameOf(set(timestamp, []time.Time{testDay.Add(1)})), `frame "export", field timestamp, row 0: expected `+day+`, got "2021-01-22T00:00:00.000000001Z"`)
	f(frameOf(set(timestamp, []time.Time{testDay.Add(time.Hour)})), `frame "export", field timestamp, row 0: expected `+day+`, got "2021-01-22T01:00:00Z"`)
	f(frameOf(set(timestamp, []time.Time{time.Date(2021, 1, 22, 0, 0, 0, 0, time.FixedZone("", 3600))})),
		`frame "export", field timestamp, row 0: expected `+day+`, got "2021-01-22T00:00:00+01:00"`)
	f(frameOf(set(timestamp, []time.Time{time.Unix(-86400, 0).UTC()})), `frame "export", field timestamp, row 0: expected `+day+`, got "1969-12-31T00:00:00Z"`)
	f(frameOf(set(timestamp, []time.Time{{}})), `frame "export", field timestamp, row 0: expected `+day+`, got "0001-01-01T00:00:00Z"`)
	f(frameOf(set(timestamp, []time.Time{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)})),
		`frame "export", field timestamp, row 0: expected `+day+`, got "10000-01-01T00:00:00Z"`)

	// the first of several faults, in a row that is not the first
	f(data.NewFrame("export", fieldsOf([]string{"model", "model", ""}, []string{"a", "b", "c"}, []int64{1, 2, 3},
		[]time.Time{testDay, testDay.Add(1), testDay}, []int64{1, -5, -6})...),
		`frame "export", field timestamp, row 1: expected `+day+`, got "2021-01-22T00:00:00.000000001Z"`)

	// the same instant as the row before, but for its nanoseconds
	f(data.NewFrame("", fieldsOf(many(2, "model"), many(2, "a"), many(2, int64(1)), []time.Time{testDay, testDay.Add(5)}, many(2, int64(1)))...),
		`frame field timestamp, row 1: expected `+day+`, got "2021-01-22T00:00:00.000000005Z"`)

	long := &FrameError{Field: "total", Row: 3, Want: "less", Value: strings.Repeat("ä", 100)}
	if want := `frame field total, row 3: expected less, got "` + strings.Repeat("ä", 40) + `"... (200 bytes)`; long.Error() != want {
		t.Errorf("got %s, want %s", long, want)
	}
}
