package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/connection"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

// fakeConn is a connection whose store, notice and health are given.
type fakeConn struct {
	store  history.Reader
	notice string
	err    error
	health connection.Health
	closed bool
}

func (c *fakeConn) Reader(context.Context) (history.Reader, string, error) {
	return c.store, c.notice, c.err
}
func (c *fakeConn) Check(context.Context) connection.Health { return c.health }
func (c *fakeConn) HubURL() string                          { return hub.DefaultEndpoint }
func (c *fakeConn) Close()                                  { c.closed = true }

// fakeStore is a store with answers that may be set one by one; the others are
// those of the embedded store.
type fakeStore struct {
	history.Reader
	overview func(ctx context.Context, q history.OverviewQuery) (history.Overview, error)
	repos    func(ctx context.Context, q history.ReposQuery) (history.ReposPage, error)
	records  func(ctx context.Context, q history.RecordsQuery) history.RowSeq
}

func (s *fakeStore) Overview(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
	if s.overview != nil {
		return s.overview(ctx, q)
	}
	return s.Reader.Overview(ctx, q)
}

func (s *fakeStore) Repos(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
	if s.repos != nil {
		return s.repos(ctx, q)
	}
	return s.Reader.Repos(ctx, q)
}

func (s *fakeStore) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	if s.records != nil {
		return s.records(ctx, q)
	}
	return s.Reader.Records(ctx, q)
}

var (
	model   = history.Repo{Type: history.Model, Name: "acme/rocket"}
	dataset = history.Repo{Type: history.Dataset, Name: "acme/roads"}
	legacy  = history.Repo{Type: history.Model, Name: "gpt"}
	other   = history.Repo{Type: history.Model, Name: "umbrella/rain"}
)

func day(s string) history.Day {
	d, err := history.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

// smallRecords is a history that can be checked by hand.
func smallRecords() []history.Record {
	return []history.Record{
		{Repo: model, Total: 1000, Day: day("2021-01-22"), Downloads: 4},
		{Repo: model, Total: 1000, Day: day("2021-01-23"), Downloads: 6},
		{Repo: dataset, Total: 500, Day: day("2021-01-23"), Downloads: 3},
		{Repo: legacy, Total: history.Unknown, Day: day("2021-01-24"), Downloads: 2},
		{Repo: other, Total: 70, Day: day("2021-01-24"), Downloads: 1},
	}
}

func storeOf(t testing.TB, rows history.RowSeq) *memtable.Store {
	t.Helper()
	s := memtable.NewStore()
	if _, err := s.Append(t.Context(), history.Batch{Rows: rows}); err != nil {
		t.Fatal(err)
	}
	return s
}

func smallStore(t testing.TB) *memtable.Store {
	t.Helper()
	return storeOf(t, history.RowsOf(history.Version{Source: history.Published, AsOf: 1}, smallRecords()...))
}

// syntheticStore has 200 repositories of 400 days.
func syntheticStore(t testing.TB) *memtable.Store {
	t.Helper()
	return storeOf(t, synthetic.Rows(synthetic.Options{Repos: 200, Days: 400, Seed: 3, Order: history.OrderRepo}))
}

// csvOf returns the answer of a store as the exporter writes it.
func csvOf(t testing.TB, s history.Reader, q history.RecordsQuery) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := hubcsv.Write(&b, s.Records(t.Context(), q)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func newTestDatasource(t testing.TB, conn connection.Connection) *Datasource {
	t.Helper()
	d := newDatasource(conn, newMetrics(prometheus.NewRegistry()))
	t.Cleanup(d.Dispose)
	return d
}

// response collects what is sent.
type response struct {
	mu    sync.Mutex
	parts []*backend.CallResourceResponse
	// each is called at each part, from 1; its error is that of Send.
	each func(n int) error
}

func (r *response) Send(part *backend.CallResourceResponse) error {
	r.mu.Lock()
	kept := *part
	kept.Body = bytes.Clone(part.Body) // which is the sender's again
	r.parts = append(r.parts, &kept)
	n := len(r.parts)
	r.mu.Unlock()
	if r.each != nil {
		return r.each(n)
	}
	return nil
}

func (r *response) status() int { return r.parts[0].Status }

func (r *response) header(name string) string {
	return http.Header(r.parts[0].Headers).Get(name)
}

func (r *response) body() []byte {
	var b []byte
	for _, p := range r.parts {
		b = append(b, p.Body...)
	}
	return b
}

// call asks for a resource.
func call(ctx context.Context, d *Datasource, r *response, method, url string, headers ...string) error {
	h := map[string][]string{}
	for i := 0; i+1 < len(headers); i += 2 {
		h[headers[i]] = []string{headers[i+1]}
	}
	path, _, _ := bytes.Cut([]byte(url), []byte("?"))
	return d.CallResource(ctx, &backend.CallResourceRequest{Method: method, Path: string(path), URL: url, Headers: h}, r)
}

// get asks for a resource, which has to come whole.
func get(t testing.TB, d *Datasource, url string, headers ...string) *response {
	t.Helper()
	r := &response{}
	if err := call(t.Context(), d, r, http.MethodGet, url, headers...); err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	if len(r.parts) == 0 {
		t.Fatalf("%s: expected an answer, got none", url)
	}
	return r
}

func gunzip(b []byte) (string, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(z)
	return string(text), err
}

func decodeJSON[T any](t testing.TB, b []byte) T {
	t.Helper()
	var v T
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	return v
}

// expectCount checks the value of a metric.
func expectCount(t testing.TB, c prometheus.Collector, want float64) {
	t.Helper()
	if got := testutil.ToFloat64(c); got != want {
		t.Errorf("expected the metric to be %v, got %v", want, got)
	}
}
