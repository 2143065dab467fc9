package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// ports looks at whether serve could listen.
func (d *doctor) ports(ctx context.Context, addresses []string) {
	for _, address := range addresses {
		if strings.HasPrefix(address, "vsock://") {
			continue
		}
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		switch {
		case err == nil:
			l.Close()
			d.ok("port", "%s is free", address)
		case errors.Is(err, syscall.EADDRINUSE) && servesThere(ctx, address):
			d.ok("port", "%s: a %s serves there", address, progName)
		case errors.Is(err, syscall.EADDRINUSE):
			d.add(bad, "port", "stop what listens there (ss -ltnp shows it), or choose another with --web.listen-address", "%s is taken, by another program or by a serve behind a password or TLS", address)
		case errors.Is(err, fs.ErrPermission):
			d.add(bad, "port", "choose a port from 1024 with --web.listen-address, or give the service CAP_NET_BIND_SERVICE", "%v", err)
		default:
			d.add(bad, "port", "write it as host:port, with a host of this machine or none", "%v", err)
		}
	}
}

// servesThere reports whether an exporter of ours answers at an address.
func servesThere(ctx context.Context, address string) bool {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/-/healthy", nil)
	if err != nil {
		return false
	}
	transport := &http.Transport{} // without proxies
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	return resp.StatusCode == http.StatusOK && strings.HasPrefix(string(body), progName+" is running")
}
