package client

import (
	"context"
	"fmt"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/apitest"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func BenchmarkClientRecords(b *testing.B) {
	c := clientOf(b, apitest.BenchStore(b))
	for _, versions := range []bool{false, true} {
		b.Run(fmt.Sprintf("versions=%v", versions), func(b *testing.B) {
			for b.Loop() {
				n := 0
				for rows, err := range c.Records(context.Background(), history.RecordsQuery{Stored: versions}) {
					if err != nil {
						b.Fatal(err)
					}
					n += rows.Len()
				}
				if n != apitest.BenchRows {
					b.Fatal(n)
				}
			}
			b.ReportMetric(float64(b.N)*apitest.BenchRows/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
}

func BenchmarkClientRepos(b *testing.B) {
	c := clientOf(b, apitest.BenchStore(b))
	for b.Loop() {
		page, err := c.Repos(context.Background(), history.ReposQuery{Limit: 50, Trend: 100, Period: history.Period{Kind: history.LastMonth}})
		if err != nil || len(page.Rows) != 50 {
			b.Fatal(len(page.Rows), err)
		}
	}
}
