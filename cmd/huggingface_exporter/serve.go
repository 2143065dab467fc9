package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"
	"golang.org/x/sync/errgroup"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync"
)

// defaultAddress has a port above those that Prometheus's list of default port
// allocations has given to exporters, and beside those of Zabbix.
const defaultAddress = ":10061"

const (
	// drainTime is how long requests may take to end when the process is told
	// to: less than the ten seconds after which container runtimes kill.
	drainTime         = 8 * time.Second
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
)

// serveFlags are what the flags of serve say of its routes.
type serveFlags struct {
	limits *limitFlags
	pprof  bool
	shard  hubsync.Shard
}

// serveCommand serves metrics and API until it is told to stop.
func serveCommand(app *kingpin.Application) command {
	cmd := app.Command("serve", "Serve metrics and the API, import files as they change. This is what runs if no command is named.")
	storage := storageFlag(cmd)
	configFile := cmd.Flag("config.file", "Configuration file. Default: none, which is the same as an empty one.").
		PlaceHolder("FILE").String()
	shards := addShardFlags(cmd)
	webFlags := kingpinflag.AddFlags(cmd, defaultAddress)
	flags := serveFlags{limits: addLimitFlags(cmd)}
	cmd.Flag("web.enable-pprof", "Serve profiles of the process below /debug/pprof/, to whom --web.config.file lets in.").BoolVar(&flags.pprof)
	return command{cmd.FullCommand(), func(ctx context.Context, p *program) error {
		p.log.Info("Starting "+progName, "version", version.Info(), "build_context", version.BuildContext())
		if err := flags.limits.check(); err != nil {
			return err
		}
		shard, err := shards.shard()
		if err != nil {
			return err
		}
		flags.shard = shard
		s, err := newServer(p.log, *configFile, flags)
		if err != nil {
			return err
		}
		err = s.run(ctx, webFlags, *storage)
		if err == nil {
			p.log.Info("Stopped")
		}
		return err
	}}
}

// httpServer returns what answers requests. guarded bounds bodies and answers.
func (s *server) httpServer() *http.Server {
	return &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
}

// run serves until ctx ends, drains, and closes the store.
func (s *server) run(ctx context.Context, flags *web.FlagConfig, storage string) error {
	parent := ctx
	g, ctx := errgroup.WithContext(ctx)
	httpServer := s.httpServer()
	g.Go(func() error {
		if err := web.ListenAndServe(httpServer, flags, s.log); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("cannot serve: %w; \"%s doctor\" with the same flags looks at ports and files", err, progName)
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		s.drain(httpServer)
		return nil
	})
	g.Go(func() error {
		s.reloadOnHangup(ctx)
		return nil
	})
	g.Go(func() error { return s.work(ctx, storage) })
	err := g.Wait()
	if closeErr := s.store.Close(); err == nil {
		err = closeErr
	}
	if parent.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // told to stop
	}
	return err
}

// drain lets the requests under way end, and cuts off those that do not.
func (s *server) drain(httpServer *http.Server) {
	s.draining.Store(true)
	s.log.Info("Stopping: waiting for requests to end", "at_most", drainTime)
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if err := httpServer.Shutdown(ctx); err != nil {
		s.log.Warn("Requests did not end in time and were cut off", "err", err)
		httpServer.Close()
	}
}

// reloadOnHangup reads the configuration again at each SIGHUP.
func (s *server) reloadOnHangup(ctx context.Context) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			_ = s.reload() // logged there
		}
	}
}
