package pushclient

import (
	"encoding/base64"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
)

// harmless are the fields of a request that a message may show.
var harmless = map[string]bool{
	"Host": true, "User-Agent": true, "Content-Length": true, "Content-Type": true, "Content-Encoding": true,
	"Accept-Encoding": true, "Transfer-Encoding": true, "Connection": true,
	"X-Prometheus-Remote-Write-Version": true,
}

// minSecret is how long a value has to be to be looked for: replacing shorter
// ones would make a riddle of every message.
const minSecret = 4

// secrets are the values that went out with a request and must not be shown: an
// answer may repeat them. They are seen where the request is written, so whatever
// added them is covered.
type secrets struct {
	mu     sync.Mutex
	values []string
}

// trace notes the fields of a request as they are written.
func (s *secrets) trace() *httptrace.ClientTrace {
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

func (s *secrets) add(key, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values = append(s.values, value)
	if key != "Authorization" && key != "Proxy-Authorization" {
		return
	}
	scheme, credentials, _ := strings.Cut(value, " ")
	s.values = append(s.values, credentials)
	if strings.EqualFold(scheme, "Basic") {
		if plain, err := base64.StdEncoding.DecodeString(credentials); err == nil {
			_, password, _ := strings.Cut(string(plain), ":")
			s.values = append(s.values, password)
		}
	}
}

// redact returns text without the values that went out.
func (s *secrets) redact(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.values {
		if len(v) >= minSecret {
			text = strings.ReplaceAll(text, v, "<secret>")
		}
	}
	return text
}
