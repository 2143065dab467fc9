package plugin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/client"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// dataQuery is a query over the days of the small history.
func dataQuery(refID, json string) backend.DataQuery {
	return backend.DataQuery{
		RefID: refID, JSON: []byte(json), Interval: 24 * time.Hour, MaxDataPoints: 100,
		TimeRange: backend.TimeRange{From: day("2021-01-22").Time(), To: day("2021-01-24").Time().Add(12 * time.Hour)},
	}
}

// ask asks one query.
func ask(ctx context.Context, t testing.TB, d *Datasource, json string) backend.DataResponse {
	t.Helper()
	resp, err := d.QueryData(ctx, &backend.QueryDataRequest{Queries: []backend.DataQuery{dataQuery("A", json)}})
	if err != nil {
		t.Fatalf("%s: %v", json, err)
	}
	return resp.Responses["A"]
}

func TestQueryData(t *testing.T) {
	d := newTestDatasource(t, &fakeConn{store: smallStore(t)})
	resp, err := d.QueryData(t.Context(), &backend.QueryDataRequest{Queries: []backend.DataQuery{
		dataQuery("A", `{"queryType":"overview","format":"totals","groupBy":"none"}`),
		dataQuery("B", `{"queryType":"repos","sort":"nonsense"}`),
		dataQuery("C", `{"queryType":"export"}`),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(resp.Responses) != 3 {
		t.Errorf("expected an answer for each of three queries, got %d", len(resp.Responses))
	}
	total := resp.Responses["A"]
	if total.Error != nil || total.Status != backend.StatusOK {
		t.Fatalf("expected an answer, got status %d and %v", total.Status, total.Error)
	}
	if f, _ := total.Frames[0].FieldByName("downloads"); f == nil || *f.At(0).(*int64) != 16 {
		t.Errorf("expected a field downloads with 16, got %v", f)
	}
	wrong := resp.Responses["B"]
	if wrong.Status != backend.StatusBadRequest || wrong.ErrorSource != backend.ErrorSourcePlugin || !strings.Contains(wrong.Error.Error(), "sort") || !strings.Contains(wrong.Error.Error(), `"nonsense"`) {
		t.Errorf("expected status 400 of the plugin which names sort and quotes nonsense, got %d of %s: %v", wrong.Status, wrong.ErrorSource, wrong.Error)
	}
	if got := resp.Responses["C"].Frames[0].Rows(); got != 5 {
		t.Errorf("expected 5 records, got %d", got)
	}
	expectCount(t, d.metrics.queries.WithLabelValues("overview", "ok"), 1)
	expectCount(t, d.metrics.queries.WithLabelValues("unknown", "invalid"), 1)
	expectCount(t, d.metrics.queries.WithLabelValues("export", "ok"), 1)
}

// timeout is an error of the network that is a matter of time.
type timeout struct{ error }

func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return false }

func TestStoreErrors(t *testing.T) {
	f := func(failure error, status backend.Status, source backend.ErrorSource, want string, result outcome) {
		t.Helper()
		store := &fakeStore{overview: func(context.Context, history.OverviewQuery) (history.Overview, error) {
			return history.Overview{}, failure
		}}
		d := newTestDatasource(t, &fakeConn{store: store})
		r := ask(t.Context(), t, d, `{"queryType":"overview"}`)
		if r.Error == nil {
			t.Fatalf("%v: expected an error, got none", failure)
		}
		if r.Status != status || r.ErrorSource != source || !strings.Contains(r.Error.Error(), want) {
			t.Errorf("%v: expected status %d of %s and %q, got %d of %s: %v", failure, status, source, want, r.Status, r.ErrorSource, r.Error)
		}
		if backend.IsDownstreamError(r.Error) && source == backend.ErrorSourcePlugin {
			t.Errorf("%v: expected an error of the plugin, got one that is marked as downstream", failure)
		}
		expectCount(t, d.metrics.queries.WithLabelValues("overview", string(result)), 1)
	}
	downstream := backend.ErrorSourceDownstream
	f(errors.New("no route to host"), http.StatusBadGateway, downstream, "no route to host", upstream)
	f(backend.DownstreamError(errors.New("the exporter refused the connection")), http.StatusBadGateway, downstream, "the exporter refused the connection", upstream)
	f(timeout{errors.New("i/o timeout")}, http.StatusGatewayTimeout, downstream, "i/o timeout", timedOut)
	f(fmt.Errorf("waiting: %w", context.DeadlineExceeded), http.StatusGatewayTimeout, downstream, "deadline", timedOut)
	refused := &client.Error{Status: http.StatusBadRequest, Route: "/api/v1/overview", Field: "group_by", Message: "expected repo_type"}
	f(refused, http.StatusBadRequest, downstream, "group_by: expected repo_type", invalid)
	f(&client.Error{Status: http.StatusServiceUnavailable, Message: "not ready"}, http.StatusBadGateway, downstream, "not ready", upstream)
	f(backend.PluginError(errors.New("frame without fields")), http.StatusInternalServerError, backend.ErrorSourcePlugin, "frame without fields", defect)
}

func TestNoStore(t *testing.T) {
	d := newTestDatasource(t, &fakeConn{err: backend.DownstreamError(errors.New("the Hub does not know the organization"))})
	r := ask(t.Context(), t, d, `{"queryType":"overview"}`)
	if r.Status != http.StatusBadGateway || r.Error == nil || r.Error.Error() != "the Hub does not know the organization" {
		t.Errorf("expected status 502 and the error of the connection, got %d: %v", r.Status, r.Error)
	}
}

func TestContextEnds(t *testing.T) {
	f := func(end error, status backend.Status, result outcome) {
		t.Helper()
		store := &fakeStore{overview: func(ctx context.Context, _ history.OverviewQuery) (history.Overview, error) {
			return history.Overview{}, ctx.Err()
		}}
		d := newTestDatasource(t, &fakeConn{store: store})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if end == context.DeadlineExceeded {
			ctx, cancel = context.WithDeadline(t.Context(), time.Unix(0, 0))
			defer cancel()
		}
		r := ask(ctx, t, d, `{"queryType":"overview"}`)
		if r.Status != status || r.ErrorSource != backend.ErrorSourceDownstream || r.Error == nil {
			t.Errorf("%v: expected status %d, downstream, got %d, %s: %v", end, status, r.Status, r.ErrorSource, r.Error)
		}
		expectCount(t, d.metrics.queries.WithLabelValues("overview", string(result)), 1)
	}
	f(context.Canceled, statusCancelled, cancelled)
	f(context.DeadlineExceeded, http.StatusGatewayTimeout, timedOut)
}

func TestPanicStaysInItsQuery(t *testing.T) {
	small := smallStore(t)
	store := &fakeStore{Reader: small, repos: func(context.Context, history.ReposQuery) (history.ReposPage, error) {
		panic("the secret is hf_123")
	}}
	d := newTestDatasource(t, &fakeConn{store: store})
	resp, err := d.QueryData(t.Context(), &backend.QueryDataRequest{Queries: []backend.DataQuery{
		dataQuery("A", `{"queryType":"repos"}`),
		dataQuery("B", `{"queryType":"overview"}`),
		dataQuery("C", `{"queryType":"repos"}`),
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, refID := range []string{"A", "C"} {
		r := resp.Responses[refID]
		if r.Status != backend.StatusInternal || r.ErrorSource != backend.ErrorSourcePlugin || r.Error == nil {
			t.Fatalf("%s: expected status 500 of the plugin, got %d of %s: %v", refID, r.Status, r.ErrorSource, r.Error)
		}
		if strings.Contains(r.Error.Error(), "hf_123") {
			t.Errorf("%s: the error holds what the panic said: %v", refID, r.Error)
		}
	}
	if r := resp.Responses["B"]; r.Error != nil || len(r.Frames) == 0 {
		t.Errorf("expected frames of the query beside, got %d and %v", len(r.Frames), r.Error)
	}
	expectCount(t, d.metrics.queries.WithLabelValues("repos", "defect"), 2)
}

func TestNotice(t *testing.T) {
	f := func(query, notice string) {
		t.Helper()
		d := newTestDatasource(t, &fakeConn{store: smallStore(t), notice: notice})
		r := ask(t.Context(), t, d, query)
		if r.Error != nil || len(r.Frames) == 0 {
			t.Fatalf("%s: expected frames, got %d and %v", query, len(r.Frames), r.Error)
		}
		for i, frame := range r.Frames {
			n := 0
			for _, got := range frame.Meta.Notices {
				if got.Severity == data.NoticeSeverityWarning && got.Text == notice {
					n++
				}
			}
			if want := min(len(notice), 1); n != want {
				t.Errorf("%s: frame %d: expected the notice %d times, got %v", query, i, want, frame.Meta.Notices)
			}
		}
	}
	f(`{"queryType":"overview"}`, "")
	f(`{"queryType":"overview"}`, "the refresh failed")
	f(`{"queryType":"overview","format":"time_series","groupBy":"org"}`, "the refresh failed")
	f(`{"queryType":"export","limit":2}`, "the refresh failed") // beside a notice of its own
	f(`{"queryType":"overview","orgs":["nobody"]}`, "the refresh failed")
}

// TestWarnSharedMeta gives two frames one meta, which must not get both notices.
func TestWarnSharedMeta(t *testing.T) {
	meta := &data.FrameMeta{Notices: make([]data.Notice, 0, 4)}
	frames := data.Frames{{Meta: meta}, {Meta: meta}, {}}
	warn(frames, "old")
	for i, f := range frames {
		if len(f.Meta.Notices) != 1 {
			t.Errorf("frame %d: expected one notice, got %v", i, f.Meta.Notices)
		}
	}
	if len(meta.Notices) != 0 {
		t.Errorf("expected what the frames shared to stay as it was, got %v", meta.Notices)
	}
}
