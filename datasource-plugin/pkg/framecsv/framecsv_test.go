package framecsv

import (
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
)

const header = hubcsv.Header + "\n"

func TestWriteFrames(t *testing.T) {
	f := func(frame *data.Frame, want string) {
		t.Helper()
		if got := written(t, hubcsv.WriterOptions{}, frame); got != header+want {
			t.Errorf("wrote %q, want %q", got, header+want)
		}
	}
	const row = "model,org/name,7,2021-01-22T00:00:00.000Z,4\n"
	f(frameOf(nil), row)

	// no data
	f(nil, "")
	f(data.NewFrame("export"), "")
	f(data.NewFrame("export", fieldsOf([]string{}, []string{}, []*int64{}, []time.Time{}, []int64{})...), "")

	// nullable fields, and a total that was never told
	one := func(s string) []*string { return []*string{&s} }
	number := func(n int64) []*int64 { return []*int64{&n} }
	day := testDay
	f(data.NewFrame("", fieldsOf(one("model"), one("org/name"), number(7), []*time.Time{&day}, number(4))...), row)
	f(frameOf(set(total, []*int64{nil})), "model,org/name,,2021-01-22T00:00:00.000Z,4\n")
	f(frameOf(set(total, []*float64{nil})), "model,org/name,,2021-01-22T00:00:00.000Z,4\n")

	// any order, and fields of others
	frame := frameOf(nil)
	g := frame.Fields
	frame.Fields = []*data.Field{g[4], data.NewField("url", nil, []string{"x"}), g[3], g[1], g[0], data.NewField("total ", nil, []bool{true}), g[2]}
	f(frame, row)

	// the numbers of all types
	for _, i := range [...]int{total, downloads} {
		want := strings.Replace(row, ",7,", ",100,", 1)
		if i == downloads {
			want = strings.Replace(row, ",4\n", ",100\n", 1)
		}
		for _, values := range [...]any{
			[]int8{100}, []int16{100}, []int32{100}, []int64{100}, []uint8{100}, []uint16{100}, []uint32{100}, []uint64{100},
			[]float64{100}, number(100), pointer[int8](100), pointer[int16](100), pointer[int32](100), pointer[uint8](100),
			pointer[uint16](100), pointer[uint32](100), pointer[uint64](100), pointer(100.0),
		} {
			f(frameOf(set(i, values)), want)
		}
	}
	f(frameOf(set(total, []int64{math.MaxInt64})), "model,org/name,9223372036854775807,2021-01-22T00:00:00.000Z,4\n")
	f(frameOf(set(total, []uint64{math.MaxInt64})), "model,org/name,9223372036854775807,2021-01-22T00:00:00.000Z,4\n")
	f(frameOf(set(downloads, []float64{1 << 62})), "model,org/name,7,2021-01-22T00:00:00.000Z,4611686018427387904\n")
	f(frameOf(set(downloads, []float64{math.Copysign(0, -1)})), "model,org/name,7,2021-01-22T00:00:00.000Z,0\n")

	// repositories that share parts of what their rows begin with, in turn
	seven, eight := int64(7), int64(8)
	f(data.NewFrame("", fieldsOf([]string{"model", "dataset", "model", "model", "model", "dataset", "model"},
		[]string{"a", "a", "a", "a", "b", "b", "a"}, []*int64{&seven, &seven, &eight, nil, nil, nil, &seven},
		many(7, testDay), many(7, int64(1)))...),
		strings.ReplaceAll("model,a,7|dataset,a,7|model,a,8|model,a,|model,b,|dataset,b,|model,a,7|", "|", ",2021-01-22T00:00:00.000Z,1\n"))

	// an instant is what it is in any time zone
	f(frameOf(set(timestamp, []time.Time{testDay.In(time.FixedZone("", 3600))})), row)
	f(frameOf(set(timestamp, []time.Time{time.Unix(0, 0)})), "model,org/name,7,1970-01-01T00:00:00.000Z,4\n")
	f(frameOf(set(timestamp, []time.Time{time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)})), "model,org/name,7,9999-12-31T00:00:00.000Z,4\n")
}

func pointer[T any](v T) []*T { return []*T{&v} }

// TestDays writes days that follow each other in every way.
func TestDays(t *testing.T) {
	var want strings.Builder
	var times []time.Time
	add := func(at time.Time) {
		times = append(times, at)
		want.WriteString("model,a,1," + at.Format("2006-01-02T15:04:05.000Z") + ",2\n")
	}
	day := func(n int) time.Time { return time.Unix(int64(n)*86400, 0).UTC() }
	for n := range 4000 {
		add(day(n + 10000))
	}
	for n := range 4000 {
		add(day(14000 - n))
	}
	for n := range 4000 {
		add(day(n * 7919 % 2932897))
		add(day(n * 7919 % 2932897))
		add(day(0))
	}
	n := len(times)
	frame := data.NewFrame("", fieldsOf(many(n, "model"), many(n, "a"), many(n, int64(1)), times, many(n, int64(2)))...)
	if got := written(t, hubcsv.WriterOptions{}, frame); got != header+want.String() {
		t.Error(firstDifference(got, header+want.String()))
	}
}

func many[T any](n int, v T) []T {
	s := make([]T, n)
	for i := range s {
		s[i] = v
	}
	return s
}

func TestSeparatorAndSpreadsheet(t *testing.T) {
	f := func(o hubcsv.WriterOptions, name, want string) {
		t.Helper()
		if got := written(t, o, frameOf(set(repoName, []string{name}))); got != want {
			t.Errorf("wrote %q, want %q", got, want)
		}
	}
	const semicolons = "repoType;repoName;total;timestamp;downloads\nmodel;"
	const end = ";7;2021-01-22T00:00:00.000Z;4\n"
	f(hubcsv.WriterOptions{Separator: ';'}, "a/b", semicolons+"a/b"+end)
	f(hubcsv.WriterOptions{Separator: ';'}, "a,b", semicolons+"a,b"+end)
	f(hubcsv.WriterOptions{Separator: ';'}, "a;b", semicolons+`"a;b"`+end)
	f(hubcsv.WriterOptions{Separator: '\t'}, "a\tb", "repoType\trepoName\ttotal\ttimestamp\tdownloads\nmodel\t\"a\tb\"\t7\t2021-01-22T00:00:00.000Z\t4\n")
	f(hubcsv.WriterOptions{Separator: ','}, "a;b", header+"model,a;b,7,2021-01-22T00:00:00.000Z,4\n")

	sheet := func(name, want string) {
		t.Helper()
		f(hubcsv.WriterOptions{Spreadsheet: true}, name, "\ufeff"+header+"model,"+want+",7,2021-01-22T00:00:00.000Z,4\n")
		f(hubcsv.WriterOptions{Spreadsheet: true, Separator: ';'}, strings.ReplaceAll(name, ",", ";"),
			"\ufeff"+semicolons+strings.ReplaceAll(want, ",", ";")+end)
	}
	sheet("a/b", "a/b")
	sheet("=1+1", "'=1+1")
	sheet("+1", "'+1")
	sheet("-1", "'-1")
	sheet("@a", "'@a")
	sheet("\ta", "'\ta")
	sheet("\ra", "\"'\ra\"")
	sheet(`=1,"2"`, `"'=1,""2"""`)
	sheet("a=1", "a=1")
	sheet("'a", "'a")

	// Elsewhere nothing is changed.
	f(hubcsv.WriterOptions{}, "=1+1", header+"model,=1+1,7,2021-01-22T00:00:00.000Z,4\n")
	// A type is a cell as well.
	if got := written(t, hubcsv.WriterOptions{Spreadsheet: true}, frameOf(set(repoType, []string{"=x"}))); !strings.Contains(got, "\n'=x,org/name,7,") {
		t.Errorf("wrote %q, want an apostrophe before the type", got)
	}
}

// failAfter is a writer with room for n bytes.
type failAfter struct{ n int }

var errFull = errors.New("no space left")

func (w *failAfter) Write(b []byte) (int, error) {
	if len(b) > w.n {
		return w.n, errFull
	}
	w.n -= len(b)
	return len(b), nil
}

// lazy takes one byte at a time and does not say that it left some.
type lazy struct{}

func (lazy) Write(b []byte) (int, error) { return min(len(b), 1), nil }

func TestWrite(t *testing.T) {
	f := func(w io.Writer, want error) {
		t.Helper()
		if err := Write(w, hubcsv.WriterOptions{}, frameOf(nil), frameOf(nil)); !errors.Is(err, want) {
			t.Errorf("got error %v, want %v", err, want)
		}
	}
	f(&failAfter{0}, errFull)
	f(&failAfter{len(header) + 60}, errFull)
	f(&failAfter{1000}, nil)
	f(lazy{}, io.ErrShortWrite)

	// What came before a frame that cannot be written is written.
	var b strings.Builder
	err := Write(&b, hubcsv.WriterOptions{}, frameOf(nil), frameOf(set(downloads, []int64{-1})), frameOf(nil))
	if e := (*FrameError)(nil); !errors.As(err, &e) {
		t.Errorf("got error %v, want a FrameError", err)
	}
	if want := header + "model,org/name,7,2021-01-22T00:00:00.000Z,4\n"; b.String() != want {
		t.Errorf("wrote %q, want %q", b.String(), want)
	}
	if got := written(t, hubcsv.WriterOptions{}); got != header {
		t.Errorf("wrote %q without frames, want the header", got)
	}
}
