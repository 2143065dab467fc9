package httpx

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// ParseURL reads the URL of a server: http or https, without user, password and
// fragment. One without a path gets the given route, which may be "". example is such a
// URL, for errors, which show no password.
func ParseURL(s, example, route string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case strings.Contains(s, "@") && (err != nil || u.User != nil):
		return nil, errors.New("expected a URL without user and password, got one with an @ in it" +
			" (not shown here): set credentials in their own fields")
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Opaque != "":
		return nil, fmt.Errorf("expected a URL like %s, got %q", example, s)
	case u.Fragment != "":
		return nil, fmt.Errorf("expected a URL without a fragment, got %q", s)
	case u.Path == "" || u.Path == "/":
		u.Path = route
	}
	return u, nil
}

// ShowURL returns a URL as messages may show it: without user, query (where a presigned
// URL has its signature) and fragment.
func ShowURL(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// IsThisMachine reports whether what is sent to a host does not leave the machine.
func IsThisMachine(host string) bool {
	return strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback()
}

// SameOrigin reports whether two URLs have one scheme, host and port: a secret may go
// from one to the other, and nowhere else.
func SameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

// port returns the port of u, that of its scheme if it names none.
func port(u *url.URL) string {
	return cmp.Or(u.Port(), map[string]string{"https": "443", "http": "80"}[u.Scheme])
}
