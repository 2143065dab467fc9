package hub_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
)

// BenchmarkPublisherAnalytics reads an export of 1,000,000 records, packed and
// plain, from a server on loopback.
func BenchmarkPublisherAnalytics(b *testing.B) {
	var text bytes.Buffer
	text.WriteString("repoType,repoName,total,timestamp,downloads\n")
	for repo := range 1000 {
		for d := range 1000 {
			fmt.Fprintf(&text, "model,acme/some-model-%d,4362460,20%02d-%02d-%02dT00:00:00.000Z,%d\n",
				repo, 20+d/336, 1+d/28%12, 1+d%28, d*repo%1000)
		}
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(text.Bytes())
	_ = z.Close()

	f := func(name string, content []byte, coding string) {
		b.Run(name, func(b *testing.B) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/csv")
				if coding != "" {
					w.Header().Set("Content-Encoding", coding)
				}
				_, _ = w.Write(content)
			}))
			defer server.Close()
			endpoint, err := hub.ParseEndpoint(server.URL)
			if err != nil {
				b.Fatal(err)
			}
			c := hub.New(hub.Options{Endpoint: endpoint})
			defer c.CloseIdleConnections()
			b.SetBytes(int64(text.Len()))
			b.ReportAllocs()
			for b.Loop() {
				a, err := c.PublisherAnalytics(b.Context(), "acme", hub.Validators{})
				if err != nil {
					b.Fatal(err)
				}
				rows := 0
				for block, err := range a.Rows(version, lastDay) {
					if err != nil {
						b.Fatal(err)
					}
					rows += block.Len()
				}
				if rows != 1_000_000 {
					b.Fatalf("expected a million records, got %d", rows)
				}
			}
		})
	}
	f("plain", text.Bytes(), "")
	f("gzip", packed.Bytes(), "gzip")
}

// BenchmarkList reads a listing of one page of 1000 repositories.
func BenchmarkList(b *testing.B) {
	var page []string
	for i := range 1000 {
		page = append(page, fmt.Sprintf(`{"_id":"%024x","id":"acme/some-model-%d","downloads":%d,"downloadsAllTime":%d,"likes":%d,`+
			`"private":false,"disabled":false,"gated":false,"createdAt":"2024-02-19T11:06:12.000Z","lastModified":"2024-02-19T11:06:12.000Z"}`,
			i, i, i*7, i*77, i))
	}
	content := []byte("[" + strings.Join(page, ",") + "]")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(content)
	}))
	defer server.Close()
	endpoint, err := hub.ParseEndpoint(server.URL)
	if err != nil {
		b.Fatal(err)
	}
	c := hub.New(hub.Options{Endpoint: endpoint})
	defer c.CloseIdleConnections()
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		all, err := list(b.Context(), c, "model", "acme")
		if err != nil || len(all) != 1000 {
			b.Fatal(len(all), err)
		}
	}
}
