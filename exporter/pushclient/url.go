package pushclient

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// ParseURL reads the URL of a receiver: http or https, without user, password
// and fragment. One without a path gets the given route, which begins with a
// slash. Errors show no password.
func ParseURL(s, route string) (*url.URL, error) {
	u, err := url.Parse(s)
	if strings.Contains(s, "@") && (err != nil || u.User != nil) {
		return nil, errors.New("expected a URL without user and password, got one with an @ in it" +
			" (not shown here): credentials have settings of their own")
	}
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Opaque != "" {
		return nil, fmt.Errorf("expected a URL like http://localhost:8428, got %q", s)
	}
	if u.Fragment != "" {
		return nil, fmt.Errorf("expected a URL without a fragment, got %q", s)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = route
	}
	return u, nil
}

// shown returns a URL as messages may show it: without user, query and fragment.
func shown(u *url.URL) string {
	s := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return s.String()
}
