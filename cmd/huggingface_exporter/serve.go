package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/internal/parallel"
	"github.com/huggingface-exporter/huggingface_exporter/internal/server"
)

// defaultAddress has a port above those that Prometheus's list of default port
// allocations has given to exporters, and beside those of Zabbix.
const defaultAddress = ":10061"

// serveCommand serves metrics and API until it is stopped.
func serveCommand(app *kingpin.Application) command {
	cmd := app.Command("serve", "Serve metrics and the API, import files as they change. This is what runs if no command is named.")
	storage := storageFlag(cmd)
	configFile := cmd.Flag("config.file", "Configuration file. Default: none, which is the same as an empty one.").
		PlaceHolder("FILE").String()
	shard := addShardFlags(cmd)
	webFlags := kingpinflag.AddFlags(cmd, defaultAddress)
	override := addLimitFlags(cmd)
	pprof := cmd.Flag("web.enable-pprof", "Serve profiles of the process below /debug/pprof/, to whom --web.config.file lets in.").Bool()
	return command{cmd.FullCommand(), func(ctx context.Context, p *program) error {
		p.log.Info("Starting "+progName, "version", version.Info(), "build_context", version.BuildContext())
		if err := shard.Check(); err != nil {
			return fmt.Errorf("--%w", err)
		}
		options := server.Options{
			Load: func() (*config.Config, error) {
				c, err := loadConfig(*configFile)
				if err == nil {
					err = override(c)
				}
				return c, err
			},
			Engine: p.engine(config.Storage{}, *storage, false),
			Shard:  *shard, Pprof: *pprof, Log: p.log,
		}
		// A file of the configuration that hangs is no reason not to stop.
		s, err := parallel.Await(ctx, func() (*server.Server, error) { return server.New(options) })
		if err != nil {
			return err
		}
		err = s.Run(ctx, func(h *http.Server) error { return listenAndServe(h, webFlags, p.log) })
		if err == nil {
			p.log.Info("Stopped")
		}
		return err
	}}
}

// listenAndServe serves until the server is shut down.
func listenAndServe(h *http.Server, flags *web.FlagConfig, log *slog.Logger) error {
	addresses := *flags.WebListenAddresses
	isVsock := func(address string) bool { return strings.HasPrefix(address, "vsock://") }
	if flags.WebSystemdSocket != nil && *flags.WebSystemdSocket || len(addresses) == 0 || slices.ContainsFunc(addresses, isVsock) {
		return web.ListenAndServe(h, flags, log)
	}
	listeners, err := server.Listen(addresses)
	if err != nil {
		return err
	}
	return web.ServeMultiple(listeners, h, flags, log)
}
