package plugin

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/client"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/server"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

// BenchmarkExport measures the CSV link without gRPC: from a store in memory, and
// over HTTP from an exporter in the same process.
func BenchmarkExport(b *testing.B) {
	store := storeOf(b, synthetic.Rows(synthetic.Options{Repos: 1000, Days: 1000, Seed: 3, Order: history.OrderRepo}))
	server := httptest.NewServer(server.New(store, server.Options{}))
	defer server.Close()
	client, err := client.New(server.URL, nil, client.Options{})
	if err != nil {
		b.Fatal(err)
	}
	run := func(name string, s history.Reader, url, encoding string) {
		b.Run(name, func(b *testing.B) {
			d := newTestDatasource(b, &fakeConn{store: s})
			var size int64
			for b.Loop() {
				size = 0
				err := d.CallResource(b.Context(), &backend.CallResourceRequest{
					Method: http.MethodGet, Path: "export.csv", URL: url, Headers: map[string][]string{"Accept-Encoding": {encoding}},
				}, backend.CallResourceResponseSenderFunc(func(r *backend.CallResourceResponse) error {
					size += int64(len(r.Body))
					return nil
				}))
				if err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(size)
		})
	}
	run("memory/repo", store, "export.csv?order=repo", "")
	run("memory/time", store, "export.csv?order=time", "")
	run("memory/repo/gzip", store, "export.csv?order=repo", "gzip")
	run("http/repo", client, "export.csv?order=repo", "")
	run("http/time", client, "export.csv?order=time", "")
}
