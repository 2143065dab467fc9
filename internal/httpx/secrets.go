package httpx

import (
	"encoding/base64"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
)

// Redact returns text with mark in place of each of the secrets, plain or as a URL
// escapes it. start is how many bytes of a secret's beginning are enough to take a text
// for it, so that one that was cut off is found as well; 0 finds whole ones only.
func Redact(text, mark string, start int, secrets ...string) string {
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		text = redactOne(text, mark, start, secret)
		if escaped := url.QueryEscape(secret); escaped != secret {
			text = redactOne(text, mark, start, escaped)
		}
	}
	return text
}

func redactOne(text, mark string, start int, secret string) string {
	if start == 0 {
		return strings.ReplaceAll(text, secret, mark)
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, secret[:min(len(secret), start)])
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString(mark)
		for n := start; n < len(secret) && rest != "" && rest[0] == secret[n]; n++ {
			rest = rest[1:]
		}
		text = rest
	}
}

// harmless are the fields of a request that a message may show.
var harmless = map[string]bool{
	"Host": true, "User-Agent": true, "Content-Length": true, "Content-Type": true, "Content-Encoding": true,
	"Accept": true, "Accept-Encoding": true, "Transfer-Encoding": true, "Connection": true,
	"If-None-Match": true, "If-Modified-Since": true, "Referer": true, "X-Prometheus-Remote-Write-Version": true,
}

// minSecret is how long a value has to be to be looked for: replacing shorter ones would
// make a riddle of every message.
const minSecret = 4

// SentSecrets are the values that went out with a request and must not be shown: an
// answer may repeat them. They are seen where the request is written, so whatever added
// them is covered. The zero value is ready for use.
type SentSecrets struct {
	mu     sync.Mutex
	values []string
}

// Trace returns a trace that notes the fields of a request as they are written.
func (s *SentSecrets) Trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{WroteHeaderField: func(key string, values []string) {
		key = http.CanonicalHeaderKey(key)
		if harmless[key] || strings.HasPrefix(key, ":") {
			return
		}
		for _, v := range values {
			s.add(key, v)
		}
	}}
}

func (s *SentSecrets) add(key, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	secrets := []string{value}
	if key == "Authorization" || key == "Proxy-Authorization" {
		scheme, credentials, _ := strings.Cut(value, " ")
		secrets = append(secrets, credentials)
		if strings.EqualFold(scheme, "Basic") {
			if plain, err := base64.StdEncoding.DecodeString(credentials); err == nil {
				_, password, _ := strings.Cut(string(plain), ":")
				secrets = append(secrets, password)
			}
		}
	}
	for _, v := range secrets {
		if len(v) >= minSecret {
			s.values = append(s.values, v)
		}
	}
}

// Redact returns text without the values that went out.
func (s *SentSecrets) Redact(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Redact(text, "<secret>", 0, s.values...)
}
