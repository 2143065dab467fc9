package localstore

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// synthetic streams the history of an organization: counts with a heavy tail, a
// weekly rhythm and noise, grouped by repository.
func synthetic(repos, days int, v history.Version) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		rows := &history.Rows{Version: v}
		r := rand.New(rand.NewPCG(7, 11))
		for i := range repos {
			rows.Repos = append(rows.Repos, history.RepoTotal{
				Repo:  history.Repo{Type: history.Model, Name: fmt.Sprintf("synthetic-org/model-%06d", i)},
				Total: int64(i),
			})
			level := math.Exp(3 + 2.2*r.NormFloat64())
			for d := range days {
				level *= math.Exp(0.02 * r.NormFloat64())
				mean := level * math.Exp(0.15*r.NormFloat64())
				if d%7 >= 5 {
					mean *= 0.6
				}
				rows.Append(uint32(i), history.Day(18600+d), int64(max(0, mean+math.Sqrt(mean)*r.NormFloat64())))
				if rows.Len() == history.BlockRows {
					if !yield(rows, nil) {
						return
					}
					rows.Reset()
				}
			}
		}
		if rows.Len() > 0 {
			yield(rows, nil)
		}
	}
}

const benchRepos, benchDays = 10000, 1000

var benchTable = sync.OnceValue(func() *memtable.Table {
	t, err := memtable.Build(context.Background(), synthetic(benchRepos, benchDays, history.Version{Source: history.Published, AsOf: 1700000000000000}), nil)
	if err != nil {
		panic(err)
	}
	return t
})

// BenchmarkOpen opens a store of 10M records.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	l := open(b, dir)
	add(b, l, history.Batch{Rows: benchTable().Records(context.Background(), everything)})
	records, bytes := l.Table().NumRecords(), statsOf(l).Bytes
	l.Close()
	for b.Loop() {
		l := open(b, dir)
		if l.Table().NumRecords() != records {
			b.Fatal(l.Table().NumRecords())
		}
		l.Close()
	}
	b.ReportMetric(float64(bytes)/float64(records), "B/record")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(records), "ns/record")
}

// BenchmarkAppend makes 10M records durable that are packed already, and one day
// more in a store that has them.
func BenchmarkAppend(b *testing.B) {
	ctx := context.Background()
	b.Run("10M", func(b *testing.B) {
		delta := benchTable()
		for b.Loop() {
			b.StopTimer()
			l := open(b, b.TempDir())
			b.StartTimer()
			if err := l.newWriter().write(ctx, delta, true, true); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(delta.NumRecords()), "ns/record")
	})
	b.Run("a day", func(b *testing.B) {
		l := open(b, b.TempDir())
		add(b, l, history.Batch{Rows: benchTable().Records(ctx, everything)})
		day := 0
		for b.Loop() {
			day++
			rows := synthetic(benchRepos, 1, history.Version{Source: history.Published, AsOf: history.AsOf(1700000000000000 + day)})
			add(b, l, history.Batch{Rows: func(yield func(*history.Rows, error) bool) {
				for r, err := range rows {
					for i := range r.Day {
						r.Day[i] += history.Day(benchDays + day)
					}
					if !yield(r, err) {
						return
					}
				}
			}})
		}
	})
}
