package fakehub

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"syscall"
)

// Network serves handlers under made-up addresses, in memory. Nothing in it
// waits for the operating system, so that under testing/synctest time goes on
// when all are waiting.
type Network struct {
	mu      sync.Mutex
	hosts   map[string]*listener
	servers []*http.Server
}

// NewNetwork returns a network without any host.
func NewNetwork() *Network { return &Network{hosts: map[string]*listener{}} }

// Serve has a handler answer at an address ("hub.test:80").
func (n *Network) Serve(address string, handler http.Handler) {
	l := &listener{address: address, conns: make(chan net.Conn), closed: make(chan struct{})}
	s := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts[address] = l
	n.servers = append(n.servers, s)
	go func() { _ = s.Serve(l) }()
}

// Remove has connections to an address refused, as nothing listens there.
// Connections that are open stay.
func (n *Network) Remove(address string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.hosts, address)
}

// DialContext connects to an address, for http.Transport.
func (n *Network) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	l := n.hosts[address]
	n.mu.Unlock()
	refused := &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("%s: %w", address, syscall.ECONNREFUSED)}
	if l == nil {
		return nil, refused
	}
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, refused
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Close ends all servers and their connections.
func (n *Network) Close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.servers {
		_ = s.Close()
	}
	clear(n.hosts)
	n.servers = nil
}

// listener is a net.Listener whose connections come from DialContext.
type listener struct {
	address string
	conns   chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *listener) Addr() net.Addr { return address(l.address) }

type address string

func (a address) Network() string { return "memory" }
func (a address) String() string  { return string(a) }
