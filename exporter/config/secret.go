package config

import (
	"fmt"
	"io"
)

// masked is what is shown in place of a secret.
const masked = "<secret>"

// Secret is a setting that must not be seen. Whatever prints, logs or encodes a Secret
// writes <secret>, or nothing if it is not set. Only Reveal gives the value.
type Secret struct{ value string }

// IsSet reports whether there is a value.
func (s Secret) IsSet() bool { return s.value != "" }

// Reveal returns the value.
func (s Secret) Reveal() string { return s.value }

// UnmarshalText reads a value.
func (s *Secret) UnmarshalText(text []byte) error {
	s.value = string(text)
	return nil
}

// String returns <secret>, or "" if s is not set.
func (s Secret) String() string {
	if s.IsSet() {
		return masked
	}
	return ""
}

// Format writes what String returns, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText masks the secret in logs, YAML, JSON and other encodings of text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
