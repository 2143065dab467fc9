package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// fault is what is wrong with a request, with the status that says so.
type fault struct {
	wire.Fault
	status int
}

func faultf(status int, format string, args ...any) *fault {
	return &fault{wire.Fault{Message: fmt.Sprintf(format, args...)}, status}
}

// fail answers a request with err. What a store says stays in the log: it may
// name hosts and files that are nobody's business.
func (a *handlers) fail(w http.ResponseWriter, r *http.Request, err error) {
	path, query := r.URL.Path, textenc.Cut(r.URL.RawQuery)
	var f *fault
	var bad *wire.Fault
	switch late := timedOut(r.Context()); {
	case late != nil:
		a.Logger.Warn("Query timed out", "path", path, "query", query, "after", late.after)
		f = faultf(http.StatusServiceUnavailable, "%s (query.timeout): request fewer days or repositories", late)
	case errors.As(err, &f):
	case errors.As(err, &bad):
		f = &fault{*bad, http.StatusBadRequest}
	case r.Context().Err() != nil:
		// The client has gone, or the server ends. Nothing may look like an answer.
		panic(http.ErrAbortHandler)
	default:
		a.Logger.Error("The storage failed", "path", path, "query", query, "err", err)
		f = faultf(http.StatusInternalServerError, "the storage failed; see the log of the exporter")
		if errors.Is(err, context.DeadlineExceeded) {
			f = faultf(http.StatusGatewayTimeout, "the storage did not respond in time")
		}
	}
	h := w.Header()
	h.Del("Content-Disposition")
	h.Del("ETag")
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Type", wire.JSONType)
	w.WriteHeader(f.status)
	wire.WriteJSON(w, f.Fault) //nolint:errcheck // the client has gone
}

// heldBack is how much of an answer is gathered before it is sent. An answer that
// fails within it is an error, like that to any other request.
const heldBack = 64 << 10

// stream sends the answer that write makes. What fails after its beginning was sent
// breaks the connection.
func (a *handlers) stream(w http.ResponseWriter, r *http.Request, write body) error {
	out := &guardedWriter{w: w, ctx: r.Context(), control: http.NewResponseController(w), timeout: a.StallTimeout}
	buf := bufio.NewWriterSize(out, heldBack)
	err := write(buf)
	if err == nil {
		err = buf.Flush()
	}
	switch {
	case err == nil:
		return nil
	case !out.started && (out.err == nil && r.Context().Err() == nil || timedOut(r.Context()) != nil):
		return err
	case errors.Is(out.err, os.ErrDeadlineExceeded):
		a.Logger.Warn("An answer was dropped, as its client took it too slowly", "path", r.URL.Path, "bytes", out.sent)
	case out.err != nil || r.Context().Err() != nil:
		a.Logger.Debug("The client disconnected before the end of the response", "path", r.URL.Path, "bytes", out.sent)
	default:
		a.Logger.Error("A response was aborted", "path", r.URL.Path, "query", textenc.Cut(r.URL.RawQuery), "bytes", out.sent, "err", err)
	}
	panic(http.ErrAbortHandler)
}

// guardedWriter gives each write a time by which it must be done, and refuses the
// first one if the query took too long.
type guardedWriter struct {
	w       http.ResponseWriter
	ctx     context.Context
	control *http.ResponseController
	timeout time.Duration
	started bool
	sent    int64
	err     error // of a write
}

func (g *guardedWriter) Write(b []byte) (int, error) {
	if !g.started {
		if err := endTimeout(g.ctx); err != nil {
			return 0, err
		}
		g.started = true
	}
	// Where deadlines are not supported there are none.
	g.control.SetWriteDeadline(time.Now().Add(g.timeout)) //nolint:errcheck
	n, err := g.w.Write(b)
	// HTTP/2 would end the stream at the deadline even with nothing to write.
	g.control.SetWriteDeadline(time.Time{}) //nolint:errcheck
	g.sent += int64(n)
	if err != nil {
		g.err = err
	}
	return n, err
}

// timeoutError is the cause that ends the context of a query that took too long.
type timeoutError struct{ after time.Duration }

func (e *timeoutError) Error() string { return fmt.Sprintf("the query took longer than %s", e.after) }

// timedOut returns the error of a query that took too long, nil for another one.
func timedOut(ctx context.Context) *timeoutError {
	e, _ := errors.AsType[*timeoutError](context.Cause(ctx))
	return e
}

type timerKey struct{}

// withTimeout gives a request the time that queries have. The function that it
// returns ends the request.
func (a *handlers) withTimeout(r *http.Request) (*http.Request, func()) {
	after := a.Limits().Timeout
	if after <= 0 {
		return r, func() {}
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	timer := time.AfterFunc(after, func() { cancel(&timeoutError{after}) })
	return r.WithContext(context.WithValue(ctx, timerKey{}, timer)), func() {
		timer.Stop()
		cancel(nil)
	}
}

// endTimeout stops the timeout as an answer begins: from then on it takes the time
// that its client takes. It returns an error if that is too late.
func endTimeout(ctx context.Context) error {
	if timer, ok := ctx.Value(timerKey{}).(*time.Timer); ok {
		timer.Stop()
	}
	if e := timedOut(ctx); e != nil {
		return e
	}
	return nil
}

// gzipped packs text by gzip. Short answers stay as they are, and so do Parquet
// files, whose pages are compressed already.
var gzipped = func() func(http.Handler) http.HandlerFunc {
	wrap, err := gzhttp.NewWrapper(
		// Of text like ours the default level leaves one part in twenty less,
		// and takes half as long again.
		gzhttp.CompressionLevel(gzip.BestSpeed),
		gzhttp.EnableZstd(false),
		gzhttp.SuffixETag(httpx.GzipTagSuffix),
		gzhttp.ContentTypeFilter(func(contentType string) bool {
			return strings.HasPrefix(contentType, "text/") || strings.Contains(contentType, "json") || strings.Contains(contentType, "svg")
		}),
	)
	if err != nil {
		panic(err) // the options above are wrong
	}
	return wrap
}()

// Compress answers with gzip those who prefer it.
func Compress(next http.Handler) http.Handler {
	packing := gzipped(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !httpx.PrefersGzip(r.Header) {
			w.Header().Add("Vary", "Accept-Encoding")
			next.ServeHTTP(w, r)
			return
		}
		r = r.Clone(r.Context())
		r.Header.Set("Accept-Encoding", "gzip") // what was negotiated
		packing(w, r)
	})
}

// resetOnAbort makes a handler that ends with http.ErrAbortHandler look broken
// to clients of HTTP/1.0 too, which some proxies are. For later versions net/http
// sees to that. For HTTP/1.0 the end of the connection is the end of the answer,
// so the connection is reset.
func resetOnAbort(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !r.ProtoAtLeast(1, 1) {
			defer func() {
				if p := recover(); p != nil {
					if p == http.ErrAbortHandler {
						reset(w)
					}
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
		_ = tcp.SetLinger(0) // without it there is only the close
	}
	conn.Close()
}
