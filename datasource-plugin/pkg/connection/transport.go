package connection

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"
	"github.com/grafana/grafana-plugin-sdk-go/build/buildinfo"

	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

// newTransport makes what sends the requests of a connection: Grafana's own, with
// its proxies, TLS settings, traces and metrics. Password and headers of the
// settings go to origin alone.
//
// There is no bound for a whole answer, which an export may take long to give;
// the caller bounds each wait for a piece of it.
func newTransport(s settings, origin *url.URL, around surroundings) (*transport, error) {
	made := new(transport)
	o := s.http
	timeouts := *o.Timeouts
	timeouts.Timeout = s.timeout // of the head of the answer
	o.Timeouts = &timeouts
	c := credentials{origin: origin, header: o.Header, basic: o.BasicAuth}
	o.Header, o.BasicAuth = nil, nil
	// The SDK's list, without its middlewares that add credentials to requests to
	// any host and the one by which Grafana's requests may add their own.
	o.Middlewares = []httpclient.Middleware{
		httpclient.TracingMiddleware(nil),
		httpclient.DataSourceMetricsMiddleware(),
		httpclient.NamedMiddlewareFunc("OriginCredentials", c.middleware),
		httpclient.ErrorSourceMiddleware(),
		httpclient.ResponseLimitMiddleware(0),
	}
	o.ConfigureTransport = func(_ httpclient.Options, t *http.Transport) {
		t.ForceAttemptHTTP2 = true
		t.DisableCompression = true // both clients undo gzip themselves
		t.MaxResponseHeaderBytes = 1 << 20
		t.ReadBufferSize = 64 << 10 // exports are long
		if around.dial != nil {
			t.DialContext, t.Proxy = around.dial, nil
		}
		made.below = t
	}
	var err error
	if made.RoundTripper, err = httpclient.GetTransport(o); err != nil {
		return nil, fmt.Errorf("HTTP settings: %w", err)
	}
	return made, nil
}

// transport sends requests through Grafana's middlewares.
type transport struct {
	http.RoundTripper
	below *http.Transport
}

// CloseIdleConnections closes those of the transport below the middlewares.
func (t *transport) CloseIdleConnections() { t.below.CloseIdleConnections() }

// credentials add the password and the headers of the settings to requests to the
// origin. The SDK's own way adds them wherever a redirect leads.
type credentials struct {
	origin *url.URL
	header http.Header
	basic  *httpclient.BasicAuthOptions
}

func (c credentials) middleware(_ httpclient.Options, next http.RoundTripper) http.RoundTripper {
	if len(c.header) == 0 && c.basic == nil {
		return next
	}
	return httpclient.RoundTripperFunc(func(req *http.Request) (*http.Response, error) {
		if !c.stayed(req) {
			return next.RoundTrip(req)
		}
		req = req.Clone(req.Context())
		for name, values := range c.header {
			switch {
			case strings.EqualFold(name, "Host"):
				req.Host = values[0]
			case strings.EqualFold(name, "Authorization") && req.Header.Get(name) != "":
				// The token of the settings is there already.
			default:
				req.Header[http.CanonicalHeaderKey(name)] = values
			}
		}
		if c.basic != nil && req.Header.Get("Authorization") == "" {
			req.SetBasicAuth(c.basic.User, c.basic.Password)
		}
		return next.RoundTrip(req)
	})
}

// stayed reports whether the request, and every one that it was redirected from,
// went to the origin: what another host made up is not asked with credentials.
func (c credentials) stayed(req *http.Request) bool {
	for req != nil {
		if !httpx.SameOrigin(req.URL, c.origin) {
			return false
		}
		if req.Response == nil {
			break
		}
		req = req.Response.Request
	}
	return true
}

// userAgent names the plugin in the form that the Hub's own clients use.
func userAgent() string {
	version := "unknown"
	if info, err := buildinfo.GetBuildInfo(); err == nil && info.Version != "" {
		version = info.Version
	}
	return "huggingface_exporter_datasource/" + version +
		"; go/" + strings.TrimPrefix(runtime.Version(), "go") +
		"; os/" + runtime.GOOS
}

// maxRedirects is how many redirects are followed.
const maxRedirects = 10

// redirectError is a redirect that is not followed.
type redirectError struct{ text string }

func (e *redirectError) Error() string { return e.text }

// stayOn returns a CheckRedirect that does not leave an origin: what an exporter
// answers is with the exporter, and a login page has no numbers.
func stayOn(origin *url.URL) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		if !httpx.SameOrigin(req.URL, origin) {
			return &redirectError{fmt.Sprintf("it redirects to %s://%s, and neither passwords nor queries are sent to another host", req.URL.Scheme, req.URL.Host)}
		}
		if len(via) >= maxRedirects {
			return &redirectError{fmt.Sprintf("it redirects in a loop, last to %s://%s%s", req.URL.Scheme, req.URL.Host, req.URL.EscapedPath())}
		}
		return nil
	}
}

// idleTransport ends an answer that stands still. One that keeps coming may take
// as long as it needs, and so may a reader between two reads.
type idleTransport struct {
	*transport
	most time.Duration
}

// errIdle ends a request whose answer stands still.
var errIdle error = idleError{}

// idleError is a net.Error.
type idleError struct{}

func (idleError) Error() string   { return "the response stalled" }
func (idleError) Timeout() bool   { return true }
func (idleError) Temporary() bool { return true }

// RoundTrip sends a request.
func (t idleTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	resp, err := t.transport.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel(nil)
		return resp, err
	}
	resp.Body = &idleBody{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, most: t.most}
	return resp, nil
}

// idleBody is a body that a timer watches while it is read.
type idleBody struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	most   time.Duration
	timer  *time.Timer
}

func (b *idleBody) Read(p []byte) (int, error) {
	if b.timer == nil {
		b.timer = time.AfterFunc(b.most, func() { b.cancel(errIdle) })
	} else {
		b.timer.Reset(b.most)
	}
	n, err := b.ReadCloser.Read(p)
	b.timer.Stop()
	if err != nil && !errors.Is(err, io.EOF) && context.Cause(b.ctx) == errIdle {
		err = errIdle
	}
	return n, err
}

// Close ends the request.
func (b *idleBody) Close() error {
	if b.timer != nil {
		b.timer.Stop()
	}
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}
