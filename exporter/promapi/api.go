// Package promapi answers the query API of Prometheus, and its remote read, over any
// history.Reader: with Prometheus' own engine, for Grafana's Prometheus data source, promtool,
// and whatever else speaks PromQL.
//
// The series are those of the metrics page that are about repositories, as they would have been
// scraped from the first recorded day on. They follow from the history at the time of the
// query, so a correction changes the past at once.
package promapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// Prefix is where the API is: the URL of a Prometheus data source.
const Prefix = "/prometheus"

const (
	// Lookback is how old a sample may be for an instant query: days come once a day, and
	// the Hub is up to two days late with them.
	Lookback = 3 * 24 * time.Hour
	// maxPoints is the most steps of a range query, as in Prometheus.
	maxPoints = 11_000
	// maxSamples is the most samples that a query may have in memory, as in Prometheus.
	maxSamples = 50_000_000
	// maxConcurrent is the most queries at a time, as in Prometheus. Others wait.
	maxConcurrent = 20
)

// Options are what the API needs in addition to a history.
type Options struct {
	// Logger takes what went wrong on the server's side.
	Logger *slog.Logger
	// Version and Revision are those of the build.
	Version, Revision string
	// Labels returns those that every series has in addition, as a scrape would have added
	// them; nil stands for none.
	Labels func() map[string]string
	// Timeout returns how long a query may take, 0 for no bound.
	Timeout func() time.Duration
	// Now returns the present time; nil stands for time.Now.
	Now func() time.Time
}

// API answers queries.
type API struct {
	Options
	Reader history.Reader
	engine *promql.Engine
	parser parser.Parser
	// places has an element for each query that is being answered.
	places chan struct{}
	// maxSamples and batchValues are their constants.
	maxSamples, batchValues int
}

// New returns the API over a history.
func New(r history.Reader, o Options) *API {
	if o.Now == nil {
		o.Now = time.Now
	}
	p := parser.NewParser(parser.Options{})
	return &API{
		Options: o, Reader: r, parser: p, places: make(chan struct{}, maxConcurrent), maxSamples: maxSamples, batchValues: batchValues,
		engine: promql.NewEngine(promql.EngineOpts{
			Logger: o.Logger, MaxSamples: maxSamples, Timeout: 365 * 24 * time.Hour, // the context of a request has the limit
			LookbackDelta: Lookback, EnableAtModifier: true, EnableNegativeOffset: true, Parser: p,
			NoStepSubqueryIntervalFn: func(int64) int64 { return millisPerDay },
		}),
	}
}

// Querier implements storage.Queryable.
func (a *API) Querier(mint, maxt int64) (storage.Querier, error) { return a.querier(mint, maxt), nil }

func (a *API) querier(mint, maxt int64) *querier {
	q := &querier{API: a, now: a.Now(), mint: mint, maxt: maxt}
	if a.Labels != nil {
		q.extra = a.Labels()
	}
	return q
}

// fault is an error with its type, as clients of Prometheus know it.
type fault struct {
	status int
	kind   string
	error
}

func badData(format string, args ...any) error {
	return &fault{http.StatusBadRequest, "bad_data", fmt.Errorf(format, args...)}
}

// answer is the data of an answer, and what the engine has to say of it.
type answer struct {
	data     any
	warnings []string
	infos    []string
}

// Routes returns the handlers by their patterns, all below Prefix.
func (a *API) Routes() map[string]http.Handler {
	out := map[string]http.Handler{"/api/v1/read": http.HandlerFunc(a.read)}
	for route, f := range map[string]func(context.Context, url.Values, *http.Request) (answer, error){
		"/api/v1/query":               a.query,
		"/api/v1/query_range":         a.queryRange,
		"/api/v1/series":              a.series,
		"/api/v1/labels":              a.labelNames,
		"/api/v1/label/{name}/values": a.labelValues,
		"/api/v1/metadata":            a.metadata,
		"/api/v1/format_query":        a.formatQuery,
		"/api/v1/status/buildinfo":    a.buildInfo,
		// Grafana asks for these, and there are none.
		"/api/v1/rules":           a.none(map[string]any{"groups": []any{}}),
		"/api/v1/alerts":          a.none(map[string]any{"alerts": []any{}}),
		"/api/v1/query_exemplars": a.none([]any{}),
	} {
		out[route] = a.handler(f)
	}
	prefixed := make(map[string]http.Handler, len(out))
	for route, h := range out {
		prefixed[Prefix+route] = h
	}
	return prefixed
}

// handler answers GET and POST with the JSON of f.
func (a *API) handler(f func(context.Context, url.Values, *http.Request) (answer, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains([]string{http.MethodGet, http.MethodPost, http.MethodHead}, r.Method) {
			w.Header().Set("Allow", "GET, HEAD, POST")
			a.fail(w, r, &fault{http.StatusMethodNotAllowed, "bad_data", fmt.Errorf("expected GET or POST, got %s", textenc.Quote(r.Method))})
			return
		}
		if err := r.ParseForm(); err != nil {
			a.fail(w, r, badData("expected parameters in URL encoding: %w", err))
			return
		}
		ctx, cancel, err := a.withTimeout(r.Context(), r.Form)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		defer cancel()
		got, err := f(ctx, r.Form, r)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		writeAnswer(w, got)
	})
}

// enter waits for the place of a query, to be given up by leave.
func (a *API) enter(ctx context.Context) error {
	select {
	case a.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%d queries are being answered: %w", maxConcurrent, ctx.Err())
	}
}

func (a *API) leave() { <-a.places }

// withTimeout bounds a query by the configuration and by its own parameter.
func (a *API) withTimeout(ctx context.Context, params url.Values) (context.Context, context.CancelFunc, error) {
	var most time.Duration
	if a.Timeout != nil {
		most = a.Timeout()
	}
	if s := params.Get("timeout"); s != "" {
		d, err := parseDuration("timeout", s)
		if err != nil {
			return nil, nil, err
		}
		if most == 0 || d < most {
			most = d
		}
	}
	if most == 0 {
		ctx, cancel := context.WithCancel(ctx)
		return ctx, cancel, nil
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	return ctx, cancel, nil
}

// faultOf says what kind of error the engine has returned.
func faultOf(err error) *fault {
	if f, ok := errors.AsType[*fault](err); ok {
		return f
	}
	_, timeout := errors.AsType[promql.ErrQueryTimeout](err)
	_, canceled := errors.AsType[promql.ErrQueryCanceled](err)
	_, stored := errors.AsType[*storeError](err)
	switch {
	case timeout, errors.Is(err, context.DeadlineExceeded):
		return &fault{http.StatusServiceUnavailable, "timeout", err}
	case canceled, errors.Is(err, context.Canceled):
		return &fault{499, "canceled", err}
	case stored:
		return &fault{http.StatusInternalServerError, "internal", err}
	}
	return &fault{http.StatusUnprocessableEntity, "execution", err}
}

func (a *API) query(ctx context.Context, params url.Values, _ *http.Request) (answer, error) {
	at, err := parseTime(params, "time", a.Now())
	if err != nil {
		return answer{}, err
	}
	return a.execute(ctx, params, evaluation{start: at, end: at})
}

func (a *API) queryRange(ctx context.Context, params url.Values, _ *http.Request) (answer, error) {
	for _, name := range []string{"start", "end", "step"} {
		if params.Get(name) == "" {
			return answer{}, badData("%s: expected a value, got none", name)
		}
	}
	start, err := parseTime(params, "start", time.Time{})
	if err != nil {
		return answer{}, err
	}
	end, err := parseTime(params, "end", time.Time{})
	if err != nil {
		return answer{}, err
	}
	step, err := parseDuration("step", params.Get("step"))
	switch {
	case err != nil:
		return answer{}, err
	case step < time.Millisecond:
		return answer{}, badData("step: expected a duration of at least 1ms, got %s", textenc.Quote(params.Get("step")))
	case end.Before(start):
		return answer{}, badData("end: expected a time not before start, got %s", textenc.Quote(params.Get("end")))
	case end.Sub(start)/step > maxPoints:
		return answer{}, badData("step: expected at most %d steps from start to end, got %d: choose a longer step", maxPoints, end.Sub(start)/step)
	}
	return a.execute(ctx, params, evaluation{start: start, end: end, step: step})
}

func (a *API) execute(ctx context.Context, params url.Values, e evaluation) (answer, error) {
	var lookback time.Duration
	if s := params.Get("lookback_delta"); s != "" {
		var err error
		if lookback, err = parseDuration("lookback_delta", s); err != nil {
			return answer{}, err
		}
	}
	e.API, e.text, e.opts = a, params.Get("query"), promql.NewPrometheusQueryOpts(false, lookback, nil)
	if err := a.enter(ctx); err != nil {
		return answer{}, err
	}
	defer a.leave()
	q, notes, err := e.prepare(ctx)
	if err != nil {
		return answer{}, err
	}
	defer q.Close()
	result := q.Exec(ctx)
	if result.Err != nil {
		return answer{}, result.Err
	}
	warnings, infos := notes.Merge(result.Warnings).AsStrings(e.text, 10, 10)
	// What is returned is encoded before the query is closed.
	return answer{encoded(appendResult(nil, result.Value)), warnings, infos}, nil
}

// metadataJSON is an element of the metadata.
type metadataJSON struct {
	Type string `json:"type"`
	Help string `json:"help"`
	Unit string `json:"unit"`
}

func (a *API) metadata(_ context.Context, params url.Values, _ *http.Request) (answer, error) {
	limit, err := parseLimit(params)
	if err != nil {
		return answer{}, err
	}
	out := make(map[string][]metadataJSON)
	for i := range families {
		f := &families[i]
		if only := params.Get("metric"); only != "" && only != f.Name || limit > 0 && len(out) >= limit {
			continue
		}
		kind := "gauge"
		if f.Counter {
			kind = "counter"
		}
		out[f.Name] = []metadataJSON{{Type: kind, Help: f.Help}}
	}
	return answer{data: out}, nil
}

func (a *API) formatQuery(_ context.Context, params url.Values, _ *http.Request) (answer, error) {
	expr, err := a.parser.ParseExpr(params.Get("query"))
	if err != nil {
		return answer{}, badData("query: %w", err)
	}
	return answer{data: expr.Pretty(0)}, nil
}

func (a *API) buildInfo(context.Context, url.Values, *http.Request) (answer, error) {
	// Grafana takes the version for that of a Prometheus and offers what it can do.
	return answer{data: map[string]string{
		"version": "3.0.0", "revision": a.Revision, "application": "huggingface_exporter", "applicationVersion": a.Version,
	}}, nil
}

func (a *API) none(data any) func(context.Context, url.Values, *http.Request) (answer, error) {
	return func(context.Context, url.Values, *http.Request) (answer, error) { return answer{data: data}, nil }
}
