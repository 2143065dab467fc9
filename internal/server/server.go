// Package server is what serve runs: it opens the storage, collects, imports files,
// renders and pushes the metrics page, answers HTTP requests, and follows its
// configuration until it is stopped.
package server

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/engine"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/exposition"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/groups"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
	"github.com/huggingface-exporter/huggingface_exporter/internal/parallel"
)

const progName = "huggingface_exporter"

const (
	// drainTimeout bounds how long requests may take to end when the process is to stop:
	// less than the ten seconds after which container runtimes kill.
	drainTimeout      = 8 * time.Second
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
	reloadTimeout     = 30 * time.Second
)

var errReloadHangs = fmt.Errorf("reading the files of the configuration took longer than %s: one may be a pipe without a writer, "+
	"or on a file system that does not respond; the configuration is applied once it can be read", reloadTimeout)

// Options are what a Server is made of.
type Options struct {
	// Load reads the configuration, at the start and at each reload.
	Load func() (*config.Config, error)
	// ConfigFile is what Load reads, and AutoReload how often to look whether it has changed;
	// 0 is never.
	ConfigFile string
	AutoReload time.Duration
	// Engine says how the storage of the configuration is opened.
	Engine engine.Options
	// Shard is the share of the organizations that is collected.
	Shard hubsync.Shard
	// Pprof serves profiles of the process.
	Pprof bool
	// RoutePrefix stands before every route: "" is nothing, others are like "/hf". Links of
	// the pages are relative, so that a reverse proxy may take or give a prefix.
	RoutePrefix string
	// WebConfigFile has TLS and authentication, "" for neither.
	WebConfigFile string
	Log           *slog.Logger
}

// Server serves metrics and the API.
type Server struct {
	Options
	config   atomic.Pointer[config.Config] // the one in use
	reloadMu sync.Mutex                    // serializes reloads
	loadedAs atomic.Pointer[checksum]      // of its file, from before that was loaded

	store  *engine.Late
	groups *groups.Groups
	reader history.Reader // of store, with groups
	// groupsChanged has a signal for fetchCollections, which uses collectionClients.
	groupsChanged     chan struct{}
	collectionClients atomic.Pointer[func(slug string) *hub.Client]

	metrics  *metrics
	page     *exposition.Page
	pusher   *exposition.Pusher
	files    *fileImporter
	collects *Collectors
	manager  *hubsync.Manager
	patterns []string // of the routes, set by Handler

	// loaded is set once the store is open and the files of the configuration are in it.
	loaded, draining atomic.Bool
	// away is why the storage does not answer, nil if it does.
	away atomic.Pointer[error]
	// shown is the revision that the metrics page shows, refreshError the error of the
	// last refresh. They belong to the goroutine that refreshes.
	shown        string
	refreshError string
	setbacks     history.Setbacks // that were logged
}

// New reads the configuration and puts a server together; nothing runs yet.
func New(o Options) (*Server, error) {
	reg := prometheus.NewRegistry()
	s := &Server{Options: o, store: new(engine.Late), metrics: newMetrics(reg), groupsChanged: make(chan struct{}, 1)}
	s.collects = NewCollectors(s.store, reg, o.Shard, o.Log)
	s.manager = hubsync.NewManager(s.collects.metrics, o.Log)
	var err error
	if s.page, err = exposition.New(exposition.Options{}, reg, o.Log); err != nil {
		return nil, err
	}
	s.pusher = exposition.NewPusher(s.page, o.Log)
	reg.MustRegister(s.pusher)
	if err := s.load(); err != nil {
		return nil, err
	}
	s.files = newFileImporter(s.store, s.config.Load, s.metrics.imports, o.Log)
	return s, nil
}

// load reads the configuration and applies it, wholly or, on an error, not at all.
func (s *Server) load() error {
	s.reloadMu.Lock()
	defer s.reloadMu.Unlock()
	sum, _ := s.fileChecksum() // reading it reports the error
	c, err := s.Load()
	if err == nil {
		err = s.apply(c)
	}
	if err != nil {
		s.metrics.reloadSuccessful.Set(0)
		return err
	}
	s.config.Store(c)
	select {
	case s.groupsChanged <- struct{}{}:
	default: // it is to look anyway
	}
	s.loadedAs.Store(&sum)
	s.metrics.reloadSuccessful.Set(1)
	setToNow(s.metrics.reloadTime)
	return nil
}

func (s *Server) apply(c *config.Config) error {
	if err := s.collects.OpenQueue(&c.Storage); err != nil {
		return err
	}
	if s.groups == nil {
		var err error
		if s.groups, err = groups.Open(c.Storage.StateDir(s.Engine.Path)); err != nil {
			s.Log.Error("Collections of groups start over", "err", err)
		}
		s.reader = s.groups.Reader(s.store)
	}
	clients, err := s.collects.CollectionClients(&c.Hub, c.Groups)
	if err != nil {
		return err
	}
	jobs, err := s.collects.Jobs(&c.Hub)
	if err != nil {
		return err
	}
	for _, err := range c.Exposed() {
		s.Log.Warn("Credentials can be read on the way", "err", err)
	}
	push, err := pushOptions(&c.Push, s.Engine.UserAgent)
	if err != nil {
		return err
	}
	if err := s.page.SetOptions(pageOptions(&c.Metrics)); err != nil {
		return err
	}
	s.collectionClients.Store(&clients)
	s.groups.Set(Groups(c))
	s.pusher.Set(push)
	s.manager.Set(jobs)
	return nil
}

// revision names the state of all that answers are of, as engine.Engine.Revision does.
func (s *Server) revision() string {
	store, groups := s.store.Revision(), s.groups.Revision()
	if store == "" || groups == "" {
		return store
	}
	return store + "-" + groups
}

// reload reads the configuration again and logs how that went. It does not wait for longer
// than reloadTimeout: a file that the configuration names may hang.
func (s *Server) reload(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, reloadTimeout, errReloadHangs)
	defer cancel()
	if _, err := parallel.Await(ctx, func() (struct{}, error) { return struct{}{}, s.load() }); err != nil {
		s.metrics.reloadSuccessful.Set(0)
		s.Log.Error("Reloading the configuration failed; the previous one stays in use", "err", err)
		return err
	}
	s.Log.Info("The configuration was reloaded")
	return nil
}

// pageOptions returns what a configuration wants on the metrics page.
func pageOptions(m *config.Metrics) exposition.Options {
	families := []string{} // not nil, which would be all of them
	for _, name := range exposition.Families() {
		if shown, ok := m.Families[name]; shown || !ok {
			families = append(families, name)
		}
	}
	return exposition.Options{
		Include:  config.AnyOf(m.Include),
		Exclude:  config.AnyOf(m.Exclude),
		Families: families,
		MaxRepos: m.MaxRepos,
	}
}

// pushOptions returns where a configuration wants the page pushed to.
func pushOptions(c *config.Push, userAgent string) (exposition.PushOptions, error) {
	if c.URL == "" {
		return exposition.PushOptions{}, nil
	}
	u, err := httpx.ParseURL(c.URL, "http://localhost:8428", exposition.PushRoute)
	if err != nil {
		return exposition.PushOptions{}, fmt.Errorf("push.url: %w", err)
	}
	client, err := pushclient.New(pushclient.Options{
		URL: u, HTTP: c.HTTP.Settings, Timeout: time.Duration(c.Timeout), UserAgent: userAgent,
	})
	if err != nil {
		return exposition.PushOptions{}, fmt.Errorf("push.tls_config: %w", err)
	}
	return exposition.PushOptions{To: client, Interval: time.Duration(c.Interval), Labels: c.ExtraLabels}, nil
}

func (s *Server) httpServer() *http.Server {
	routes := s.Handler()
	h := &http.Server{
		Handler:           routes,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn),

		DisableGeneralOptionsHandler: true, // which answers for us
	}
	// The toolkit puts its own handler before ours, which answers who may not come in, and
	// serves then. This is the moment between the two.
	var mu sync.Mutex
	h.BaseContext = func(net.Listener) context.Context {
		mu.Lock()
		defer mu.Unlock()
		if _, ok := h.Handler.(secured); !ok {
			h.Handler = secured{s.admitHealthchecks(routes, s.admitPublic(routes, h.Handler))}
		}
		return context.Background()
	}
	return h
}

// Run serves until ctx ends, drains, and closes the store. listen serves requests until
// its server is shut down. SIGHUP reloads the configuration.
func (s *Server) Run(ctx context.Context, listen func(*http.Server) error) error {
	parent := ctx
	g, ctx := errgroup.WithContext(ctx)
	httpServer := s.httpServer()
	g.Go(func() error {
		if err := listen(httpServer); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("cannot serve: %w; to check ports and files, run \"%s doctor\" with the same flags", err, progName)
		}
		return nil
	})
	g.Go(func() error {
		s.reloadOnHangup(ctx)
		s.drain(httpServer)
		return nil
	})
	g.Go(func() error { return s.work(ctx) })
	if s.AutoReload > 0 {
		g.Go(func() error { return s.autoReload(ctx) })
	}
	err := g.Wait()
	if closeErr := s.store.Close(); err == nil {
		err = closeErr
	}
	if parent.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // it was to stop
	}
	return err
}

// drain waits for the active requests and cuts off those that do not end in time.
func (s *Server) drain(httpServer *http.Server) {
	s.draining.Store(true)
	s.Log.Info("Shutting down: waiting for requests to finish", "at_most", drainTimeout)
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	if err := httpServer.Shutdown(ctx); err != nil {
		s.Log.Warn("Aborted requests that did not finish in time", "err", err)
		httpServer.Close()
	}
}

// reloadOnHangup reloads the configuration at each SIGHUP until ctx ends.
func (s *Server) reloadOnHangup(ctx context.Context) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			_ = s.reload(ctx) // logged there
		}
	}
}

// autoReload reloads the configuration when its file has another content, and again until
// that succeeds, as files that it names may come later.
func (s *Server) autoReload(ctx context.Context) error {
	tick := time.NewTicker(s.AutoReload)
	defer tick.Stop()
	logged := ""
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		sum, err := s.fileChecksum()
		if err != nil {
			if text := err.Error(); text != logged {
				logged = text
				s.Log.Error("Cannot look whether the configuration file has changed", "err", err)
			}
			continue
		}
		logged = ""
		if sum != *s.loadedAs.Load() {
			s.Log.Info("The configuration file has changed")
			_ = s.reload(ctx) // logged there
		}
	}
}

type checksum [sha256.Size]byte

// fileChecksum returns the checksum of the configuration file.
func (s *Server) fileChecksum() (checksum, error) {
	if s.AutoReload <= 0 {
		return checksum{}, nil
	}
	text, err := parallel.ReadFile(s.ConfigFile, config.MaxFile)
	return sha256.Sum256(text), err
}
