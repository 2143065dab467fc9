package hubcsv

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// sample is a deterministic history: repositories with names of some 30 bytes
// and heavy-tailed counts, each with a record a day.
type sample struct {
	repos     []history.RepoTotal
	days      int
	downloads []int64 // by repository, then by day
}

const sampleStart history.Day = 18649 // 2021-01-22

func newSample(repos, days int) *sample {
	r := rand.New(rand.NewPCG(1, 2))
	s := &sample{days: days, downloads: make([]int64, repos*days)}
	words := []string{"bert", "base", "large", "vision", "speech", "multilingual", "instruct", "distilled", "v1", "v2", "small"}
	for i := range repos {
		name := fmt.Sprintf("some-org/%s-%s-%d", words[r.IntN(len(words))], words[r.IntN(len(words))], i)
		t := history.Model
		if r.IntN(4) == 0 {
			t = history.Dataset
		}
		scale := 1 + 1e5/float64(1+r.IntN(5000))
		total := int64(0)
		for d := range days {
			n := int64(r.ExpFloat64() * scale)
			s.downloads[i*days+d] = n
			total += n
		}
		s.repos = append(s.repos, history.RepoTotal{Repo: history.Repo{Type: t, Name: name}, Total: total})
	}
	return s
}

// rows streams the sample in the order of indexes into downloads.
func (s *sample) rows(order func(yield func(int) bool)) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		rows := &history.Rows{Repos: s.repos}
		for i := range order {
			rows.Append(uint32(i/s.days), sampleStart+history.Day(i%s.days), s.downloads[i])
			if rows.Len() == history.BlockRows {
				if !yield(rows, nil) {
					return
				}
				rows.Reset()
			}
		}
		if rows.Len() > 0 {
			yield(rows, nil)
		}
	}
}

func (s *sample) byRepo(yield func(int) bool) {
	for i := range s.downloads {
		if !yield(i) {
			return
		}
	}
}

func (s *sample) byDay(yield func(int) bool) {
	for d := range s.days {
		for r := range s.repos {
			if !yield(r*s.days + d) {
				return
			}
		}
	}
}

func (s *sample) shuffled(yield func(int) bool) {
	for _, i := range rand.New(rand.NewPCG(3, 4)).Perm(len(s.downloads)) {
		if !yield(i) {
			return
		}
	}
}

func (s *sample) text(order func(yield func(int) bool)) []byte {
	var b bytes.Buffer
	if _, err := Write(&b, s.rows(order)); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func benchmarkRead(b *testing.B, order func(*sample) func(func(int) bool)) {
	s := newSample(1000, 500)
	benchmarkReadText(b, s, s.text(order(s)))
}

func benchmarkReadText(b *testing.B, s *sample, text []byte) {
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	rows := 0
	for b.Loop() {
		for block, err := range Read(bytes.NewReader(text), Options{}) {
			if err != nil {
				b.Fatal(err)
			}
			rows += block.Len()
		}
	}
	if rows != b.N*len(s.downloads) {
		b.Fatalf("read %d rows, want %d", rows, b.N*len(s.downloads))
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
}

func BenchmarkReadByRepo(b *testing.B) {
	benchmarkRead(b, func(s *sample) func(func(int) bool) { return s.byRepo })
}

func BenchmarkReadByDay(b *testing.B) {
	benchmarkRead(b, func(s *sample) func(func(int) bool) { return s.byDay })
}

func BenchmarkReadShuffled(b *testing.B) {
	benchmarkRead(b, func(s *sample) func(func(int) bool) { return s.shuffled })
}

// BenchmarkReadPandas reads what pandas makes of an export: no row takes the fast path.
func BenchmarkReadPandas(b *testing.B) {
	s := newSample(1000, 500)
	benchmarkReadText(b, s, bytes.ReplaceAll(s.text(s.byDay), []byte("T00:00:00.000Z"), []byte(" 00:00:00+00:00")))
}

func benchmarkWrite(b *testing.B, order func(*sample) func(func(int) bool)) {
	s := newSample(1000, 500)
	text := s.text(order(s))
	var blocks []*history.Rows
	for block, err := range Read(bytes.NewReader(text), Options{}) {
		if err != nil {
			b.Fatal(err)
		}
		c := *block
		c.Repo = append([]uint32(nil), block.Repo...)
		c.Day = append([]history.Day(nil), block.Day...)
		c.Downloads = append([]int64(nil), block.Downloads...)
		blocks = append(blocks, &c)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		w := NewWriter(io.Discard)
		for _, block := range blocks {
			if err := w.WriteRows(block); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			b.Fatal(err)
		}
	}
	rows := float64(b.N) * float64(len(s.downloads))
	b.ReportMetric(rows/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/rows, "ns/row")
}

func BenchmarkWriteByRepo(b *testing.B) {
	benchmarkWrite(b, func(s *sample) func(func(int) bool) { return s.byRepo })
}

func BenchmarkWriteByDay(b *testing.B) {
	benchmarkWrite(b, func(s *sample) func(func(int) bool) { return s.byDay })
}
