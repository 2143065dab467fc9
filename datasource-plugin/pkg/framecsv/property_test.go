package framecsv

import (
	"encoding/csv"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

// TestSameAsRecordWrite writes synthetic exports from frames: the same bytes as
// those of the record format's own writer.
func TestSameAsRecordWrite(t *testing.T) {
	f := func(o synthetic.Options) {
		t.Helper()
		store := syntheticStore(t, o.Repos, o.Days)
		want := recorded(t, store.Records(t.Context(), history.RecordsQuery{Order: o.Order}))
		all := framesOf(t, store, o.Order)
		if got := written(t, hubcsv.WriterOptions{}, all...); got != want {
			t.Errorf("%d repos x %d days, order %s, %s", o.Repos, o.Days, o.Order, firstDifference(got, want))
		}
		// Rows in no order, field types of every kind, columns in any order, and a
		// new writer for each frame.
		r := rand.New(rand.NewPCG(uint64(o.Repos), uint64(o.Days)))
		for _, frame := range all {
			order := r.Perm(frame.Rows())
			other := disguised(r, frame, order)
			got := strings.TrimPrefix(written(t, hubcsv.WriterOptions{}, other), header)
			lines := strings.SplitAfter(strings.TrimPrefix(written(t, hubcsv.WriterOptions{}, frame), header), "\n")
			var want strings.Builder
			for _, i := range order {
				want.WriteString(lines[i])
			}
			if got != want.String() {
				t.Errorf("disguised: %s", firstDifference(got, want.String()))
			}
		}
	}
	for _, order := range []history.Order{history.OrderTime, history.OrderRepo} {
		f(synthetic.Options{Repos: 1, Days: 1, Order: order})
		f(synthetic.Options{Repos: 3, Days: 900, Order: order})
		f(synthetic.Options{Repos: 700, Days: 40, Order: order})
	}
}

// disguised returns a frame of the same records in another order of rows, with
// other types, and with its fields in another order.
func disguised(r *rand.Rand, f *data.Frame, order []int) *data.Frame {
	n := len(order)
	repoTypes, repoNames := make([]*string, n), make([]string, n)
	totals, counts := make([]float64, n), make([]*uint64, n)
	times := make([]*time.Time, n)
	for to, from := range order {
		repoTypes[to] = f.Fields[repoType].PointerAt(from).(*string)
		repoNames[to] = strings.Clone(*f.Fields[repoName].PointerAt(from).(*string))
		totals[to] = float64(**f.Fields[total].PointerAt(from).(**int64))
		times[to] = f.Fields[timestamp].PointerAt(from).(*time.Time)
		count := uint64(*f.Fields[downloads].PointerAt(from).(*int64))
		counts[to] = &count
	}
	fields := fieldsOf(repoTypes, repoNames, totals, times, counts)
	r.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	return data.NewFrame("disguised", fields...)
}

// TestLongNames writes more names than a hubcsv.Writer remembers.
func TestLongNames(t *testing.T) {
	const size = 16 << 20 / 12
	var records []history.Record
	for i := range 30 {
		name := strings.Repeat("n", size) + strconv.Itoa(i*7%20)
		records = append(records, history.Record{Repo: history.Repo{Type: "model", Name: name}, Total: int64(i * 7 % 20), Day: history.Day(i), Downloads: int64(i)})
	}
	got := written(t, hubcsv.WriterOptions{}, frameOfRecords(records))
	if want := recorded(t, history.RowsOf(history.Version{}, records...)); got != want {
		t.Error(firstDifference(got, want))
	}
}

func frameOfRecords(records []history.Record) *data.Frame {
	n := len(records)
	repoTypes, repoNames := make([]string, n), make([]string, n)
	totals, counts := make([]*int64, n), make([]int64, n)
	times := make([]time.Time, n)
	for i, r := range records {
		repoTypes[i], repoNames[i], times[i], counts[i] = string(r.Repo.Type), r.Repo.Name, r.Day.Time(), r.Downloads
		if r.Total != history.Unknown {
			totals[i] = &records[i].Total
		}
	}
	return data.NewFrame("", fieldsOf(repoTypes, repoNames, totals, times, counts)...)
}

// TestNoMemoryForRows checks that rows are converted without allocating for each.
func TestNoMemoryForRows(t *testing.T) {
	f := framesOf(t, syntheticStore(t, 100, 200), history.OrderTime)
	allocations := func(rows int) float64 {
		return testing.AllocsPerRun(5, func() {
			for range rows / f[0].Rows() {
				for _, err := range Rows(f[0]) {
					if err != nil {
						t.Fatal(err)
					}
				}
			}
		}) / float64(rows/f[0].Rows())
	}
	if n := allocations(f[0].Rows()); n > float64(f[0].Rows())/10 {
		t.Errorf("%g allocations for %d rows, want none for each", n, f[0].Rows())
	}
}

// FuzzWrite writes a record from a frame and compares it with what the record
// format's writer makes of it, or reads it back.
func FuzzWrite(f *testing.F) {
	f.Add("model", "org/name", int64(7), int32(18649), int64(4), byte(','), false)
	f.Add("dataset", `a,"b"`, int64(-1), int32(0), int64(0), byte(';'), true)
	f.Add("=x", "\r\na", int64(1), int32(2932896), int64(1)<<62, byte('\t'), true)
	f.Add("", "", int64(-2), int32(-1), int64(-1), byte('x'), false)
	f.Fuzz(func(t *testing.T, kind, name string, of int64, day int32, count int64, separator byte, spreadsheet bool) {
		o := hubcsv.WriterOptions{Separator: rune(separator), Spreadsheet: spreadsheet}
		r := history.Record{Repo: history.Repo{Type: history.RepoType(kind), Name: name}, Total: of, Day: history.Day(day), Downloads: count}
		records := []history.Record{r, r}
		if day < int32(history.MaxDay) {
			records[1].Day++
		}
		good := o.Validate() == nil && kind != "" && name != "" && of >= history.Unknown && count >= 0 &&
			r.Day >= history.MinDay && r.Day <= history.MaxDay
		var b strings.Builder
		err := Write(&b, o, frameOfRecords(records))
		if !good {
			if err == nil {
				t.Fatalf("%q was written of %+v", b.String(), r)
			}
			if e := (*FrameError)(nil); o.Validate() == nil && !errors.As(err, &e) {
				t.Errorf("got a %T, want a *FrameError", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if !spreadsheet && (separator == 0 || separator == ',') {
			if want := recorded(t, history.RowsOf(history.Version{}, records...)); b.String() != want {
				t.Errorf("wrote %q, want %q", b.String(), want)
			}
		}
		checkReadBack(t, b.String(), o, records)
	})
}

// checkReadBack reads what was written with encoding/csv.
func checkReadBack(t *testing.T, text string, o hubcsv.WriterOptions, records []history.Record) {
	t.Helper()
	text, marked := strings.CutPrefix(text, "\ufeff")
	if marked != o.Spreadsheet {
		t.Errorf("a byte order mark: %t, want %t", marked, o.Spreadsheet)
	}
	in := csv.NewReader(strings.NewReader(text))
	if o.Separator != 0 {
		in.Comma = o.Separator
	}
	cell := func(s string) string {
		if o.Spreadsheet && strings.IndexByte("=+-@\t\r", s[0]) >= 0 {
			s = "'" + s
		}
		return strings.ReplaceAll(s, "\r\n", "\n") // as the reader has it
	}
	if got, err := in.Read(); err != nil || !slices.Equal(got, fieldNames) {
		t.Fatalf("got header %q and error %v", got, err)
	}
	for _, r := range records {
		want := []string{cell(string(r.Repo.Type)), cell(r.Repo.Name), "", r.Day.String() + "T00:00:00.000Z", strconv.FormatInt(r.Downloads, 10)}
		if r.Total != history.Unknown {
			want[total] = strconv.FormatInt(r.Total, 10)
		}
		if got, err := in.Read(); err != nil || !slices.Equal(got, want) {
			t.Fatalf("read back %q and error %v, want %q, of %q", got, err, want, text)
		}
	}
	if _, err := in.Read(); err != io.EOF {
		t.Errorf("more was written than the records: %v", err)
	}
}
