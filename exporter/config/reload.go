package config

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Reloader holds the running configuration and reads it anew. It is a
// prometheus.Collector of how that went.
type Reloader struct {
	file  string
	apply func(*Config) error

	mu      sync.Mutex // one reload at a time
	running atomic.Pointer[Config]

	successful, timestamp prometheus.Gauge
}

// NewReloader returns a Reloader of that file; with "" it is of the defaults.
// apply puts a configuration to use, wholly or, on an error, not at all; it may
// be nil. Nothing is read before the first Reload.
func NewReloader(file string, apply func(*Config) error) *Reloader {
	r := &Reloader{
		file:  file,
		apply: apply,
		successful: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "huggingface_exporter_config_last_reload_successful",
			Help: "Whether the last attempt to load the configuration file was successful (1) or not (0, the configuration from before stays in use).",
		}),
		timestamp: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "huggingface_exporter_config_last_reload_success_timestamp_seconds",
			Help: "Unix time of the last successful load of the configuration file.",
		}),
	}
	r.running.Store(Default())
	return r
}

// Reload reads the file, checks it and puts it to use. On an error the
// configuration from before stays in use.
func (r *Reloader) Reload() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.reload(); err != nil {
		r.successful.Set(0)
		return err
	}
	r.successful.Set(1)
	r.timestamp.Set(float64(time.Now().UnixMilli()) / 1000)
	return nil
}

func (r *Reloader) reload() error {
	c := Default()
	if r.file != "" {
		var err error
		if c, err = Load(r.file); err != nil {
			return err
		}
	}
	if r.apply != nil {
		if err := r.apply(c); err != nil {
			return err
		}
	}
	r.running.Store(c)
	return nil
}

// Config returns the configuration in use: the defaults before the first
// Reload. It must not be changed.
func (r *Reloader) Config() *Config { return r.running.Load() }

// Describe implements prometheus.Collector.
func (r *Reloader) Describe(ch chan<- *prometheus.Desc) {
	r.successful.Describe(ch)
	r.timestamp.Describe(ch)
}

// Collect implements prometheus.Collector.
func (r *Reloader) Collect(ch chan<- prometheus.Metric) {
	r.successful.Collect(ch)
	r.timestamp.Collect(ch)
}
