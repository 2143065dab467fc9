package backfill

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// streamOf streams series, and then err if there is one.
func streamOf(err error, series ...*Series) func(func(*Series, error) bool) {
	return func(yield func(*Series, error) bool) {
		for _, s := range series {
			if !yield(s, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

func TestWriteOpenMetrics(t *testing.T) {
	s := newStore(t)
	s.published(1, heron, 100, 10, 1, 2)
	s.published(1, crane, 5, 20_000, 5)
	o := all()
	o.Until = history.Day(30_000).Time()
	o.Labels = []Label{{"job", "hf"}}
	var b strings.Builder
	steps := 0
	if err := WriteOpenMetrics(&b, All(t.Context(), s, o, new(Stats)), func() { steps++ }); err != nil {
		t.Fatal(err)
	}
	const model = `huggingface_repo_downloads_total{job="hf",org="acme",repo="acme/heron",repo_type="model"} `
	const dataset = `huggingface_repo_downloads_total{job="hf",org="acme",repo="acme/crane",repo_type="dataset"} `
	want := openMetricsHead + model + "97 864000\n" + model + "98 950400\n" + model + "100 1036800\n" +
		dataset + "0 1728000000\n" + dataset + "5 1728086400\n# EOF\n"
	if b.String() != want || steps != 2 {
		t.Errorf("after %d series, got\n%s\nexpected\n%s", steps, b.String(), want)
	}
}

// Numbers of all lengths, more text than a buffer holds, names longer than one.
func TestWriteOpenMetricsOfAnySize(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var want strings.Builder
	want.WriteString(openMetricsHead)
	var series []*Series
	for _, name := range []string{"a/b", strings.Repeat("x", 2*flushSize), "a/c"} {
		s := &Series{Labels: []Label{{"repo", name}}}
		at := map[history.Day]bool{0: true, 1: true, firstTenDigits - 1: true, firstTenDigits: true,
			lastTenDigits: true, lastTenDigits + 1: true, history.MaxDay + 1: true}
		if len(name) < flushSize {
			for range 5000 {
				at[history.Day(rng.IntN(40_000))] = true
			}
		}
		for d := range at {
			s.At = append(s.At, d)
		}
		slices.Sort(s.At)
		for i, d := range s.At {
			v := int64(math.MaxInt64) >> (i % 64)
			s.Values = append(s.Values, v)
			fmt.Fprintf(&want, "%s{repo=%q} %d %d\n", Metric, name, v, int64(d)*86400)
		}
		series = append(series, s)
	}
	var b strings.Builder
	if err := WriteOpenMetrics(&b, streamOf(nil, series...), func() {}); err != nil {
		t.Fatal(err)
	}
	if b.String() != want.String()+"# EOF\n" {
		t.Errorf("%d bytes differ from the %d expected", b.Len(), want.Len())
	}
}

// full is a writer that takes so many bytes and no more.
type full struct{ room int }

var errFull = errors.New("no space left")

func (f *full) Write(b []byte) (int, error) {
	if f.room -= len(b); f.room < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestWriteOpenMetricsFails(t *testing.T) {
	s := &Series{Labels: []Label{{"repo", "a/b"}}, At: make([]history.Day, 20_000), Values: make([]int64, 20_000)}
	f := func(room int, end, want error) {
		t.Helper()
		if err := WriteOpenMetrics(&full{room}, streamOf(end, s, s, s), func() {}); !errors.Is(err, want) {
			t.Errorf("room for %d bytes: got %v, expected %v", room, err, want)
		}
	}
	f(math.MaxInt, nil, nil)
	f(0, nil, errFull)
	f(flushSize, nil, errFull)
	f(2_500_000, nil, errFull) // at the end
	f(math.MaxInt, errBroken, errBroken)
	// What was written before an error of the stream has no end.
	var b strings.Builder
	_ = WriteOpenMetrics(&b, streamOf(errBroken, s), func() {})
	if strings.Contains(b.String(), "# EOF") {
		t.Error("a text that is not complete has an end")
	}
}
