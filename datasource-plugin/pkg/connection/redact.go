package connection

import (
	"encoding/base64"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

// secrets are what a data source was told in confidence. Who answers may quote
// back what was sent to it.
type secrets []string

// shortest is the length of what is too short to be taken for a secret: to replace
// it would make texts unreadable, and tell it.
const shortest = 6

func secretsOf(user string, told map[string]string) secrets {
	var s secrets
	for _, value := range told {
		if value = strings.TrimSpace(value); len(value) >= shortest {
			s = append(s, value)
		}
	}
	if p := told["basicAuthPassword"]; p != "" {
		s = append(s, base64.StdEncoding.EncodeToString([]byte(user+":"+p)))
	}
	return s
}

// redact returns text without them.
func (s secrets) redact(text string) string {
	return httpx.Redact(text, "<secret>", 0, s...)
}

// redactError makes the text of the *Error in err one without secrets.
func (s secrets) redactError(err error) error {
	if e, ok := asError(err); ok {
		if clean := s.redact(e.Text); clean != e.Text {
			e.Text = clean
		}
	}
	return err
}
