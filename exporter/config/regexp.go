package config

import (
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// Regexp is a regular expression (RE2). As in Prometheus, it has to match the
// whole of a text: "org/.*" does not match "my-org/x".
type Regexp struct{ text string }

// NewRegexp checks an expression. The error quotes it.
func NewRegexp(text string) (Regexp, error) {
	// Alone first, so that the error speaks of what was written; then as a part
	// of a larger expression, which an open \Q would not fit into.
	for _, t := range []string{text, "(?:" + text + ")"} {
		if _, err := regexp.Compile(t); err != nil {
			return Regexp{}, fmt.Errorf("expected a regular expression, got %q: %w", text, err)
		}
	}
	return Regexp{text: text}, nil
}

// String returns the expression as it was written.
func (r Regexp) String() string { return r.text }

// UnmarshalYAML checks the expression.
func (r *Regexp) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		return fmt.Errorf("expected a regular expression (in quotes, if it looks like something else), got %s", quote(n))
	}
	v, err := NewRegexp(n.Value)
	if err != nil {
		return err
	}
	*r = v
	return nil
}

// MarshalYAML writes the expression as it was written.
func (r Regexp) MarshalYAML() (any, error) { return r.text, nil }

// AnyOf returns one expression that matches the whole of what any of them
// matches the whole of; nil if there are none.
func AnyOf(exprs []Regexp) *regexp.Regexp {
	if len(exprs) == 0 {
		return nil
	}
	parts := make([]string, len(exprs))
	for i, e := range exprs {
		parts[i] = "(?:" + e.text + ")"
	}
	return regexp.MustCompile("^(?s:" + strings.Join(parts, "|") + ")$")
}
