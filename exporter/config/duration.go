package config

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"
)

// Duration is a length of time, written as Prometheus writes it: 30s, 6h, 1d12h.
type Duration time.Duration

// UnmarshalYAML reads a duration above zero.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	v, err := model.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || v == 0 {
		return fmt.Errorf("expected a duration like 30s, 5m or 6h, got %s", quote(n))
	}
	*d = Duration(v)
	return nil
}

// String returns the duration as it is written.
func (d Duration) String() string { return model.Duration(d).String() }

// MarshalYAML writes what UnmarshalYAML reads.
func (d Duration) MarshalYAML() (any, error) { return d.String(), nil }
