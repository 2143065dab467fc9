package pushclient

import (
	"net/url"

	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

// ParseURL reads the URL of a receiver: http or https, without user, password
// and fragment. One without a path gets the given route, which begins with a
// slash. Errors show no password.
func ParseURL(s, route string) (*url.URL, error) {
	u, err := httpx.ParseURL(s, "http://localhost:8428")
	if err == nil && (u.Path == "" || u.Path == "/") {
		u.Path = route
	}
	return u, err
}
