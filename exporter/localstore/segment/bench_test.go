package segment

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

var benchHistory = sync.OnceValue(func() *synthetic { return newSynthetic(10000, 1000) })

func BenchmarkWriteRecords(b *testing.B) {
	s := benchHistory()
	f := func(name string, rows history.RowSeq) {
		b.Run(name, func(b *testing.B) {
			var size int64
			for b.Loop() {
				var c counter
				if _, err := WriteRecords(&c, rows); err != nil {
					b.Fatal(err)
				}
				size = c.n
			}
			perRecord(b, size, len(s.repo))
		})
	}
	f("one version", s.rows(history.Version{Source: history.Published, AsOf: 1700000000000000}))
	f("a version a day", s.observed())
}

func BenchmarkReadRecords(b *testing.B) {
	s := benchHistory()
	f := func(name string, rows history.RowSeq) {
		b.Run(name, func(b *testing.B) {
			var buf bytes.Buffer
			if _, err := WriteRecords(&buf, rows); err != nil {
				b.Fatal(err)
			}
			blocks := 0
			for b.Loop() {
				r, err := newRecords(buf.Bytes(), "bench")
				if err != nil {
					b.Fatal(err)
				}
				n := 0
				blocks = 0
				for rows, err := range r.All() {
					if err != nil {
						b.Fatal(err)
					}
					n += rows.Len()
					blocks++
				}
				if n != len(s.repo) {
					b.Fatalf("expected %d records, got %d", len(s.repo), n)
				}
			}
			b.ReportMetric(float64(len(s.repo))/float64(blocks), "rows/block")
			perRecord(b, int64(buf.Len()), len(s.repo))
		})
	}
	f("one version", s.rows(history.Version{Source: history.Published, AsOf: 1700000000000000}))
	f("a version a day", s.observed())
}

// BenchmarkStates writes and reads the states of 100,000 repositories.
func BenchmarkStates(b *testing.B) {
	var states []history.RepoMeta
	for i := range 100000 {
		s := history.NewRepoMeta(history.Repo{Type: history.Model, Name: fmt.Sprintf("synthetic-org/model-%06d", i)})
		s.Total, s.Highest, s.TotalAsOf = int64(i*i%1000003), int64(i*i%1000003), 1700000000000000
		s.Likes, s.LastMonth, s.HubID, s.ListedAsOf = int64(i%977), int64(i%100003), fmt.Sprintf("%024x", i*7919), 1700000000000000
		states = append(states, s)
	}
	var buf bytes.Buffer
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			buf.Reset()
			if _, err := WriteMeta(&buf, slices.Values(states), ""); err != nil {
				b.Fatal(err)
			}
		}
		perRecord(b, int64(buf.Len()), len(states))
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			s, err := newMeta(buf.Bytes(), "bench")
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			for _, err := range s.All() {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			if n != len(states) {
				b.Fatalf("expected %d states, got %d", len(states), n)
			}
		}
		perRecord(b, int64(buf.Len()), len(states))
	})
}

func perRecord(b *testing.B, size int64, records int) {
	b.ReportMetric(float64(size)/float64(records), "B/record")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(records), "ns/record")
}

type counter struct{ n int64 }

func (c *counter) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	return len(b), nil
}

var _ io.Writer = (*counter)(nil)
