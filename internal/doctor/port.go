package doctor

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/internal/health"
)

// checkPorts tries to listen where serve is to.
func (e *examination) checkPorts(ctx context.Context) {
	for _, address := range e.Addresses {
		if strings.HasPrefix(address, "vsock://") {
			continue
		}
		network, at := "tcp", address
		if path, ok := strings.CutPrefix(address, health.UnixPrefix); ok {
			network, at = "unix", path
		}
		l, err := new(net.ListenConfig).Listen(ctx, network, at)
		switch {
		case err == nil:
			l.Close()
			e.ok("%s is free", address)
		case errors.Is(err, syscall.EADDRINUSE) && e.isServing(ctx, address):
			e.ok("%s: huggingface_exporter is listening", address)
		case errors.Is(err, syscall.EADDRINUSE) && network == "unix" && nobodyListens(at):
			e.ok("%s is a leftover of a killed process; serve replaces it", address)
		case errors.Is(err, syscall.EADDRINUSE):
			e.fail("stop the program that listens there (see ss -ltnp), or use another --web.listen-address", "%s is in use by another program, or by serve with another --web.config.file", address)
		case errors.Is(err, fs.ErrPermission):
			e.fail("use a port of at least 1024 in --web.listen-address, or give the service CAP_NET_BIND_SERVICE", "%v", err)
		default:
			e.fail("use host:port with a host of this machine, or :port", "%v", err)
		}
	}
}

// isServing reports whether an exporter of ours answers at an address.
func (e *examination) isServing(ctx context.Context, address string) bool {
	text, err := health.Check(ctx, health.Options{
		Address: address, RoutePrefix: e.RoutePrefix, WebConfigFile: e.WebConfigFile, Route: health.HealthyRoute, Timeout: 5 * time.Second,
	})
	return err == nil && strings.HasPrefix(text, "huggingface_exporter is running")
}

// nobodyListens reports whether a Unix socket is one that nobody listens on any more.
func nobodyListens(path string) bool {
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		c.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}
