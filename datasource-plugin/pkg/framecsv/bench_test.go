package framecsv

import (
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/frames"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

func syntheticStore(tb testing.TB, repos, days int) history.Reader {
	tb.Helper()
	s := memtable.NewStore()
	if _, err := s.Append(tb.Context(), history.Batch{Rows: synthetic.Rows(synthetic.Options{Repos: repos, Days: days, Seed: 1})}); err != nil {
		tb.Fatal(err)
	}
	return s
}

func report(b *testing.B, rows, bytes int) {
	b.SetBytes(int64(bytes / b.N))
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
}

// BenchmarkAppendFrame writes frames as CSV, in both orders of an export.
func BenchmarkAppendFrame(b *testing.B) {
	store := syntheticStore(b, 1000, 500)
	f := func(order history.Order) {
		b.Run(order.String(), func(b *testing.B) {
			all := framesOf(b, store, history.RecordsQuery{Order: order})
			rows, bytes := 0, 0
			var text []byte
			b.ReportAllocs()
			for b.Loop() {
				w := NewWriter(Options{})
				for _, f := range all {
					var err error
					if text, err = w.AppendFrame(text[:0], f); err != nil {
						b.Fatal(err)
					}
					rows += f.Rows()
					bytes += len(text)
				}
			}
			report(b, rows, bytes)
		})
	}
	f(history.OrderTime)
	f(history.OrderRepo)
}

// BenchmarkExport makes CSV of what a store holds: records to frames to text.
func BenchmarkExport(b *testing.B) {
	store := syntheticStore(b, 1000, 500)
	f := func(order history.Order) {
		b.Run(order.String(), func(b *testing.B) {
			rows, bytes := 0, 0
			var text []byte
			b.ReportAllocs()
			for b.Loop() {
				w := NewWriter(Options{})
				for f, err := range frames.Records(b.Context(), store, history.RecordsQuery{Order: order}) {
					if err != nil {
						b.Fatal(err)
					}
					if text, err = w.AppendFrame(text[:0], f); err != nil {
						b.Fatal(err)
					}
					rows += f.Rows()
					bytes += len(text)
				}
			}
			report(b, rows, bytes)
		})
	}
	f(history.OrderTime)
	f(history.OrderRepo)
}
