package api

import (
	"net"
	"net/http"
)

// resetOnAbort makes a handler that ends with http.ErrAbortHandler look broken
// to clients of HTTP/1.0 too, which some proxies are. For later versions net/http
// sees to that. For HTTP/1.0 the end of the connection is the end of the answer,
// so the connection is reset.
func resetOnAbort(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !r.ProtoAtLeast(1, 1) {
			defer func() {
				switch p := recover(); p {
				case nil:
				case http.ErrAbortHandler:
					reset(w)
					panic(p)
				default:
					panic(p)
				}
			}()
		}
		next.ServeHTTP(w, r)
	})
}

// reset closes the connection of w in a way that the other side sees as an error.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	// Below TLS, which would close in good order.
	for {
		c, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		conn = c.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // without it there is but the close
	}
	conn.Close()
}
