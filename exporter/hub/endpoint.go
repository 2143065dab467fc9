package hub

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

// DefaultEndpoint is the Hub itself.
const DefaultEndpoint = "https://huggingface.co"

// Endpoint is where the Hub's API is: scheme, host and perhaps a path before
// every route. The zero value is DefaultEndpoint.
type Endpoint struct {
	url *url.URL // nil for the default
}

var defaultEndpoint = &url.URL{Scheme: "https", Host: "huggingface.co"}

// ParseEndpoint reads an endpoint like "https://huggingface.co"; slashes at its
// end are cut off, and "" is the default. A user, a query or a fragment in it is
// an error, which quotes no password.
func ParseEndpoint(s string) (Endpoint, error) {
	s = strings.TrimRight(strings.TrimSpace(s), "/")
	if s == "" {
		return Endpoint{}, nil
	}
	u, err := httpx.ParseURL(s, DefaultEndpoint, "")
	if err != nil {
		return Endpoint{}, err
	}
	if u.RawQuery != "" || u.ForceQuery {
		return Endpoint{}, fmt.Errorf("expected a URL without a query, got %q", s)
	}
	u.Host = strings.ToLower(u.Host)
	return Endpoint{url: u}, nil
}

// ResolveEndpoint returns the configured endpoint, or that in the environment
// variable HF_ENDPOINT, or the default. getenv is os.Getenv, or a test's own.
func ResolveEndpoint(configured string, getenv func(string) string) (Endpoint, error) {
	if strings.TrimSpace(configured) != "" {
		return ParseEndpoint(configured)
	}
	e, err := ParseEndpoint(getenv("HF_ENDPOINT"))
	if err != nil {
		return Endpoint{}, fmt.Errorf("HF_ENDPOINT: %w", err)
	}
	return e, nil
}

// String returns the endpoint as a URL without a slash at its end.
func (e Endpoint) String() string { return e.base().String() }

// IsExposed reports whether what is sent to the endpoint can be read on the way: it goes to
// another machine without TLS.
func (e Endpoint) IsExposed() bool {
	return e.base().Scheme != "https" && !httpx.IsThisMachine(e.base().Hostname())
}

func (e Endpoint) base() *url.URL {
	if e.url == nil {
		return defaultEndpoint
	}
	return e.url
}

// route returns the URL of a route, whose path segments are given unescaped.
func (e Endpoint) route(segments ...string) *url.URL {
	u := *e.base()
	for _, s := range segments {
		u.RawPath = u.EscapedPath() + "/" + url.PathEscape(s)
		u.Path += "/" + s
	}
	return &u
}

// isOrigin reports whether u has the scheme, host and port of the endpoint. A
// token may go there and nowhere else.
func (e Endpoint) isOrigin(u *url.URL) bool {
	return httpx.SameOrigin(u, e.base())
}
