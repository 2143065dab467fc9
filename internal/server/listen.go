package server

import (
	"bytes"
	"net"
	"strings"
)

// listener gives the answers of net/http's own the headers of every answer: those to heads
// that are too long or no HTTP, of which no handler hears. Below TLS they go unseen.
type listener struct{ *net.TCPListener }

// Listen listens on the addresses, as net.Listen does.
func Listen(addresses []string) (listeners []net.Listener, err error) {
	for _, address := range addresses {
		l, err := net.Listen("tcp", address)
		if err != nil {
			for _, l := range listeners {
				l.Close()
			}
			return nil, err
		}
		listeners = append(listeners, listener{l.(*net.TCPListener)})
	}
	return listeners, nil
}

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	return conn{c}, nil
}

type conn struct{ *net.TCPConn }

// NetConn returns the connection itself.
func (c conn) NetConn() net.Conn { return c.TCPConn }

// refusalHeaders are the headers of an answer of net/http's own, which is written at once.
var refusalHeaders = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

// Write implements net.Conn.
func (c conn) Write(b []byte) (int, error) {
	if !bytes.HasPrefix(b, []byte("HTTP/1.1 4")) && !bytes.HasPrefix(b, []byte("HTTP/1.1 5")) {
		return c.TCPConn.Write(b)
	}
	status, body, found := bytes.Cut(b, refusalHeaders)
	if !found || bytes.IndexByte(status, '\r') >= 0 {
		return c.TCPConn.Write(b) // of a handler
	}
	var text strings.Builder
	text.Write(status)
	for name, value := range securityHeaders {
		text.WriteString("\r\n" + name + ": " + value)
	}
	text.Write(refusalHeaders)
	text.Write(body)
	if _, err := c.TCPConn.Write([]byte(text.String())); err != nil {
		return 0, err
	}
	return len(b), nil
}
