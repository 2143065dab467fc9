package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

const benchRows = 1_000_000

// benchStore holds 2,000 repositories with 500 days each.
func benchStore(b *testing.B) *memtable.Store {
	b.Helper()
	s := memtable.NewStore()
	rows := func(yield func(*history.Rows, error) bool) {
		for block := range synthetic(2000, benchRows, nil) {
			block.Version = published
			if !yield(block, nil) {
				return
			}
		}
	}
	if _, err := s.Append(context.Background(), history.Batch{Rows: rows}); err != nil {
		b.Fatal(err)
	}
	return s
}

func BenchmarkExport(b *testing.B) {
	srv := serve(b, benchStore(b), Options{})
	for _, format := range []string{"csv", "jsonl", "parquet"} {
		for _, encoding := range []string{"identity", "gzip"} {
			if format == "parquet" && encoding == "gzip" {
				continue // never compressed again
			}
			b.Run(format+"/"+encoding, func(b *testing.B) {
				var n int64
				for b.Loop() {
					req, _ := http.NewRequest(http.MethodGet, srv.URL+recordsRoute+"?format="+format, nil)
					req.Header.Set("Accept-Encoding", encoding)
					resp, err := srv.Client().Do(req)
					if err != nil {
						b.Fatal(err)
					}
					if n, err = io.Copy(io.Discard, resp.Body); err != nil {
						b.Fatal(err)
					}
					resp.Body.Close()
				}
				b.SetBytes(n)
				b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds()/1e6, "Mrows/s")
			})
		}
	}
}

func BenchmarkClientRecords(b *testing.B) {
	c := clientOf(b, benchStore(b))
	for _, versions := range []bool{false, true} {
		b.Run(fmt.Sprintf("versions=%v", versions), func(b *testing.B) {
			for b.Loop() {
				n := 0
				for rows, err := range c.Records(context.Background(), history.RecordsQuery{Versions: versions}) {
					if err != nil {
						b.Fatal(err)
					}
					n += rows.Len()
				}
				if n != benchRows {
					b.Fatal(n)
				}
			}
			b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
}

func BenchmarkClientRepos(b *testing.B) {
	c := clientOf(b, benchStore(b))
	for b.Loop() {
		page, err := c.Repos(context.Background(), history.ReposQuery{Limit: 50, Trend: 100, Period: history.Period{Kind: history.LastMonth}})
		if err != nil || len(page.Rows) != 50 {
			b.Fatal(len(page.Rows), err)
		}
	}
}
