package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/internal/parallel"
	"github.com/huggingface-exporter/huggingface_exporter/internal/server"
)

// serveCommand serves metrics and API until it is stopped.
func serveCommand(app *kingpin.Application) command {
	cmd := app.Command("serve", "Serve metrics and the API, collect organizations, and import files. The default command.")
	storage := storageFlag(cmd)
	configFile := cmd.Flag("config.file", "Configuration file. Default: none, which is the same as an empty file.").
		PlaceHolder("FILE").String()
	autoReload := cmd.Flag("config.auto-reload", "Reload the configuration file when its content changes, as when a ConfigMap is updated.").Bool()
	autoReloadInterval := cmd.Flag("config.auto-reload-interval", "How often to check whether the configuration file has changed. Only used with --config.auto-reload.").
		Default("30s").Duration()
	shard := addShardFlags(cmd)
	webFlags := addWebFlags(cmd)
	override := addLimitFlags(cmd)
	pprof := cmd.Flag("web.enable-pprof", "Serve profiles of the process at /debug/pprof/. --web.config.file can require authentication.").Bool()
	return command{cmd.FullCommand(), func(ctx context.Context, p *program) error {
		p.log.Info("Starting "+progName, "version", version.Info(), "build_context", version.BuildContext())
		if err := shard.Check(); err != nil {
			return fmt.Errorf("--%w", err)
		}
		routePrefix, err := webFlags.prefix()
		if err != nil {
			return err
		}
		var reloadEvery time.Duration
		if *autoReload {
			if reloadEvery = max(*autoReloadInterval, time.Second); *configFile == "" {
				return errors.New("--config.auto-reload: expected --config.file with it, got none")
			}
		}
		options := server.Options{
			ConfigFile: *configFile, AutoReload: reloadEvery,
			Load: func() (*config.Config, error) {
				c, err := loadConfig(*configFile)
				if err == nil {
					err = override(c)
				}
				return c, err
			},
			Engine: p.engine(config.Storage{}, *storage, false),
			Shard:  *shard, Pprof: *pprof, Log: p.log,
			RoutePrefix: routePrefix, WebConfigFile: *webFlags.WebConfigFile,
		}
		// A file of the configuration that hangs is no reason not to stop.
		s, err := parallel.Await(ctx, func() (*server.Server, error) { return server.New(options) })
		if err != nil {
			return err
		}
		err = s.Run(ctx, func(h *http.Server) error { return webFlags.listenAndServe(h, p.log) })
		if err == nil {
			p.log.Info("Stopped")
		}
		return err
	}}
}
