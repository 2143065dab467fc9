package backfill

import (
	"io"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

func BenchmarkOpenMetrics(b *testing.B) {
	rows := synthetic.Rows(synthetic.Options{Repos: 2000, Days: 1000, Seed: 7, Order: history.OrderRepo})
	t, err := memtable.Build(b.Context(), rows, nil)
	if err != nil {
		b.Fatal(err)
	}
	o := all()
	o.Until = time.Now()
	o.Labels = []Label{{"job", "huggingface"}, {"instance", "localhost:10061"}}
	for b.Loop() {
		if err := WriteOpenMetrics(io.Discard, All(b.Context(), memtable.NewStoreOf(t), o, new(Stats)), func() {}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(t.NumRecords())*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
