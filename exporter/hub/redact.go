package hub

import (
	"net/url"

	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

// redact returns s without the token, whole or cut off at its end.
func (t Token) redact(s string) string {
	return httpx.Redact(s, "<token>", 8, t.reveal())
}

// shownURL returns a URL as errors may show it: no user, no query (where a
// presigned URL has its signature), no fragment.
func shownURL(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return shown.String()
}
