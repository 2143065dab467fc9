package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v3"
)

// masked is what is shown in place of a secret.
const masked = "<secret>"

// maxSecretFile bounds a file of a secret: a larger one is another file.
const maxSecretFile = 64 << 10

// Secret is a setting that must not be seen: a value, or the name of a file
// that holds it. Whatever prints, logs or encodes a Secret writes <secret>, or
// nothing if it is not set. Only Read gives the value.
type Secret struct {
	value, file string
}

// NewSecret returns a secret of that value. "" is a secret that is not set.
func NewSecret(value string) Secret { return Secret{value: value} }

// IsSet reports whether there is a value, or the name of a file.
func (s Secret) IsSet() bool { return s != Secret{} }

// Read returns the value. A file is read at each call, so that a token that was
// replaced there is used from then on; space around it is cut off. Errors name
// the file and never quote what is in it.
func (s Secret) Read() (string, error) {
	if s.file == "" {
		return s.value, nil
	}
	f, err := os.Open(s.file)
	if err != nil {
		return "", fmt.Errorf("cannot read a secret: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err != nil {
		return "", fmt.Errorf("cannot read a secret: %w", err)
	}
	if len(text) > maxSecretFile {
		return "", fmt.Errorf("expected a secret in %s, got a file of more than %d bytes", s.file, maxSecretFile)
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return "", fmt.Errorf("expected a secret in %s, got an empty file", s.file)
	}
	return string(text), nil
}

// orFile returns s, or the secret in the file that the *_file field beside it
// names; a relative name starts from dir. Both at once is a fault at path.
func (s Secret) orFile(r reporter, path, file, dir string) Secret {
	switch {
	case file == "":
		return s
	case s.IsSet():
		r.fault(path+"_file", "expected either %s or %s_file, got both", lastName(path), lastName(path))
		return s
	case !filepath.IsAbs(file):
		file = filepath.Join(dir, file)
	}
	return Secret{file: file}
}

// UnmarshalYAML reads a value. Its error does not quote what came.
func (s *Secret) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		return errors.New("expected a text (in quotes, if it looks like something else)")
	}
	*s = NewSecret(n.Value)
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

// LogValue masks the secret in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalYAML masks the secret in a printed configuration. One that is in a file
// is left to the field that names the file: what is printed can be read again.
func (s Secret) MarshalYAML() (any, error) {
	if s.file != "" {
		return "", nil
	}
	return s.String(), nil
}

// MarshalText masks the secret in JSON and other encodings of text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
