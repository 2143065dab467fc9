package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"github.com/huggingface-exporter/huggingface_exporter/internal/health"
	"github.com/huggingface-exporter/huggingface_exporter/internal/server"
)

// defaultAddress has a port above those that Prometheus's list of default port
// allocations has given to exporters, and beside those of Zabbix.
const defaultAddress = ":10061"

// pathFlags say below which paths the routes are, as the flags of Prometheus.
type pathFlags struct{ externalURL, routePrefix *string }

func addPathFlags(cmd *kingpin.CmdClause) pathFlags {
	return pathFlags{
		externalURL: cmd.Flag("web.external-url", "The URL under which the exporter is externally reachable, for example behind a reverse proxy. "+
			"Links on its pages start with the path of this URL, and so do all HTTP endpoints unless --web.route-prefix says otherwise.").
			PlaceHolder("URL").String(),
		routePrefix: cmd.Flag("web.route-prefix", "Prefix for the internal routes of web endpoints. Default: the path of --web.external-url.").
			PlaceHolder("PATH").String(),
	}
}

// prefix returns what stands before the routes, "" for nothing: by default the path of the
// external URL. Links need none, since they are relative.
func (f pathFlags) prefix() (string, error) {
	path := *f.routePrefix
	if *f.externalURL != "" {
		u, err := url.Parse(*f.externalURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
			return "", errors.New("--web.external-url: expected a URL like https://example.com/huggingface, without user and password")
		}
		if path == "" {
			path = u.EscapedPath()
		}
	}
	path = strings.TrimRight("/"+strings.Trim(path, "/"), "/")
	if strings.ContainsAny(path, "{}?#%") {
		return "", fmt.Errorf("--web.route-prefix: expected a path like /huggingface, got %q", path)
	}
	return path, nil
}

// webFlags say where and how requests are served.
type webFlags struct {
	*web.FlagConfig
	pathFlags
}

func addWebFlags(cmd *kingpin.CmdClause) webFlags {
	f := webFlags{kingpinflag.AddFlags(cmd, defaultAddress), addPathFlags(cmd)}
	cmd.GetFlag("web.listen-address").Help("Address on which to expose metrics and web interface. Repeatable for multiple addresses. " +
		"Examples: :10061 or [::1]:10061 for http, unix:///run/exporter.sock for a Unix socket, vsock://:10061 for vsock.")
	return f
}

// listenAndServe serves until the server is shut down.
func (f webFlags) listenAndServe(h *http.Server, log *slog.Logger) error {
	addresses := *f.WebListenAddresses
	hasPrefix := func(prefix string) bool {
		return slices.ContainsFunc(addresses, func(address string) bool { return strings.HasPrefix(address, prefix) })
	}
	if f.WebSystemdSocket != nil && *f.WebSystemdSocket {
		return web.ListenAndServe(h, f.FlagConfig, log)
	}
	if hasPrefix("vsock://") {
		if hasPrefix(health.UnixPrefix) {
			return fmt.Errorf("--web.listen-address: expected vsock:// or unix:// addresses, got both: %q", addresses)
		}
		return web.ListenAndServe(h, f.FlagConfig, log)
	}
	listeners, err := server.Listen(addresses)
	if err != nil {
		return err
	}
	return web.ServeMultiple(listeners, h, f.FlagConfig, log)
}

// healthcheckCommand asks a running exporter how it is.
func healthcheckCommand(app *kingpin.Application) command {
	cmd := app.Command("healthcheck", "Check the health of the serve process on this machine, for container health checks.")
	cmd.HelpLong("Run it with the same --web flags as serve. With --web.config.file, it uses TLS if serve does, and needs no password, " +
		"because it can read the file.\n" +
		"Exits with 0 if serve is healthy, otherwise with 1.")
	address := cmd.Flag("web.listen-address", "An address that serve listens on.").Default(defaultAddress).String()
	webConfig := cmd.Flag("web.config.file", "The file with TLS and authentication settings of serve. Default: none.").PlaceHolder("FILE").String()
	paths := addPathFlags(cmd)
	o := health.Options{Route: health.HealthyRoute}
	cmd.Flag("http.config.file", "File with HTTP client settings in the format of Prometheus, if serve requires client certificates. Default: none.").
		PlaceHolder("FILE").StringVar(&o.HTTPConfigFile)
	cmd.Flag("timeout", "Timeout of the request.").Default("5s").DurationVar(&o.Timeout)
	ready := cmd.Flag("ready", "Check whether serve is ready, which it is once the stored history is loaded.").Bool()
	return command{cmd.FullCommand(), func(ctx context.Context, p *program) error {
		prefix, err := paths.prefix()
		if err != nil {
			return err
		}
		if o.Timeout <= 0 {
			return fmt.Errorf("--timeout: expected a duration like 5s, got %s", o.Timeout.Round(time.Millisecond))
		}
		o.Address, o.RoutePrefix, o.WebConfigFile = *address, prefix, *webConfig
		if *ready {
			o.Route = health.ReadyRoute
		}
		text, err := health.Check(ctx, o)
		if err == nil {
			_, err = fmt.Fprintln(p.stdout, text)
		}
		return err
	}}
}
