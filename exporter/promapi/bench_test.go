package promapi

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

func BenchmarkSum(b *testing.B) {
	rows := synthetic.Rows(synthetic.Options{Repos: 2000, Days: 1000, Seed: 7, Last: history.DayOf(now) - 1, Order: history.OrderRepo})
	t, err := memtable.Build(b.Context(), rows, nil)
	if err != nil {
		b.Fatal(err)
	}
	end := t.Recorded().To.Time().Unix() + 3600
	h := handlerOf(memtable.NewStoreOf(t), Options{})
	f := func(query string) {
		b.Run(query, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				path := fmt.Sprintf("/api/v1/query_range?start=%d&end=%d&step=1d&query=%s", end-365*86400, end, url.QueryEscape(query))
				if code, got := get(b, h, path); code != 200 {
					b.Fatal(got)
				}
			}
		})
	}
	f("sum by (repo_type) (increase(huggingface_repo_downloads_total[30d]))")
	f("sum by (repo_type) (huggingface_repo_downloads_total)")
	f("topk(3, increase(huggingface_repo_downloads_total[30d]))")
}
