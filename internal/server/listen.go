package server

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/internal/health"
)

// socketMode lets the user of the exporter and its group connect, such as that of a
// reverse proxy.
const socketMode = 0o660

// listener gives the answers of net/http's own the headers of every answer: those to heads
// that are too long or no HTTP, of which no handler hears. Below TLS they go unseen.
type listener struct{ net.Listener }

// Listen listens on the addresses: host:port, or unix:// and the path of a socket.
func Listen(addresses []string) (listeners []net.Listener, err error) {
	for _, address := range addresses {
		listen := func() (net.Listener, error) { return net.Listen("tcp", address) }
		if path, ok := strings.CutPrefix(address, health.UnixPrefix); ok {
			listen = func() (net.Listener, error) { return listenUnix(path) }
		}
		l, err := listen()
		if err != nil {
			for _, l := range listeners {
				l.Close()
			}
			return nil, err
		}
		listeners = append(listeners, listener{l})
	}
	return listeners, nil
}

// listenUnix listens on a socket, and first removes one that a process has left that was
// killed.
func listenUnix(path string) (net.Listener, error) {
	l, err := net.Listen("unix", path)
	if errors.Is(err, syscall.EADDRINUSE) {
		info, statErr := os.Lstat(path)
		if statErr != nil || info.Mode().Type() != fs.ModeSocket {
			return nil, fmt.Errorf("%s: expected no file or a socket, got another file: %w", path, err)
		}
		c, dialErr := net.DialTimeout("unix", path, time.Second)
		if dialErr == nil {
			c.Close()
			return nil, err // somebody listens
		}
		if !errors.Is(dialErr, syscall.ECONNREFUSED) {
			return nil, err
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
		l, err = net.Listen("unix", path)
	}
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, socketMode); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		limitUnsent(tcp)
	}
	return conn{c.(halfCloser)}, nil
}

// halfCloser is a connection over TCP or a Unix socket. net/http closes one half first, so
// that a client gets the answer to a request that was not read to its end.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

type conn struct{ halfCloser }

// NetConn returns the connection itself.
func (c conn) NetConn() net.Conn { return c.halfCloser }

// refusalHeaders are the headers of an answer of net/http's own, which is written at once.
var refusalHeaders = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

// Write implements net.Conn.
func (c conn) Write(b []byte) (int, error) {
	if !bytes.HasPrefix(b, []byte("HTTP/1.1 4")) && !bytes.HasPrefix(b, []byte("HTTP/1.1 5")) {
		return c.halfCloser.Write(b)
	}
	status, body, found := bytes.Cut(b, refusalHeaders)
	if !found || bytes.IndexByte(status, '\r') >= 0 {
		return c.halfCloser.Write(b) // of a handler
	}
	var text strings.Builder
	text.Write(status)
	for name, value := range securityHeaders {
		text.WriteString("\r\n" + name + ": " + value)
	}
	text.Write(refusalHeaders)
	text.Write(body)
	if _, err := c.halfCloser.Write([]byte(text.String())); err != nil {
		return 0, err
	}
	return len(b), nil
}
