package api

import (
	"context"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

var published = history.Version{Source: history.Published, AsOf: 1}

// sixRows are the records of the Hub's own documentation.
func sixRows() []history.Record {
	model := history.Repo{Type: history.Model, Name: "huggingface/CodeBERTa-small-v1"}
	dataset := history.Repo{Type: history.Dataset, Name: "huggingface/documentation-images"}
	return []history.Record{
		{Repo: model, Total: 4362460, Day: 18649, Downloads: 4},
		{Repo: model, Total: 4362460, Day: 18650, Downloads: 7},
		{Repo: model, Total: 4362460, Day: 18651, Downloads: 2},
		{Repo: dataset, Total: 2167284, Day: 18958, Downloads: 3},
		{Repo: dataset, Total: 2167284, Day: 18959, Downloads: 18},
		{Repo: dataset, Total: 2167284, Day: 18960, Downloads: 7},
	}
}

const sixRowsCSV = `repoType,repoName,total,timestamp,downloads
model,huggingface/CodeBERTa-small-v1,4362460,2021-01-22T00:00:00.000Z,4
model,huggingface/CodeBERTa-small-v1,4362460,2021-01-23T00:00:00.000Z,7
model,huggingface/CodeBERTa-small-v1,4362460,2021-01-24T00:00:00.000Z,2
dataset,huggingface/documentation-images,2167284,2021-11-27T00:00:00.000Z,3
dataset,huggingface/documentation-images,2167284,2021-11-28T00:00:00.000Z,18
dataset,huggingface/documentation-images,2167284,2021-11-29T00:00:00.000Z,7
`

// storeOf returns a store that holds the records and states.
func storeOf(t testing.TB, records []history.Record, states ...history.RepoMeta) *memtable.Store {
	t.Helper()
	s := memtable.NewStore()
	b := history.Batch{Rows: history.RowsOf(published, records...), Meta: states}
	if _, err := s.Append(context.Background(), b); err != nil {
		t.Fatal(err)
	}
	return s
}

// named names a state.
func named(revision string) func() string { return func() string { return revision } }

// failing is a store whose answers are errors, or fakes where set.
type failing struct {
	err      error
	records  func(ctx context.Context, q history.RecordsQuery) history.RowSeq
	overview history.Overview
}

func (f failing) Overview(context.Context, history.OverviewQuery) (history.Overview, error) {
	return f.overview, f.err
}
func (f failing) Repos(context.Context, history.ReposQuery) (history.ReposPage, error) {
	return history.ReposPage{}, f.err
}
func (f failing) Counts(context.Context, history.Filter) iter.Seq2[history.Counts, error] {
	return func(yield func(history.Counts, error) bool) { yield(history.Counts{}, f.err) }
}
func (f failing) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	if f.records != nil {
		return f.records(ctx, q)
	}
	return func(yield func(*history.Rows, error) bool) { yield(nil, f.err) }
}

// do lets a handler answer, without a network.
func do(h http.Handler, method, target string, header ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// bodyOf reads the body of an answer.
func bodyOf(t testing.TB, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// serve starts a server over loopback.
func serve(t testing.TB, store history.Reader, o Options) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(New(store, o))
	t.Cleanup(srv.Close)
	return srv
}

// clientOf returns a client of a server over loopback that serves store.
func clientOf(t testing.TB, store history.Reader) *Client {
	t.Helper()
	var o Options
	if r, ok := store.(interface{ Revision() string }); ok {
		o.Revision = r.Revision
	}
	srv := serve(t, store, o)
	c, err := NewClient(srv.URL, srv.Client(), ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
