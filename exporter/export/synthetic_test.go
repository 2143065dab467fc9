package export

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/export/format"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// synthetic yields n rows over the given number of repositories, by time.
func synthetic(repos int, n int64) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		rows := &history.Rows{}
		for i := range repos {
			rows.Repos = append(rows.Repos, history.RepoTotal{
				Repo:  history.Repo{Type: history.Model, Name: fmt.Sprintf("organization/some-model-%06d", i)},
				Total: int64(i) * 1000,
			})
		}
		day := history.Day(18649)
		repo := 0
		for left := n; left > 0; left-- {
			rows.Append(uint32(repo), day+history.Day(repo&3), int64(repo)*7919%10007)
			if repo++; repo == repos {
				repo = 0
				day = (day + 1) % 30000
			}
			if rows.Len() == history.BlockRows || left == 1 {
				if !yield(rows, nil) {
					return
				}
				rows.Reset()
			}
		}
	}
}

// TestMemoryIsBounded writes many rows and looks at the heap on the way.
func TestMemoryIsBounded(t *testing.T) {
	const (
		rows  = 1_500_000
		bound = 32 << 20
	)
	for _, ft := range format.Files() {
		runtime.GC() // what pools hold goes with the second one
		heap := func() uint64 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		idle := heap()
		var highest uint64
		blocks := 0
		n, err := Write(context.Background(), io.Discard, ft, false, func(yield func(*history.Rows, error) bool) {
			for block := range synthetic(10_000, rows) {
				if blocks++; blocks%50 == 0 {
					highest = max(highest, heap())
				}
				if !yield(block, nil) {
					return
				}
			}
		})
		if err != nil || n != rows {
			t.Fatalf("%s: expected %d rows, got %d, %v", ft, rows, n, err)
		}
		if highest == 0 || highest > idle+bound {
			t.Errorf("%s: expected at most %d MB above idle, got %d MB", ft, bound>>20, (int64(highest)-int64(idle))>>20)
		}
		t.Logf("%s: %.1f MB above idle", ft, float64(int64(highest)-int64(idle))/(1<<20))
	}
}

type countingWriter struct{ n int64 }

func (w *countingWriter) Write(p []byte) (int, error) {
	w.n += int64(len(p))
	return len(p), nil
}

func BenchmarkWrite(b *testing.B) {
	const rows = 1 << 20
	for _, ft := range format.Files() {
		b.Run(ft.String(), func(b *testing.B) {
			b.ReportAllocs()
			var out countingWriter
			for b.Loop() {
				out.n = 0
				if n, err := Write(context.Background(), &out, ft, false, synthetic(10_000, rows)); n != rows || err != nil {
					b.Fatal(n, err)
				}
			}
			b.SetBytes(out.n)
			b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
}
