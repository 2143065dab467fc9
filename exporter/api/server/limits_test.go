package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/apitest"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func limited(l Limits) Options { return Options{Limits: func() Limits { return l }} }

func TestMaxRows(t *testing.T) {
	store := apitest.StoreOf(t, apitest.SixRows())
	const hub = "/organizations/huggingface/settings/publisher-analytics/download-breakdown"
	f := func(most int64, target string, wantStatus int, want string) {
		t.Helper()
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			resp := do(New(store, limited(Limits{MaxRows: most})), method, target)
			if body := bodyOf(t, resp); resp.StatusCode != wantStatus || !strings.Contains(body, want) && method == http.MethodGet {
				t.Errorf("%s %s with at most %d: expected %d, %q, got %d\n%s", method, target, most, wantStatus, want, resp.StatusCode, body)
			}
			if resp.StatusCode != http.StatusOK && resp.Header.Get("Content-Disposition") != "" {
				t.Errorf("%s: an error is offered as a file", target)
			}
		}
	}
	const tooMany = `{"error":"expected at most 5 records (query.max_rows), got more: request fewer days or repositories"}`
	f(6, wire.RecordsRoute, 200, apitest.SixRowsCSV)
	f(5, wire.RecordsRoute, 422, tooMany)
	f(5, hub, 422, tooMany)
	f(6, hub, 200, apitest.SixRowsCSV)
	f(0, wire.RecordsRoute, 200, apitest.SixRowsCSV)
	f(5, wire.RecordsRoute+"?format=parquet&to=2021-11-29", 422, tooMany)
	f(5, wire.RecordsRoute+"?format=jsonl&versions=true", 422, tooMany)
	// What counts is what the answer has, not what is held.
	f(5, wire.RecordsRoute+"?from=2021-01-23", 200, "2021-11-29")
	f(2, wire.RecordsRoute+"?from=2021-01-23&to=2021-11-28&order=repo", 422, "at most 2 records")
	f(3, wire.RecordsRoute+"?repo=huggingface/CodeBERTa-small-v1", 200, "2021-01-24")
	f(1, wire.ReposRoute, 422, "at most 1 repositories (query.max_rows), got more: use a smaller limit")
	f(1, wire.ReposRoute+"?limit=1", 200, `"matched":2`)
	f(2, wire.ReposRoute, 200, `"matched":2`)
	f(1, wire.OverviewRoute+"?group_by=repo_type", 422, "at most 1 groups")
	f(1, wire.OverviewRoute+"?group_by=org", 200, `"org":"huggingface"`)
	f(1, wire.StatusRoute, 200, `"records":6`)
}

// slow is a store that takes its time, as the context allows.
type slow struct {
	history.Reader
	takes time.Duration
}

func (s slow) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(s.takes):
		return nil
	}
}

func (s slow) Overview(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
	if err := s.wait(ctx); err != nil {
		return history.Overview{}, err
	}
	return s.Reader.Overview(ctx, q)
}

func (s slow) Repos(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
	if err := s.wait(ctx); err != nil {
		return history.ReposPage{}, err
	}
	return s.Reader.Repos(ctx, q)
}

func (s slow) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		if err := s.wait(ctx); err != nil {
			yield(nil, err)
			return
		}
		s.Reader.Records(ctx, q)(yield)
	}
}

// A query that takes too long is answered with an error in time.
func TestQueryTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apitest.StoreOf(t, apitest.SixRows())
		f := func(takes time.Duration, target string, wantStatus int, want string) {
			t.Helper()
			begin := time.Now()
			resp := do(New(slow{store, takes}, limited(Limits{Timeout: time.Minute})), http.MethodGet, target)
			if body := bodyOf(t, resp); resp.StatusCode != wantStatus || !strings.Contains(body, want) {
				t.Errorf("%s: expected %d, %q, got %d\n%s", target, wantStatus, want, resp.StatusCode, body)
			}
			if d := time.Since(begin); d > time.Minute {
				t.Errorf("%s: answered after %s", target, d)
			}
		}
		const tooLong = `{"error":"the query took longer than 1m0s (query.timeout): request fewer days or repositories"}`
		for _, target := range []string{wire.OverviewRoute, wire.ReposRoute, wire.RecordsRoute + "?from=2021-01-01&to=2021-12-31", wire.RecordsRoute, wire.StatusRoute} {
			f(2*time.Minute, target, 503, tooLong)
		}
		f(50*time.Second, wire.ReposRoute, 200, `"matched":2`)
		f(50*time.Second, wire.RecordsRoute+"?from=2021-01-01&to=2021-12-31", 200, apitest.SixRowsCSV)
	})
}

// An export that has begun takes the time that its client takes.
func TestQueryTimeoutIsUntilTheFirstByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apitest.Streaming(apitest.Synthetic(10, 20_000, errors.New("not reached")))
		w := &slowWriter{header: http.Header{}, takes: 45 * time.Second}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, wire.RecordsRoute+"?from=2021-01-01&to=2021-12-31", nil)
		if err != nil {
			t.Fatal(err)
		}
		func() {
			defer func() {
				if p := recover(); p != http.ErrAbortHandler { // that of the store's own error
					t.Errorf("got the panic %v", p)
				}
			}()
			New(store, limited(Limits{Timeout: time.Minute})).ServeHTTP(w, r)
		}()
		if w.writes < 3 || w.status != http.StatusOK {
			t.Errorf("%d writes, status %d", w.writes, w.status)
		}
	})
}

// slowWriter takes its time for each write.
type slowWriter struct {
	header http.Header
	takes  time.Duration
	writes int
	status int
}

func (w *slowWriter) Header() http.Header { return w.header }

func (w *slowWriter) WriteHeader(s int) { w.status = s }

func (w *slowWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.writes++
	time.Sleep(w.takes)
	return io.Discard.Write(b)
}
