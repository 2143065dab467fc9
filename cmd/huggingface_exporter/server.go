package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/version"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/collect"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/exposition"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/receiver"
)

// server is what serve runs: the store, the metrics page and the handlers.
type server struct {
	log      *slog.Logger
	reloader *config.Reloader
	page     *exposition.Page
	pusher   *exposition.Pusher
	store    *lateStore
	files    *fileImporter
	collects *collecting
	requests *requestMetrics
	changes  *changeMetrics

	// loaded is set once the store is open and the files of the configuration
	// are in it; draining once the process is told to stop.
	loaded, draining atomic.Bool
}

// newServer reads the configuration and puts everything together; nothing runs
// yet.
func newServer(log *slog.Logger, configFile string) (*server, error) {
	s := &server{log: log, store: new(lateStore)}
	s.reloader = config.NewReloader(configFile, func(c *config.Config) error {
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
	s.collects = newCollecting(newOrgCollectors(s.store, reg, log))
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
		[]prometheus.Collector{s.reloader, s.pusher, storeCollector{s.store}, collect.OrgCollector{Overview: s.store.overviewIfOpen}, s.files.imports},
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
	families := []exposition.Family{} // not nil, which would be all of them
	for _, f := range []struct {
		on     bool
		family exposition.Family
	}{
		{m.Families.Downloads, exposition.Downloads},
		{m.Families.Corrected, exposition.Corrected},
		{m.Families.LastMonth, exposition.LastMonth},
		{m.Families.Likes, exposition.Likes},
		{m.Families.OrgRepos, exposition.OrgRepos},
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
	to, err := receiver.New(receiver.Options{
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

// handler returns the handler of all routes, each counted.
func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, h http.Handler) { mux.Handle(pattern, s.requests.count(pattern, h)) }

	handle("/metrics", only(s.page.Handler(), http.MethodGet, http.MethodHead))
	options := api.Options{Logger: s.log, Version: version.Version, Build: version.GetRevision()}
	for _, r := range api.Routes(s.store, options) {
		handle(r.Pattern, s.whenReady(r.Handler))
	}
	handle("/-/healthy", only(text(http.StatusOK, progName+" is running.\n"), http.MethodGet, http.MethodHead))
	handle("/-/ready", only(http.HandlerFunc(s.serveReady), http.MethodGet, http.MethodHead))
	handle("/-/reload", only(http.HandlerFunc(s.serveReload), http.MethodPost))
	mux.Handle("/{$}", s.requests.count("/", only(http.HandlerFunc(s.serveLanding), http.MethodGet, http.MethodHead)))
	mux.Handle("/", s.requests.count("other", http.NotFoundHandler()))
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
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": notReady})
	})
}

func (s *server) serveReady(w http.ResponseWriter, r *http.Request) {
	if !s.loaded.Load() || s.draining.Load() {
		text(http.StatusServiceUnavailable, progName+" is not ready.\n").ServeHTTP(w, r)
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
		w.Header().Set("X-Content-Type-Options", "nosniff")
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
