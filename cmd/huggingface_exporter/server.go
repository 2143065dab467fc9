package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/version"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/engine"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/exposition"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
)

// server is what serve runs: the store, the metrics page and the handlers.
type server struct {
	log      *slog.Logger
	reloader *config.Reloader
	page     *exposition.Page
	pusher   *exposition.Pusher
	store    *engine.Late
	files    *fileImporter
	collects *collecting
	requests *requestMetrics
	changes  *changeMetrics
	flags    serveFlags
	remote   bool     // the storage is elsewhere: set once work runs
	routes   []string // the patterns that are answered, set by handler

	// loaded is set once the store is open and the files of the configuration
	// are in it; draining once the process is told to stop.
	loaded, draining atomic.Bool
	// away is why the storage cannot be asked, nil if it can. An embedded one always
	// can, once it is loaded.
	away atomic.Pointer[string]
}

// newServer reads the configuration and puts everything together; nothing runs
// yet.
func newServer(log *slog.Logger, configFile string, flags serveFlags) (*server, error) {
	s := &server{log: log, store: new(engine.Late), flags: flags}
	s.reloader = config.NewReloader(configFile, func(c *config.Config) error {
		if err := s.collects.openBacklog(&c.Storage); err != nil {
			return err
		}
		jobs, err := s.collects.jobs(&c.Hub)
		if err != nil {
			return err
		}
		push, err := pushOptions(&c.Push)
		if err != nil {
			return err
		}
		if err := s.page.SetOptions(pageOptions(c)); err != nil {
			return err
		}
		s.pusher.Set(push)
		s.collects.set(jobs)
		return nil
	})
	reg := newRegistry()
	s.collects = newCollecting(newOrgCollectors(s.store, reg, flags.shard, log))
	var err error
	if s.page, err = exposition.New(exposition.Options{}, reg, log); err != nil {
		return nil, err
	}
	s.pusher = exposition.NewPusher(s.page, log)
	if err := s.reloader.Reload(); config.IsFault(err) {
		return nil, fmt.Errorf("the configuration is not valid:\n%w", err)
	} else if err != nil {
		return nil, err
	}
	s.files = newFileImporter(s.store, s.reloader.Config, log)
	s.requests = newRequestMetrics()
	s.changes = newChangeMetrics()
	for _, c := range slices.Concat(
		[]prometheus.Collector{s.reloader, s.pusher, storeCollector{s.store}, hubsync.OrgCollector{Overview: s.store.Overview}, s.files.imports},
		s.requests.collectors(), s.changes.collectors(),
	) {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("registering metrics: %w", err)
		}
	}
	return s, nil
}

// pageOptions says what a configuration wants on the metrics page.
func pageOptions(c *config.Config) exposition.Options {
	m := c.Metrics
	families := []string{} // not nil, which would be all of them
	for _, f := range []struct {
		on     bool
		family string
	}{
		{m.Families.Downloads, "downloads"},
		{m.Families.Corrected, "corrected"},
		{m.Families.LastMonth, "last_month"},
		{m.Families.Likes, "likes"},
		{m.Families.OrgRepos, "org_repos"},
	} {
		if f.on {
			families = append(families, f.family)
		}
	}
	return exposition.Options{
		Include:  config.AnyOf(m.Include),
		Exclude:  config.AnyOf(m.Exclude),
		Families: families,
		MaxRepos: m.MaxRepos,
	}
}

// pushOptions says where a configuration wants the page pushed to.
func pushOptions(c *config.Push) (exposition.PushOptions, error) {
	u, http, err := c.Target()
	if err != nil || u == nil {
		return exposition.PushOptions{}, err
	}
	to, err := pushclient.New(pushclient.Options{
		URL: u, HTTP: http, Timeout: time.Duration(c.Timeout), UserAgent: progName + "/" + version.Version,
	})
	if err != nil {
		return exposition.PushOptions{}, fmt.Errorf("push.tls: %w", err)
	}
	return exposition.PushOptions{To: to, Interval: time.Duration(c.Interval), Labels: c.ExtraLabels}, nil
}

// reload reads the configuration again and logs how that went.
func (s *server) reload() error {
	if err := s.reloader.Reload(); err != nil {
		s.log.Error("The configuration was not reloaded, the one from before stays in use", "err", err)
		return err
	}
	s.log.Info("The configuration was reloaded")
	return nil
}

// limits returns those that hold now.
func (s *server) limits() limits { return s.flags.limits.limits(s.reloader.Config()) }

// handler returns the handler of all routes, each counted. Scrapes are limited by
// themselves, so that no number of queries keeps them waiting.
func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	s.routes = nil
	handleAs := func(pattern, route string, h http.Handler) {
		s.routes = append(s.routes, pattern)
		mux.Handle(pattern, s.requests.count(route, h))
	}
	handle := func(pattern string, h http.Handler) { handleAs(pattern, pattern, h) }
	requests := func() int { return s.limits().requests }
	scrapes := &gate{most: requests, what: "scrapes", status: http.StatusServiceUnavailable, after: 1, field: "web.max_requests", log: s.log}
	queries := &gate{most: requests, what: "requests", status: http.StatusServiceUnavailable, after: 1, field: "web.max_requests", log: s.log}
	exports := &gate{most: func() int { return s.limits().exports }, what: "exports", status: http.StatusTooManyRequests, after: 5, field: "web.max_exports", log: s.log}

	handle("/metrics", only(scrapes.limit(s.page.Handler()), http.MethodGet, http.MethodHead))
	options := api.Options{
		Logger: s.log, Version: version.Version, Build: version.GetRevision(), Revision: s.store.Revision, StallTimeout: stallTime,
		Limits: func() api.Limits { return s.limits().query },
	}
	for _, r := range api.Routes(s.store, options) {
		h := queries.limit(s.whenReady(r.Handler))
		if r.Export {
			h = exports.limit(h)
		}
		handle(r.Pattern, h)
	}
	handle("/-/healthy", only(text(http.StatusOK, progName+" is running.\n"), http.MethodGet, http.MethodHead))
	handle("/-/ready", only(http.HandlerFunc(s.serveReady), http.MethodGet, http.MethodHead))
	handle("/-/reload", only(http.HandlerFunc(s.serveReload), http.MethodPost))
	handle(collectionsRoute, only(queries.limit(http.HandlerFunc(s.serveCollections)), http.MethodGet, http.MethodHead))
	if s.flags.pprof {
		handle("/debug/pprof/", queries.limit(pprofHandler()))
	}
	handleAs("/{$}", "/", only(queries.limit(http.HandlerFunc(s.serveLanding)), http.MethodGet, http.MethodHead))
	handleAs("/", "other", http.NotFoundHandler())
	return guarded(mux)
}

// pprofHandler answers below /debug/pprof/.
func pprofHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index) // the named profiles, too
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

// notReady says why the store cannot be asked.
const notReady = "the stored history is being loaded; ask again when /-/ready answers 200"

// whenReady lets requests pass once the store is loaded, and before that answers
// as the API answers faults.
func (s *server) whenReady(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.loaded.Load() {
			next.ServeHTTP(w, r)
			return
		}
		refuse(w, r, http.StatusServiceUnavailable, 1, notReady)
	})
}

func (s *server) serveReady(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() || !s.loaded.Load() && s.away.Load() == nil {
		text(http.StatusServiceUnavailable, progName+" is not ready.\n").ServeHTTP(w, r)
		return
	}
	if away := s.away.Load(); away != nil {
		body := progName + " is not ready: the storage does not answer.\n" + *away + "\n"
		if n, bytes := s.collects.backlog.Size(); n > 0 {
			body += fmt.Sprintf("%d listings (%d bytes) wait to be stored.\n", n, bytes)
		}
		text(http.StatusServiceUnavailable, body).ServeHTTP(w, r)
		return
	}
	text(http.StatusOK, progName+" is ready.\n").ServeHTTP(w, r)
}

func (s *server) serveReload(w http.ResponseWriter, r *http.Request) {
	if err := s.reload(); err != nil {
		text(http.StatusInternalServerError,
			"The configuration was not reloaded, the one from before stays in use:\n"+err.Error()+"\n").ServeHTTP(w, r)
		return
	}
	text(http.StatusOK, "The configuration was reloaded.\n").ServeHTTP(w, r)
}

// text answers with a text.
func text(code int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	})
}

// only lets requests of these methods pass.
func only(next http.Handler, methods ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(methods, r.Method) {
			allowed := strings.Join(methods, ", ")
			w.Header().Set("Allow", allowed)
			text(http.StatusMethodNotAllowed, fmt.Sprintf("Expected %s, got %q.\n", allowed, r.Method)).ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
