package framecsv

import (
	"bytes"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
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

// BenchmarkWrite writes frames as CSV, in both orders of an export.
func BenchmarkWrite(b *testing.B) {
	store := syntheticStore(b, 1000, 500)
	f := func(order history.Order) {
		b.Run(order.String(), func(b *testing.B) {
			all := framesOf(b, store, order)
			rows := 0
			for _, f := range all {
				rows += f.Rows()
			}
			var text bytes.Buffer
			b.ReportAllocs()
			for b.Loop() {
				text.Reset()
				if err := Write(&text, hubcsv.WriterOptions{}, all...); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(text.Len()))
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows*b.N), "ns/row")
		})
	}
	f(history.OrderTime)
	f(history.OrderRepo)
}
