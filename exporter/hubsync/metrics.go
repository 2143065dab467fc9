package hubsync

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/plausible"
)

// Metrics are the metrics of collecting.
type Metrics struct {
	success, lastSuccess, duration, repos *prometheus.GaugeVec
	source                                *prometheus.GaugeVec
	failures, implausible, badRows        *prometheus.CounterVec
	otherRows                             *prometheus.CounterVec
	doubted                               *prometheus.GaugeVec
	removed                               *prometheus.CounterVec

	requests         *prometheus.CounterVec
	latency          *prometheus.HistogramVec
	remaining, limit *prometheus.GaugeVec
	clockOffset      prometheus.Gauge

	mu      sync.Mutex
	buckets map[string]bool // the names of rate limits that have series
}

// maxBuckets bounds the series of rate limits: their names are the Hub's.
const maxBuckets = 8

// NewMetrics registers the metrics with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	f := promauto.With(reg)
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return f.NewGaugeVec(prometheus.GaugeOpts{Name: "huggingface_exporter_" + name, Help: help}, labels)
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return f.NewCounterVec(prometheus.CounterOpts{Name: "huggingface_exporter_" + name, Help: help}, labels)
	}
	m := &Metrics{
		buckets:     make(map[string]bool),
		success:     gauge("collection_success", "Whether the last collection of the organization was successful (1) or not (0).", "org"),
		lastSuccess: gauge("collection_last_success_timestamp_seconds", "Unix time of the last successful collection of the organization.", "org"),
		duration:    gauge("collection_duration_seconds", "Duration of the last collection of the organization.", "org"),
		repos:       gauge("collection_repos", "Repositories in the last successful collection of the organization.", "org"),
		source:      gauge("collection_source", "Current source of the organization (1): publisher_analytics or listings.", "org", "source"),
		failures:    counter("collection_failures_total", "Failed collections of the organization, by reason.", "org", "reason"),
		implausible: counter("collection_implausible_total", "Implausible responses of the Hub for the organization that were not or not completely accepted, by reason.", "org", "reason"),
		doubted:     gauge("collection_doubted", "Whether the Hub's last response for the organization is implausible (1), by reason.", "org", "reason"),
		removed:     counter("collection_removed_downloads_total", "Downloads of the organization that the Hub removed.", "org"),
		badRows:     counter("collection_bad_rows_total", "Invalid rows of the organization's exports that were skipped, by reason.", "org", "reason"),
		otherRows:   counter("collection_other_rows_total", "Rows of exports and listings for the organization with names of other organizations, by how they were handled.", "org", "what"),
		requests:    counter("hub_requests_total", "Requests to the Hub by route and status code, including retries; code is none without a response.", "route", "code"),
		latency: f.NewHistogramVec(prometheus.HistogramOpts{
			Name:                        "huggingface_exporter_hub_request_duration_seconds",
			Help:                        "Time until the headers of the Hub's response arrived, by route.",
			Buckets:                     []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60},
			NativeHistogramBucketFactor: 1.1,
		}, []string{"route"}),
		remaining: gauge("hub_rate_limit_remaining", "Remaining requests of the Hub's rate limit in the current window, by bucket.", "bucket"),
		limit:     gauge("hub_rate_limit_requests", "Total requests of the Hub's rate limit per window, by bucket.", "bucket"),
		clockOffset: f.NewGauge(prometheus.GaugeOpts{
			Name: "huggingface_exporter_hub_clock_offset_seconds",
			Help: "How far the Hub's clock is ahead of this machine's clock, as of the last response.",
		}),
	}
	for _, r := range hub.Routes() {
		m.latency.WithLabelValues(string(r))
	}
	return m
}

// Hooks returns the hooks of a client whose answers set clock.
func (m *Metrics) Hooks(clock *plausible.Clock) hub.Hooks {
	return hub.Hooks{
		Request: func(r hub.RequestDone) {
			m.requests.WithLabelValues(string(r.Route), r.Code()).Inc()
			m.latency.WithLabelValues(string(r.Route)).Observe(r.Latency.Seconds())
			if !r.Date.IsZero() {
				clock.Set(r.Date)
				m.clockOffset.Set(clock.Offset().Seconds())
			}
		},
		RateLimit: func(l hub.RateLimit) {
			if !m.hasBucket(l.Bucket) {
				return
			}
			m.remaining.WithLabelValues(l.Bucket).Set(float64(l.Remaining))
			if l.Limit > 0 {
				m.limit.WithLabelValues(l.Bucket).Set(float64(l.Limit))
			}
		},
	}
}

// hasBucket reports whether there is, or may be, a series of that rate limit.
func (m *Metrics) hasBucket(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.buckets) < maxBuckets {
		m.buckets[name] = true
	}
	return m.buckets[name]
}

// expect makes the counters of an organization start at zero.
func (m *Metrics) expect(org string) {
	for _, r := range append(hub.Kinds(), ReasonStore, ReasonImplausible) {
		m.failures.WithLabelValues(org, string(r))
	}
	for _, r := range plausible.Reasons() {
		m.implausible.WithLabelValues(org, string(r))
		m.doubted.WithLabelValues(org, string(r))
	}
	m.removed.WithLabelValues(org)
	m.countOthers(org, OtherRows{})
	for _, r := range history.BadRowReasons() {
		m.badRows.WithLabelValues(org, string(r))
	}
}

// collected counts a collection.
func (m *Metrics) collected(r *Report) {
	m.duration.WithLabelValues(r.Org).Set(r.Duration.Seconds())
	m.removed.WithLabelValues(r.Org).Add(float64(r.Change.Removed))
	for reason, rows := range r.BadRows {
		m.badRows.WithLabelValues(r.Org, string(reason)).Add(float64(rows))
	}
	m.countOthers(r.Org, r.Others)
	if r.Implausible != "" {
		m.implausible.WithLabelValues(r.Org, string(r.Implausible)).Inc()
	}
	if r.OK() || r.Implausible != "" {
		for _, reason := range plausible.Reasons() {
			m.doubted.WithLabelValues(r.Org, string(reason)).Set(oneIf(reason == r.Implausible))
		}
	}
	if !r.OK() {
		m.success.WithLabelValues(r.Org).Set(0)
		m.failures.WithLabelValues(r.Org, string(r.Reason)).Inc()
		return
	}
	m.success.WithLabelValues(r.Org).Set(1)
	m.lastSuccess.WithLabelValues(r.Org).Set(float64(r.Start.Add(r.Duration).UnixMilli()) / 1000)
	if !r.NotModified {
		m.repos.WithLabelValues(r.Org).Set(float64(r.Repos))
	}
	for _, s := range []Source{SourceAnalytics, SourceListings} {
		m.source.WithLabelValues(r.Org, string(s)).Set(oneIf(s == r.Source))
	}
}

func (m *Metrics) countOthers(org string, o OtherRows) {
	for what, rows := range map[string]int64{"legacy": o.Legacy, "stored": o.Stored, "left_out": o.LeftOut} {
		m.otherRows.WithLabelValues(org, what).Add(float64(rows))
	}
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// forget ends the series of an organization that is no longer collected.
func (m *Metrics) forget(org string) {
	l := prometheus.Labels{"org": org}
	for _, v := range []*prometheus.GaugeVec{m.success, m.lastSuccess, m.duration, m.repos, m.source, m.doubted} {
		v.DeletePartialMatch(l)
	}
	for _, v := range []*prometheus.CounterVec{m.failures, m.implausible, m.removed, m.badRows, m.otherRows} {
		v.DeletePartialMatch(l)
	}
}
