package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/collectors/version"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/engine"
)

// newRegistry returns a registry with what is known of the process itself.
func newRegistry() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(
		version.NewCollector(progName),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return reg
}

// storeCollector tells how much is stored. It tells nothing before the store is
// loaded.
type storeCollector struct{ store engine.Engine }

var (
	storeRecords = prometheus.NewDesc("huggingface_exporter_store_records",
		"Daily records in the store.", nil, nil)
	storeRepos = prometheus.NewDesc("huggingface_exporter_store_repos",
		"Repositories in the store.", nil, nil)
	storeSegments = prometheus.NewDesc("huggingface_exporter_store_segments",
		"Files that the store consists of.", nil, nil)
	storeBytes = prometheus.NewDesc("huggingface_exporter_store_bytes",
		"Size of the files that the store consists of.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c storeCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- storeRecords
	ch <- storeRepos
	ch <- storeSegments
	ch <- storeBytes
}

// Collect implements prometheus.Collector.
func (c storeCollector) Collect(ch chan<- prometheus.Metric) {
	n, err := c.store.Stats(context.Background())
	if err != nil {
		return
	}
	gauge := func(d *prometheus.Desc, v float64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	gauge(storeRecords, float64(n.Records))
	gauge(storeRepos, float64(n.Repos))
	if n.OnDisk {
		gauge(storeSegments, float64(n.Files))
		gauge(storeBytes, float64(n.Bytes))
	}
}

// changeMetrics tells when the store changed, and whether it can be read.
type changeMetrics struct {
	timestamp prometheus.Gauge
	up        prometheus.Gauge
	failures  prometheus.Counter
	failing   string // the last error of a refresh, "" if it succeeded
}

func newChangeMetrics() *changeMetrics {
	m := &changeMetrics{
		timestamp: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "huggingface_exporter_store_last_change_timestamp_seconds",
			Help: "Unix time at which this process last loaded or took in other data, 0 if there was none yet.",
		}),
		up: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "huggingface_exporter_store_up",
			Help: "Whether the storage answers (1) or what is collected has to wait for it (0).",
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "huggingface_exporter_store_refresh_failures_total",
			Help: "Looks for what other processes have stored that failed; what was loaded before is served on.",
		}),
	}
	m.up.Set(1) // the embedded one; one elsewhere is asked at once
	return m
}

func (m *changeMetrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.timestamp, m.up, m.failures}
}

func (m *changeMetrics) changed() { m.timestamp.Set(float64(time.Now().UnixMilli()) / 1000) }

// refreshed notes how a refresh went.
func (m *changeMetrics) refreshed(log *slog.Logger, err error) {
	if err == nil {
		if m.failing != "" {
			log.Info("The store can be read again")
		}
		m.failing = ""
		return
	}
	m.failures.Inc()
	if text := err.Error(); text != m.failing {
		log.Error("Cannot take in what was stored; what was loaded before is served on", "err", err)
		m.failing = text
	}
}
