package api

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// The routes, without the host.
const (
	statusRoute   = "/api/v1/status"
	overviewRoute = "/api/v1/overview"
	reposRoute    = "/api/v1/repos"
	countsRoute   = "/api/v1/counts"
	recordsRoute  = "/api/v1/records"
	// hubRoute is the Hub's own, so that what reads the Hub reads the exporter.
	hubRoute = "/organizations/{org}/settings/publisher-analytics/download-breakdown"
	// otherRoute takes what lies beside the routes of the API.
	otherRoute = "/api/"
)

// Options are what the handlers need besides a store.
type Options struct {
	// Logger takes what went wrong on the server's side. nil: nothing is logged.
	Logger *slog.Logger
	// Version is that of the exporter, which statusRoute tells. Build names what
	// was built more exactly: the commit. Both are part of the entity tags, since
	// another build may write the same answer differently.
	Version, Build string
	// StallTimeout is how long a client may take no data of an export before
	// it is dropped. 0 stands for DefaultStallTimeout.
	StallTimeout time.Duration
	// Revision names the present state of the history, which gives answers entity tags.
	// Two equal names promise equal answers to every query, also across restarts and
	// from replica to replica; "" promises nothing. nil: there are no entity tags.
	Revision func() string
	// Limits returns what a query may take, asked at each; nil: no bounds.
	Limits func() Limits
}

// DefaultStallTimeout is the StallTimeout of Options that set none.
const DefaultStallTimeout = 2 * time.Minute

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
// gzip, and answer faults with JSON. An export that fails half way panics with
// http.ErrAbortHandler, as net/http wants it; a wrapper that counts requests
// should do so in a defer.
func Routes(store history.Reader, o Options) []Route {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.StallTimeout <= 0 {
		o.StallTimeout = DefaultStallTimeout
	}
	a := &handlers{store: store, options: o, log: o.Logger, stall: o.StallTimeout}
	return []Route{
		{Pattern: statusRoute, Handler: a.route(a.status)},
		{Pattern: overviewRoute, Handler: a.route(a.overview)},
		{Pattern: reposRoute, Handler: a.route(a.repos)},
		{Pattern: countsRoute, Handler: a.route(a.counts)},
		{Pattern: recordsRoute, Handler: a.route(a.records), Export: true},
		{Pattern: hubRoute, Handler: a.route(a.hub), Export: true},
		{Pattern: otherRoute, Handler: a.route(a.notFound)},
	}
}

// handlers answer the routes.
type handlers struct {
	store   history.Reader
	options Options
	log     *slog.Logger
	stall   time.Duration
}

// route makes a handler of f. What f returns as an error it has not answered.
func (a *handlers) route(f func(http.ResponseWriter, *http.Request) error) http.Handler {
	return resetOnAbort(compress(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-cache")
		h.Set(versionHeader, versionText)
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			a.fail(w, r, &fault{status: http.StatusMethodNotAllowed, text: "expected GET or HEAD, got " + quote(r.Method)})
			return
		}
		r, end := a.timed(r)
		defer end()
		if err := f(w, r); err != nil {
			a.fail(w, r, err)
		}
	})))
}

// notFound answers what is under /api/ and no route.
func (a *handlers) notFound(_ http.ResponseWriter, r *http.Request) error {
	return &fault{
		status: http.StatusNotFound,
		text:   "expected " + statusRoute + ", " + overviewRoute + ", " + reposRoute + ", " + countsRoute + " or " + recordsRoute + ", got " + quote(r.URL.Path),
	}
}
