package hub

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

// Timeouts bound each step of a request. There is none for the whole: an export
// takes as long as it keeps coming. A field that is 0 has its default.
type Timeouts struct {
	// Connect bounds the connection, TLS the handshake on it. Default 10s each.
	Connect, TLS time.Duration
	// Headers runs from the request to the head of the answer. The Hub makes an
	// export while one waits. Default 1m.
	Headers time.Duration
	// Idle is how long a body may stand still. Default 1m.
	Idle time.Duration
}

func (t Timeouts) withDefaults() Timeouts {
	t.Connect, t.TLS = cmp.Or(t.Connect, 10*time.Second), cmp.Or(t.TLS, 10*time.Second)
	t.Headers, t.Idle = cmp.Or(t.Headers, time.Minute), cmp.Or(t.Idle, time.Minute)
	return t
}

// NewTransport returns a transport with the timeouts for connection, handshake
// and headers. Clients may share it. Proxies are those of the environment.
func NewTransport(t Timeouts) *http.Transport {
	t = t.withDefaults()
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: t.Connect, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    t.TLS,
		ResponseHeaderTimeout:  t.Headers,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConns:           100,
		MaxIdleConnsPerHost:    8,
		MaxResponseHeaderBytes: 1 << 20,
		DisableCompression:     true, // body decompresses gzip itself, to distinguish its faults
	}
}

// authTransport adds the token to requests to the endpoint and to no other, and sends
// those, and no other, by a transport that may add further credentials. It is the only
// place where a token gets into a request, so that no copying of headers along a redirect
// can take it elsewhere.
type authTransport struct {
	endpoint           Endpoint
	toEndpoint, others http.RoundTripper
}

type tokenKey struct{}

// RoundTrip sends the request, with the token of its context where that may go.
func (t authTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if !t.stayed(req) {
		return t.others.RoundTrip(req)
	}
	if token, _ := req.Context().Value(tokenKey{}).(Token); !token.IsZero() {
		req = req.Clone(req.Context())
		req.Header.Set("Authorization", "Bearer "+token.reveal())
	}
	return t.toEndpoint.RoundTrip(req)
}

// CloseIdleConnections closes those of the transports below, for http.Client.
func (t authTransport) CloseIdleConnections() {
	for _, next := range []http.RoundTripper{t.toEndpoint, t.others} {
		if c, ok := next.(interface{ CloseIdleConnections() }); ok {
			c.CloseIdleConnections()
		}
	}
}

// stayed reports whether the request and every one that it was redirected from
// went to the endpoint: what another host made up is not asked with the token.
func (t authTransport) stayed(req *http.Request) bool {
	for req != nil {
		if !t.endpoint.isOrigin(req.URL) {
			return false
		}
		if req.Response == nil {
			break
		}
		req = req.Response.Request
	}
	return true
}

// maxRedirects is how many redirects are followed.
const maxRedirects = 10

// redirectError is a redirect that is not followed.
type redirectError struct {
	kind Kind
	text string
}

func (e *redirectError) Error() string { return e.text }

// checkRedirect follows redirects, also to other hosts (the Hub keeps files at
// its stores), but neither to a login page, nor for ever, nor out of TLS.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if isLogin(via[0].URL, req.URL) {
		return &redirectError{KindAuth, "expected a response, was redirected to the login page " + httpx.ShowURL(req.URL)}
	}
	if len(via) >= maxRedirects {
		return &redirectError{KindMalformed, fmt.Sprintf("expected a response after at most %d redirects, got another one to %s",
			maxRedirects, httpx.ShowURL(req.URL))}
	}
	if via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return &redirectError{KindMalformed, fmt.Sprintf("expected a redirect to an https URL, got one to %s", httpx.ShowURL(req.URL))}
	}
	return nil
}

// isLogin reports whether a redirect led to a page where people log in.
func isLogin(from, to *url.URL) bool {
	if from.Path == to.Path {
		return false
	}
	return slices.ContainsFunc(strings.Split(to.Path, "/"), func(segment string) bool {
		switch strings.ToLower(segment) {
		case "login", "signin", "sso":
			return true
		}
		return false
	})
}

// kindOfFailure distinguishes a timeout from another failure of a connection, and
// reports whether a repetition is of no use.
func kindOfFailure(err error) (k Kind, final bool) {
	var redirect *redirectError
	var certificate *tls.CertificateVerificationError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &redirect):
		return redirect.kind, true
	case errors.As(err, &certificate):
		return KindNetwork, true
	case errors.As(err, &timeout) && timeout.Timeout():
		return KindTimeout, false
	}
	return KindNetwork, false
}
