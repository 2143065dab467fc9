package hub

import (
	"net/url"
	"strings"
)

// recognised is how much of a token's start is enough to take a text for it, so
// that one that was cut off is found as well.
const recognised = 8

// redact returns s with every occurrence of the token, whole or cut off at its
// end, plain or as a URL escapes it, replaced.
func (t Token) redact(s string) string {
	if t.IsZero() {
		return s
	}
	s = redactOne(s, t.reveal())
	if e := url.QueryEscape(t.reveal()); e != t.reveal() {
		s = redactOne(s, e)
	}
	return s
}

func redactOne(s, secret string) string {
	start := secret[:min(len(secret), recognised)]
	var b strings.Builder
	for {
		i := strings.Index(s, start)
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		b.WriteString("<token>")
		n := len(start)
		for n < len(secret) && i+n < len(s) && s[i+n] == secret[n] {
			n++
		}
		s = s[i+n:]
	}
	if b.Len() == 0 {
		return s
	}
	b.WriteString(s)
	return b.String()
}

// shownURL returns a URL as errors may show it: no user, no query (where a
// presigned URL has its signature), no fragment.
func shownURL(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return shown.String()
}
