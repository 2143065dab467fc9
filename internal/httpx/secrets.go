//gosec:disable G115 -- escapes have at most 32 bits

package httpx

import (
	"encoding/base64"
	"html"
	"net/http"
	"net/http/httptrace"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// gram is how many letters and digits of a secret in a row are enough to take a text for
// it, so that one that was cut off at either end is found as well. A shorter secret has to
// be there as a whole.
const gram = 8

// Redact returns text with mark in place of each of the secrets, and of each part of one
// that has gram letters and digits. Who quotes a secret may write it in other ways: case,
// what stands between letters and digits, and the escapes of URLs, HTML and JSON do not
// matter.
func Redact(text, mark string, secrets ...string) string {
	var long [][]spelled
	for _, secret := range secrets {
		if s := spell(secret); len(s) >= minSecret {
			long = append(long, s)
		} else if secret != "" { // too little to know it by in other spellings
			text = strings.ReplaceAll(text, secret, mark)
		}
	}
	runes, hidden, found := spell(text), make([]bool, len(text)), false
	for _, secret := range long {
		n := min(gram, len(secret))
		grams := make(map[string]bool)
		for i := range len(secret) - n + 1 {
			grams[lettersOf(secret[i:i+n])] = true
		}
		for i := range len(runes) - n + 1 {
			if grams[lettersOf(runes[i:i+n])] {
				found = true
				for at := runes[i].start; at < runes[i+n-1].end; at++ {
					hidden[at] = true
				}
			}
		}
	}
	if !found {
		return text
	}
	var b strings.Builder
	for i := range len(text) {
		switch {
		case !hidden[i]:
			b.WriteByte(text[i])
		case i == 0 || !hidden[i-1]:
			b.WriteString(mark)
		}
	}
	return b.String()
}

// spelled is a letter or digit, in lower case, and where a text has it, however written.
type spelled struct {
	letter     rune
	start, end int
}

func lettersOf(s []spelled) string {
	b := make([]byte, 0, 2*gram)
	for _, r := range s {
		b = utf8.AppendRune(b, r.letter)
	}
	return string(b)
}

// escapes are what may stand in a text for a character: %41, &#65; &#x41; &amp; \x41 \u0041.
var escapes = regexp.MustCompile(`%[0-9A-Fa-f]{2}|&#?[0-9A-Za-z]{1,31};|\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}`)

// maxEscaped is how often an escape may itself be escaped.
const maxEscaped = 3

// spell returns the letters and digits of a text.
func spell(text string) []spelled {
	at := make([]int, len(text)+1) // where text has each byte of what is unescaped
	for i := range at {
		at[i] = i
	}
	plain := text
	for range maxEscaped {
		found := escapes.FindAllStringIndex(plain, -1)
		if found == nil {
			break
		}
		var next []byte
		var nextAt []int
		last := 0
		for _, f := range found {
			next, nextAt = append(next, plain[last:f[0]]...), append(nextAt, at[last:f[0]]...)
			for _, c := range []byte(unescape(plain[f[0]:f[1]])) {
				next, nextAt = append(next, c), append(nextAt, at[f[0]])
			}
			last = f[1]
		}
		plain, at = string(append(next, plain[last:]...)), append(nextAt, at[last:]...)
	}
	var out []spelled
	for i, r := range plain {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			end := i + utf8.RuneLen(r)
			for end < len(plain) && at[end] == at[i] { // of one escape
				end++
			}
			out = append(out, spelled{unicode.ToLower(r), at[i], at[end]})
		}
	}
	return out
}

// unescape returns what an escape stands for.
func unescape(s string) string {
	if s[0] == '&' {
		return html.UnescapeString(s)
	}
	code, err := strconv.ParseUint(strings.TrimLeft(s, `%\xu`), 16, 32)
	switch {
	case err != nil:
		return s
	case s[0] == '%':
		return string([]byte{byte(code)})
	}
	return string(rune(code))
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
	return Redact(text, "<secret>", s.values...)
}
