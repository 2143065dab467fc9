// Package server is the HTTP API: handlers over any history.Reader.
//
// Parameters are checked before the store is asked, and the store is asked
// before the first byte is sent, as far as that can be. What goes wrong after
// the first byte of an answer breaks the connection, so that half an export
// never looks like a whole one.
package server

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// Options are what the handlers need in addition to a store.
type Options struct {
	// Logger takes what went wrong on the server's side. nil: nothing is logged.
	Logger *slog.Logger
	// Version is that of the exporter, as the status has it. Build names what was
	// built more exactly: the commit. Both are part of the entity tags, since
	// another build may write the same answer differently.
	Version, Build string
	// Revision returns a name of the present state of the history. Two equal names
	// promise equal answers to every query, also across restarts and from replica
	// to replica. The empty string, or nil, promises nothing: then there are no
	// entity tags.
	Revision func() string
	// StallTimeout is how long a client may take no data of an answer before it is
	// dropped. 0 stands for DefaultStallTimeout.
	StallTimeout time.Duration
	// Limits returns what a query may take, asked at each; nil: no bounds.
	Limits func() Limits
	// Groups returns the names of the groups that can be asked for, and the Hub's collections
	// in them; nil: there are none.
	Groups func() ([]string, []wire.Collection)
	// Reserve asks for the memory that an export of many repositories takes in bytes, which
	// the request keeps to its end, and reports whether it may have it; nil: it may.
	Reserve func(ctx context.Context, bytes int64) bool
}

// DefaultStallTimeout is the StallTimeout of Options that set none.
const DefaultStallTimeout = 2 * time.Minute

// Limits bound what a query may take. A field that is 0 sets no bound.
type Limits struct {
	// Timeout is how long an answer may take to be found; for an export, how long
	// until it begins.
	Timeout time.Duration
	// MaxRows is the most rows of an answer: records, repositories or groups.
	MaxRows int64
}

// Route is a pattern of http.ServeMux, without a method, and what answers it.
// The pattern does as a label of metrics: it holds no value of a request.
type Route struct {
	Pattern string
	Handler http.Handler
	// Export says that the answers are as long as the history, and take as long as
	// their client takes.
	Export bool
}

// New returns a handler of all Routes.
func New(store history.Reader, o Options) http.Handler {
	mux := http.NewServeMux()
	for _, r := range Routes(store, o) {
		mux.Handle(r.Pattern, r.Handler)
	}
	return mux
}

// Routes returns the routes of the API over a store, one by one, so that the
// caller can wrap each. They answer GET and HEAD, compress for those who accept
// gzip, and answer faults with JSON. An answer that fails half way panics with
// http.ErrAbortHandler, as net/http wants it; a wrapper that counts requests
// should do so in a defer.
func Routes(store history.Reader, o Options) []Route {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.StallTimeout <= 0 {
		o.StallTimeout = DefaultStallTimeout
	}
	if o.Revision == nil {
		o.Revision = func() string { return "" }
	}
	if o.Limits == nil {
		o.Limits = func() Limits { return Limits{} }
	}
	if o.Groups == nil {
		o.Groups = func() ([]string, []wire.Collection) { return nil, nil }
	}
	a := &handlers{store: store, Options: o}
	return []Route{
		{Pattern: wire.StatusRoute, Handler: a.route(a.status)},
		{Pattern: wire.OverviewRoute, Handler: jsonRoute(a, wire.OverviewRoute, wire.Overview, a.overview)},
		{Pattern: wire.ReposRoute, Handler: jsonRoute(a, wire.ReposRoute, wire.Repos, a.repos)},
		{Pattern: wire.CountsRoute, Handler: jsonRoute(a, wire.CountsRoute, wire.Counts, a.counts), Export: true},
		{Pattern: wire.RecordsRoute, Handler: a.route(a.records), Export: true},
		{Pattern: wire.ReadingsRoute, Handler: jsonRoute(a, wire.ReadingsRoute, wire.Readings, a.readings), Export: true},
		{Pattern: wire.BadgeRoute, Handler: a.route(a.badge)},
		{Pattern: wire.ChartSVGRoute, Handler: a.route(a.chart(wire.ChartSVGRoute, wire.SVG))},
		{Pattern: wire.ChartPNGRoute, Handler: a.route(a.chart(wire.ChartPNGRoute, wire.PNG))},
		{Pattern: wire.HubRoute, Handler: a.route(a.hub), Export: true},
		{Pattern: "/api/", Handler: a.route(notFound)},
	}
}

// handlers answer the routes.
type handlers struct {
	Options
	store history.Reader
	last  atomic.Pointer[sums]
}

// route makes a handler of f. What f returns as an error it has not answered.
func (a *handlers) route(f func(http.ResponseWriter, *http.Request) error) http.Handler {
	return resetOnAbort(Compress(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-cache")
		h.Set(wire.VersionHeader, wire.VersionText)
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			a.fail(w, r, faultf(http.StatusMethodNotAllowed, "expected GET or HEAD, got %s", textenc.Quote(r.Method)))
			return
		}
		r, end := a.withTimeout(r)
		defer end()
		if err := f(w, r); err != nil {
			a.fail(w, r, err)
		}
	})))
}

// notFound answers what is under /api/ and no route.
func notFound(_ http.ResponseWriter, r *http.Request) error {
	return faultf(http.StatusNotFound, "expected %s, got %s", textenc.Alternatives([]string{
		wire.StatusRoute, wire.OverviewRoute, wire.ReposRoute, wire.CountsRoute, wire.RecordsRoute, wire.ReadingsRoute,
		wire.BadgeRoute, wire.ChartSVGRoute, wire.ChartPNGRoute,
	}), textenc.Quote(r.URL.Path))
}

// body writes an answer.
type body func(io.Writer) error

// jsonRoute makes a handler that answers the queries of a route with JSON. The
// answer is of the revision, and of the query alone.
func jsonRoute[Q any](a *handlers, route string, params wire.Query[Q], answer func(ctx context.Context, q Q, revision string) (body, error)) http.Handler {
	return a.route(func(w http.ResponseWriter, r *http.Request) error {
		q, err := params.Decode(r.URL.RawQuery)
		if err != nil {
			return err
		}
		revision := a.Revision()
		if a.notModified(w, r, revision, route, params.Encode(q)) {
			return nil
		}
		write, err := answer(r.Context(), q, revision)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", wire.JSONType)
		return a.stream(w, r, write)
	})
}

// notModified answers with 304 who has the answer that is a function of the
// revision, the build and parts. Without a revision there is no entity tag.
func (a *handlers) notModified(w http.ResponseWriter, r *http.Request, revision string, parts ...string) bool {
	return revision != "" && httpx.NotModified(w, r, append([]string{a.Version, a.Build, revision}, parts...)...)
}

// status answers with what there is. The state of collections changes without the history.
func (a *handlers) status(w http.ResponseWriter, r *http.Request) error {
	if _, err := wire.NoParams.Decode(r.URL.RawQuery); err != nil {
		return err
	}
	revision := a.Revision()
	groups, collections := a.Groups()
	state, err := json.Marshal(collections)
	if err != nil || a.notModified(w, r, revision, wire.StatusRoute, string(state)) {
		return err
	}
	o, err := a.store.Overview(r.Context(), history.OverviewQuery{Period: wire.NoDays})
	if err != nil {
		return err
	}
	status := wire.NewStatus(a.Version, revision, &o)
	status.Groups, status.Collections = groups, collections
	w.Header().Set("Content-Type", wire.JSONType)
	return a.stream(w, r, func(w io.Writer) error { return wire.WriteJSON(w, status) })
}

func (a *handlers) overview(ctx context.Context, q history.OverviewQuery, revision string) (body, error) {
	o, err := a.store.Overview(ctx, q)
	if err == nil {
		err = a.checkRows(len(o.Groups), "groups", "select fewer organizations")
	}
	return func(w io.Writer) error { return wire.WriteOverview(w, revision, q, &o) }, err
}

func (a *handlers) repos(ctx context.Context, q history.ReposQuery, revision string) (body, error) {
	page, err := a.store.Repos(ctx, q)
	if err == nil {
		err = a.checkRows(len(page.Rows), "repositories", "use a smaller limit")
	}
	return func(w io.Writer) error { return wire.WriteRepos(w, revision, &page) }, err
}

// counts streams. Its rows are counted first where the number of repositories does
// not tell that they are few enough: it has those that are gone.
func (a *handlers) counts(ctx context.Context, f history.Filter, revision string) (body, error) {
	if a.Limits().MaxRows > 0 {
		o, err := a.store.Overview(ctx, history.OverviewQuery{Filter: f, Period: wire.NoDays})
		if err != nil {
			return nil, err
		}
		if n := 0; a.checkRows(o.Sum().Repos, "", "") != nil {
			for _, err := range a.store.Counts(ctx, f) {
				if err == nil {
					n++
					err = a.checkRows(n, "repositories", "select fewer")
				}
				if err != nil {
					return nil, err
				}
			}
		}
	}
	return func(w io.Writer) error { return wire.WriteCounts(w, revision, a.store.Counts(ctx, f)) }, nil
}

// readings streams. Its rows are counted first where their number is bounded.
func (a *handlers) readings(ctx context.Context, q history.ReadingsQuery, revision string) (body, error) {
	if a.Limits().MaxRows > 0 {
		n := 0
		for _, err := range a.store.Readings(ctx, q) {
			if err == nil {
				n++
				err = a.checkRows(n, "readings", "request fewer days or repositories")
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return func(w io.Writer) error { return wire.WriteReadings(w, revision, a.store.Readings(ctx, q)) }, nil
}

// checkRows refuses an answer of more rows than may be.
func (a *handlers) checkRows(n int, rows, advice string) error {
	if most := a.Limits().MaxRows; most > 0 && int64(n) > most {
		return tooMany(most, rows, advice)
	}
	return nil
}

// tooMany is the fault of a question whose answer has more than most rows.
func tooMany(most int64, rows, advice string) error {
	return faultf(http.StatusUnprocessableEntity, "expected at most %d %s (query.max_rows), got more: %s", most, rows, advice)
}
