package server

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/engine"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// metrics are those of the server itself.
type metrics struct {
	auto promauto.Factory // registers more of them

	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight *prometheus.GaugeVec

	reloadSuccessful, reloadTime prometheus.Gauge

	storeUp, storeChanged prometheus.Gauge
	refreshFailures       prometheus.Counter
	imports               *prometheus.CounterVec

	collectionSuccess, collectionTime *prometheus.GaugeVec // of the Hub's collections in groups
}

// newMetrics registers the metrics of the server and of its process.
func newMetrics(reg *prometheus.Registry) *metrics {
	reg.MustRegister(
		version.NewCollector(progName),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	auto := promauto.With(reg)
	gauge := func(name, help string) prometheus.Gauge {
		return auto.NewGauge(prometheus.GaugeOpts{Name: progName + "_" + name, Help: help})
	}
	m := &metrics{
		auto: auto,
		requests: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "huggingface_exporter_http_requests_total",
			Help: "HTTP requests by route and status code; code is \"aborted\" if the response was not completed.",
		}, []string{"route", "code"}),
		duration: auto.NewHistogramVec(prometheus.HistogramOpts{
			Name:                            "huggingface_exporter_http_request_duration_seconds",
			Help:                            "Duration of HTTP requests until the end of the response, by route.",
			Buckets:                         []float64{.001, .005, .025, .1, .5, 2.5, 10, 60},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{"route"}),
		inFlight: auto.NewGaugeVec(prometheus.GaugeOpts{
			Name: "huggingface_exporter_http_requests_in_flight",
			Help: "HTTP requests in progress, by route.",
		}, []string{"route"}),
		reloadSuccessful: gauge("config_last_reload_successful",
			"Whether the last configuration reload was successful (1) or not (0)."),
		reloadTime: gauge("config_last_reload_success_timestamp_seconds",
			"Unix time of the last successful configuration reload."),
		storeUp: gauge("store_up",
			"Whether the storage responds (1) or not (0)."),
		storeChanged: gauge("store_last_change_timestamp_seconds",
			"Unix time at which this process last loaded new data; 0 if it has not loaded any."),
		refreshFailures: auto.NewCounter(prometheus.CounterOpts{
			Name: "huggingface_exporter_store_refresh_failures_total",
			Help: "Failed attempts to load new data of the store.",
		}),
		imports: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "huggingface_exporter_file_imports_total",
			Help: "Imports of configured files, by outcome.",
		}, []string{"outcome"}),
	}
	perCollection := func(name, help string) *prometheus.GaugeVec {
		return auto.NewGaugeVec(prometheus.GaugeOpts{Name: progName + "_group_collection_" + name, Help: help}, []string{"collection"})
	}
	m.collectionSuccess = perCollection("success", "Whether the Hub's collection in a group could be fetched the last time (1) or not (0).")
	m.collectionTime = perCollection("last_success_timestamp_seconds", "Unix time at which the Hub's collection in a group was last fetched.")
	m.storeUp.Set(1) // the embedded engine; one elsewhere is asked at once
	m.imports.WithLabelValues("success")
	m.imports.WithLabelValues("failure")
	return m
}

// watchStore adds metrics of how much a store holds that is open.
func (m *metrics) watchStore(store engine.Engine, onDisk bool) {
	gauge := func(name, help string, value func(history.Stats) int64) {
		m.auto.NewGaugeFunc(prometheus.GaugeOpts{Name: progName + "_" + name, Help: help}, func() float64 {
			stats, err := store.Stats(context.Background())
			if err != nil {
				return math.NaN()
			}
			return float64(value(stats))
		})
	}
	m.auto.NewCounterFunc(prometheus.CounterOpts{
		Name: "huggingface_exporter_store_setbacks_total",
		Help: "How often the storage was found to hold less than this process had seen in it: emptied, restored from an older backup, or replaced.",
	}, func() float64 { return float64(store.Setbacks().Times) })
	m.auto.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "huggingface_exporter_store_complete",
		Help: "Whether the storage holds all that this process has seen in it (1), or something is missing that was not written back (0).",
	}, func() float64 {
		if store.Setbacks().Missing != nil {
			return 0
		}
		return 1
	})
	gauge("store_records", "Daily records in the store.", func(s history.Stats) int64 { return s.Records })
	gauge("store_repos", "Repositories in the store.", func(s history.Stats) int64 { return int64(s.Repos) })
	if onDisk {
		gauge("store_segments", "Files in the store.", func(s history.Stats) int64 { return int64(s.Files) })
		gauge("store_bytes", "Size of the files in the store.", func(s history.Stats) int64 { return s.Bytes })
	}
}

func setToNow(g prometheus.Gauge) { g.Set(float64(time.Now().UnixMilli()) / 1000) }

// instrument counts and times what next answers as requests of that route.
func (m *metrics) instrument(route string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		inFlight := m.inFlight.WithLabelValues(route)
		inFlight.Inc()
		status := &statusWriter{ResponseWriter: w, code: http.StatusOK}
		code := "aborted" // stays so if the handler panics
		defer func() {
			inFlight.Dec()
			m.requests.WithLabelValues(route, code).Inc()
			m.duration.WithLabelValues(route).Observe(time.Since(start).Seconds())
		}()
		next.ServeHTTP(status, r)
		code = strconv.Itoa(status.code)
	})
}

// statusWriter notes the status code of an answer.
type statusWriter struct {
	http.ResponseWriter
	code  int
	wrote bool
}

func (w *statusWriter) WriteHeader(code int) {
	if !w.wrote && code >= http.StatusOK { // not 103 and its kin, which another follows
		w.code, w.wrote = code, true
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	w.wrote = true
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
