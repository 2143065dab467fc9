package segment

import (
	"bytes"
	"fmt"
	"io"
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

// BenchmarkReadings writes and reads the readings of 1,000 repositories over 1,000 days.
func BenchmarkReadings(b *testing.B) {
	const repos, days = 1000, 1000
	s := newSynthetic(repos, days)
	var all []history.RepoReadings
	for i := 0; i < len(s.repo); {
		repo, total := s.repo[i], int64(0)
		var readings []history.Reading
		for ; i < len(s.repo) && s.repo[i] == repo; i++ {
			total += s.downloads[i]
			asOf := history.AsOf(int64(s.day[i])*day + int64(s.day[i])*7919%3600e6)
			x := history.NewReading(history.Repo{}, asOf, history.Listing, total, 30*s.downloads[i], total/1000)
			x.HubID = fmt.Sprintf("%024x", repo*7919)
			readings = append(readings, x)
		}
		all = append(all, combined(s.repos[repo].Repo.Name, nil, readings...))
	}
	var buf bytes.Buffer
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			buf.Reset()
			if _, err := WriteReadings(&buf, pointers(all), ""); err != nil {
				b.Fatal(err)
			}
		}
		perRecord(b, int64(buf.Len()), len(s.repo))
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			if err := readReadings(buf.Bytes()); err != nil {
				b.Fatal(err)
			}
		}
		perRecord(b, int64(buf.Len()), len(s.repo))
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
