package server

import (
	"io"
	"net/http"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/apitest"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
)

func BenchmarkExport(b *testing.B) {
	srv := serve(b, apitest.BenchStore(b), Options{})
	for _, format := range []string{"csv", "jsonl", "parquet"} {
		for _, encoding := range []string{"identity", "gzip"} {
			if format == "parquet" && encoding == "gzip" {
				continue // never compressed again
			}
			b.Run(format+"/"+encoding, func(b *testing.B) {
				var n int64
				for b.Loop() {
					req, _ := http.NewRequest(http.MethodGet, srv.URL+wire.RecordsRoute+"?format="+format, nil)
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
				b.ReportMetric(float64(b.N)*apitest.BenchRows/b.Elapsed().Seconds()/1e6, "Mrows/s")
			})
		}
	}
}
