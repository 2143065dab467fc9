package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/apitest"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

var errSlow = fmt.Errorf("asking: %w", context.DeadlineExceeded)

const hubPath = "/organizations/huggingface/settings/publisher-analytics/download-breakdown"

func TestExportAnswers(t *testing.T) {
	h := New(apitest.StoreOf(t, apitest.SixRows()), Options{})
	f := func(target, accept, wantType, wantName, wantBody string) {
		t.Helper()
		var header []string
		if accept != "" {
			header = []string{"Accept", accept}
		}
		resp := do(h, http.MethodGet, target, header...)
		got := bodyOf(t, resp)
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %s", target, resp.StatusCode, got)
		}
		if ct := resp.Header.Get("Content-Type"); ct != wantType {
			t.Errorf("%s: expected the type %s, got %s", target, wantType, ct)
		}
		if cd, want := resp.Header.Get("Content-Disposition"), `attachment; filename="`+wantName+`"`; cd != want {
			t.Errorf("%s: expected %s, got %s", target, want, cd)
		}
		if cc := resp.Header.Get("Cache-Control"); cc != "no-cache" {
			t.Errorf("%s: expected no-cache, got %s", target, cc)
		}
		if wantBody != "" && got != wantBody {
			t.Errorf("%s: expected\n%s\ngot\n%s", target, wantBody, got)
		}
	}
	const (
		csv     = "text/csv; charset=utf-8"
		jsonl   = "application/x-ndjson; charset=utf-8"
		parquet = "application/vnd.apache.parquet"
		name    = "publisher-analytics_2021-01-22_2021-11-29"
	)
	f(wire.RecordsRoute, "", csv, name+".csv", apitest.SixRowsCSV)
	f(wire.RecordsRoute+"?order=time", "", csv, name+".csv", apitest.SixRowsCSV)
	f(wire.RecordsRoute+"?order=repo", "", csv, name+".csv", apitest.SixRowsCSV)
	f(hubPath, "application/json", csv, "publisher-analytics_huggingface_2021-01-22_2021-11-29.csv", apitest.SixRowsCSV)
	lines := strings.SplitAfter(apitest.SixRowsCSV, "\n")
	f(wire.RecordsRoute+"?org=huggingface&from=2021-01-23&to=2021-11-27", "", csv,
		"publisher-analytics_huggingface_2021-01-23_2021-11-27.csv", lines[0]+lines[2]+lines[3]+lines[4])
	f(wire.RecordsRoute+"?repo=huggingface/CodeBERTa-small-v1&to=2021-01-22&org=huggingface", "", csv,
		"publisher-analytics_huggingface-CodeBERTa-small-v1_2021-01-22_2021-01-22.csv", lines[0]+lines[1])
	f(wire.RecordsRoute+"?org=a,b&period=last_month", "", csv, "publisher-analytics_2021-10-31_2021-11-29.csv", lines[0])
	f(wire.RecordsRoute+"?org=&from=2030-01-01", "", csv, "publisher-analytics.csv", lines[0])
	f(wire.RecordsRoute+"?org=..%2F..%2Fetc%22%0d%0ax%3a", "", csv, "publisher-analytics_etc---x_2021-01-22_2021-11-29.csv", lines[0])
	f(wire.RecordsRoute+"?format=jsonl&to=2021-01-22", "text/csv", jsonl, "publisher-analytics_2021-01-22_2021-01-22.jsonl",
		`{"repoType":"model","repoName":"huggingface/CodeBERTa-small-v1","total":4362460,"timestamp":"2021-01-22T00:00:00.000Z","downloads":4}`+"\n")

	f(wire.RecordsRoute, "*/*", csv, name+".csv", "")
	f(wire.RecordsRoute, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", csv, name+".csv", "")
	f(wire.RecordsRoute, "application/x-ndjson", jsonl, name+".jsonl", "")
	f(wire.RecordsRoute, "application/jsonl, text/csv;q=0.9", jsonl, name+".jsonl", "")
	f(wire.RecordsRoute, "application/vnd.apache.parquet;q=0.5, text/*;q=0.1", parquet, name+".parquet", "")
	f(wire.RecordsRoute, "*/*, text/csv;q=0, application/x-ndjson;q=0.1", parquet, name+".parquet", "")

	resp := do(h, http.MethodGet, wire.RecordsRoute, "Accept", "application/json")
	want := `{"error":"expected text/csv, application/x-ndjson or application/vnd.apache.parquet in the Accept header, got \"application/json\""}` + "\n"
	if got := bodyOf(t, resp); resp.StatusCode != http.StatusNotAcceptable || got != want {
		t.Errorf("expected 406 and %s, got %d and %s", want, resp.StatusCode, got)
	}
	if v := resp.Header.Values("Vary"); !strings.Contains(strings.Join(v, ","), "Accept,") && !strings.HasSuffix(strings.Join(v, ","), "Accept") {
		t.Errorf("expected Vary to name Accept, got %q", v)
	}
}

func TestParquetAnswer(t *testing.T) {
	h := New(apitest.StoreOf(t, apitest.SixRows()), Options{})
	body := bodyOf(t, do(h, http.MethodGet, wire.RecordsRoute+"?format=parquet", "Accept-Encoding", "gzip"))
	file, err := parquet.OpenFile(strings.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	if file.NumRows() != 6 {
		t.Errorf("expected 6 rows, got %d", file.NumRows())
	}
}

func TestHead(t *testing.T) {
	h := New(apitest.StoreOf(t, apitest.SixRows()), named("r1"))
	for _, target := range []string{
		wire.OverviewRoute, wire.ReposRoute, wire.RecordsRoute, wire.RecordsRoute + "?format=parquet", hubPath,
		wire.RecordsRoute + "?from=x", "/api/nothing",
	} {
		get, head := do(h, http.MethodGet, target), do(h, http.MethodHead, target)
		if head.StatusCode != get.StatusCode {
			t.Errorf("%s: expected the status %d, got %d", target, get.StatusCode, head.StatusCode)
		}
		for _, name := range []string{"Content-Type", "Content-Disposition", "ETag", "Cache-Control", "Vary", "X-Content-Type-Options"} {
			if got, want := head.Header.Get(name), get.Header.Get(name); got != want {
				t.Errorf("%s: expected the header %s: %q, got %q", target, name, want, got)
			}
		}
	}
	// Over a network no body comes, and no export runs.
	called := false
	store := apitest.Failing{Rows: func(context.Context, history.RecordsQuery) history.RowSeq {
		called = true
		return history.RowsOf(apitest.Published, apitest.SixRows()...)
	}}
	srv := serve(t, store, Options{})
	resp, err := srv.Client().Head(srv.URL + wire.RecordsRoute)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.ContentLength > 0 || called {
		t.Errorf("expected 200 without a length and no export, got %d, %d, %v", resp.StatusCode, resp.ContentLength, called)
	}
}

func TestGzip(t *testing.T) {
	var records []history.Record
	for i := range 5000 {
		records = append(records, history.Record{
			Repo: history.Repo{Type: history.Model, Name: fmt.Sprintf("acme/m%d", i%100)}, Total: 1, Day: history.Day(18000 + i/100), Downloads: int64(i),
		})
	}
	srv := serve(t, apitest.StoreOf(t, records), named("r1"))
	get := func(target, encoding string) (*http.Response, []byte) {
		t.Helper()
		req, _ := http.NewRequest(http.MethodGet, srv.URL+target, nil)
		if encoding != "" {
			req.Header.Set("Accept-Encoding", encoding)
		}
		// Without a transport that decodes by itself.
		resp, err := (&http.Transport{DisableCompression: true}).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp, b
	}
	f := func(target, encoding string, compressed bool) {
		t.Helper()
		plainResp, plain := get(target, "")
		if ce := plainResp.Header.Get("Content-Encoding"); ce != "" {
			t.Errorf("%s: not asked for %s", target, ce)
		}
		resp, b := get(target, encoding)
		if vary := strings.Join(resp.Header.Values("Vary"), ","); !strings.Contains(vary, "Accept-Encoding") {
			t.Errorf("%s: expected Vary: Accept-Encoding, got %q", target, vary)
		}
		if got := resp.Header.Get("Content-Encoding") == "gzip"; got != compressed {
			t.Errorf("%s with %q: expected compressed %v, got %v", target, encoding, compressed, got)
			return
		}
		if compressed {
			if resp.Header.Get("ETag") == plainResp.Header.Get("ETag") {
				t.Errorf("%s: one strong tag %s for two bodies", target, resp.Header.Get("ETag"))
			}
			if len(b) > len(plain)/2 {
				t.Errorf("%s: %d bytes became %d", target, len(plain), len(b))
			}
			z, err := gzip.NewReader(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if b, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(b, plain) {
			t.Errorf("%s with %q: expected the same %d bytes as without", target, encoding, len(plain))
		}
	}
	org := "/organizations/acme/settings/publisher-analytics/download-breakdown"
	for _, target := range []string{
		wire.RecordsRoute, wire.RecordsRoute + "?format=jsonl", org, wire.OverviewRoute + "?series=true", wire.ReposRoute + "?limit=100",
	} {
		f(target, "gzip", true)
		f(target, "deflate, gzip;q=0.5, br", true)
		f(target, "gzip;q=0", false)
		f(target, "identity", false)
		f(target, "zstd", false)
	}
	f(wire.RecordsRoute+"?format=parquet", "gzip", false)
	f(wire.OverviewRoute, "gzip", false) // too short to gain anything
}
