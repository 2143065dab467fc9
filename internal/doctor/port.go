package doctor

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

// checkPorts tries to listen where serve is to.
func (e *examination) checkPorts(ctx context.Context) {
	for _, address := range e.Addresses {
		if strings.HasPrefix(address, "vsock://") {
			continue
		}
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		switch {
		case err == nil:
			l.Close()
			e.ok("%s is free", address)
		case errors.Is(err, syscall.EADDRINUSE) && isServing(address):
			e.ok("%s: a huggingface_exporter serves there", address)
		case errors.Is(err, syscall.EADDRINUSE):
			e.fail("stop what listens there (ss -ltnp shows it), or choose another with --web.listen-address", "%s is taken, by another program or by a serve behind a password or TLS", address)
		case errors.Is(err, fs.ErrPermission):
			e.fail("choose a port from 1024 with --web.listen-address, or give the service CAP_NET_BIND_SERVICE", "%v", err)
		default:
			e.fail("write it as host:port, with a host of this machine or none", "%v", err)
		}
	}
}

// isServing reports whether an exporter of ours answers at an address.
func isServing(address string) bool {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	transport := &http.Transport{} // without proxies
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 5 * time.Second}
	resp, err := client.Get("http://" + net.JoinHostPort(host, port) + "/-/healthy")
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	return resp.StatusCode == http.StatusOK && strings.HasPrefix(string(body), "huggingface_exporter is running")
}
