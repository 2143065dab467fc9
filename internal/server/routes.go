package server

import (
	"context"
	"fmt"
	"net/http"
	_ "net/http/pprof" // registers its routes with http.DefaultServeMux
	"time"

	"github.com/prometheus/common/version"

	api "github.com/huggingface-exporter/huggingface_exporter/exporter/api/server"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/promapi"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/web"
	"github.com/huggingface-exporter/huggingface_exporter/internal/health"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// Handler returns the handler of all routes, each counted. Scrapes have a limit of their
// own, so that no number of queries keeps them waiting.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	s.patterns = nil
	handleAs := func(pattern, route string, h http.Handler) {
		s.patterns = append(s.patterns, pattern)
		mux.Handle(s.RoutePrefix+pattern, http.StripPrefix(s.RoutePrefix, s.metrics.instrument(route, h)))
	}
	handle := func(pattern string, h http.Handler) { handleAs(pattern, pattern, h) }
	limit := func(what, field string, status, retryAfter int, n func() int) *limiter {
		return &limiter{limit: n, what: what, field: field, status: status, retryAfter: retryAfter, slow: slowAnswer, log: s.Log}
	}
	maxRequests := func() int { return s.config.Load().Web.MaxRequests }
	scrapes := limit("scrapes", "web.max_requests", http.StatusServiceUnavailable, 1, maxRequests)
	queries := limit("requests", "web.max_requests", http.StatusServiceUnavailable, 1, maxRequests)
	exports := limit("exports", "web.max_exports", http.StatusTooManyRequests, 5, func() int { return s.config.Load().Web.MaxExports })
	exports.slow = slowExport
	exports.memory = func() int64 { return int64(s.config.Load().Web.MaxExportBytes) }
	get := func(h http.HandlerFunc) http.Handler { return allow(h, http.MethodGet, http.MethodHead) }

	handle("/metrics", get(scrapes.wrap(timed(s.page.Handler())).ServeHTTP))
	for _, r := range api.Routes(s.reader, api.Options{
		Logger: s.Log, Version: version.Version, Build: version.GetRevision(), Revision: s.revision, Groups: s.groupStatus, StallTimeout: stallTimeout, Reserve: reserve,
		Limits: func() api.Limits {
			q := &s.config.Load().Query
			return api.Limits{Timeout: time.Duration(q.Timeout), MaxRows: int64(q.MaxRows)}
		},
	}) {
		h := queries.wrap(s.whenLoaded(r.Handler))
		if r.Export {
			h = exports.wrap(h)
		}
		handle(r.Pattern, h)
	}
	for pattern, h := range s.promQL().Routes() {
		handle(pattern, queries.wrap(s.whenLoaded(api.Compress(h))))
	}
	handle(health.HealthyRoute, get(func(w http.ResponseWriter, _ *http.Request) {
		writeText(w, http.StatusOK, progName+" is running.\n")
	}))
	handle(health.ReadyRoute, get(s.serveReady))
	handle("/-/reload", allow(s.serveReload, http.MethodPost))
	handle(collectionsRoute, get(queries.wrap(http.HandlerFunc(s.serveCollections)).ServeHTTP))
	if s.Pprof {
		handle("/debug/pprof/", queries.wrap(http.DefaultServeMux))
	}
	handleAs("/{$}", "/", get(queries.wrap(api.Compress(s.analyticsPage())).ServeHTTP))
	handle(web.StaticRoute, get(web.Static().ServeHTTP))
	handleAs("/", "other", http.NotFoundHandler())
	if s.RoutePrefix != "" {
		mux.Handle("/{$}", s.metrics.instrument("/", http.RedirectHandler(s.RoutePrefix+"/", http.StatusFound)))
		mux.Handle("/", s.metrics.instrument("other", http.NotFoundHandler()))
	}
	return secured{guard(sameOrigin(mux))}
}

// promQL is Prometheus' query API over the history.
func (s *Server) promQL() *promapi.API {
	return promapi.New(s.reader, promapi.Options{
		Logger: s.Log, Version: version.Version, Revision: version.GetRevision(),
		Timeout: func() time.Duration { return time.Duration(s.config.Load().Query.Timeout) },
		Labels:  func() map[string]string { return s.config.Load().Query.ExtraLabels },
	})
}

// admitHealthchecks lets in who asks for the health of the exporter and can read its file
// of authentication. All others go through next, which is what asks for passwords.
func (s *Server) admitHealthchecks(routes, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if health.Admits(r, s.RoutePrefix, s.WebConfigFile) {
			routes.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Patterns returns the patterns of the routes, once Handler was called.
func (s *Server) Patterns() []string { return s.patterns }

// whenLoaded refuses requests until the store is loaded.
func (s *Server) whenLoaded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.loaded.Load() {
			refuse(w, r, http.StatusServiceUnavailable, 1, "the stored history is being loaded; retry when /-/ready returns 200")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) serveReady(w http.ResponseWriter, _ *http.Request) {
	away := s.away.Load()
	if s.draining.Load() || !s.loaded.Load() && away == nil {
		writeText(w, http.StatusServiceUnavailable, progName+" is not ready.\n")
		return
	}
	if away != nil {
		text := fmt.Sprintf("%s is not ready: the storage does not respond.\n%v\n", progName, *away)
		if n, bytes := s.collects.queue.Size(); n > 0 {
			text += fmt.Sprintf("Queued: %s (%s).\n", textenc.Plural(n, "listing", "listings"), textenc.Plural(bytes, "byte", "bytes"))
		}
		writeText(w, http.StatusServiceUnavailable, text)
		return
	}
	if missing := s.store.Setbacks().Missing; missing != nil {
		writeText(w, http.StatusServiceUnavailable, fmt.Sprintf("%s is not ready: something is missing in the storage.\n%v\n", progName, missing))
		return
	}
	writeText(w, http.StatusOK, progName+" is ready.\n")
}

func (s *Server) serveReload(w http.ResponseWriter, r *http.Request) {
	if err := s.reload(context.WithoutCancel(r.Context())); err != nil {
		writeText(w, http.StatusInternalServerError, fmt.Sprintf("Reloading the configuration failed; the previous one stays in use:\n%v\n", err))
		return
	}
	writeText(w, http.StatusOK, "The configuration was reloaded.\n")
}
