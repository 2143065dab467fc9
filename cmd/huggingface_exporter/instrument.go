package main

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// requestMetrics counts the requests that the exporter answers.
type requestMetrics struct {
	total    *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inside   *prometheus.GaugeVec
}

func newRequestMetrics() *requestMetrics {
	return &requestMetrics{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "huggingface_exporter_http_requests_total",
			Help: "HTTP requests answered, by route and status code; code is \"aborted\" where the answer broke off before its end.",
		}, []string{"route", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:                            "huggingface_exporter_http_request_duration_seconds",
			Help:                            "Time from an HTTP request to the end of its answer, by route.",
			Buckets:                         []float64{.001, .005, .025, .1, .5, 2.5, 10, 60},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{"route"}),
		inside: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "huggingface_exporter_http_requests_in_flight",
			Help: "HTTP requests that are being answered, by route.",
		}, []string{"route"}),
	}
}

func (m *requestMetrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.total, m.duration, m.inside}
}

// count counts what next answers as requests of that route.
func (m *requestMetrics) count(route string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		inside := m.inside.WithLabelValues(route)
		inside.Inc()
		seen := &codeWriter{ResponseWriter: w, code: http.StatusOK}
		code := "aborted" // stays so if the handler panics
		defer func() {
			inside.Dec()
			m.total.WithLabelValues(route, code).Inc()
			m.duration.WithLabelValues(route).Observe(time.Since(begin).Seconds())
		}()
		next.ServeHTTP(seen, r)
		code = strconv.Itoa(seen.code)
	})
}

// codeWriter notes the status code of an answer.
type codeWriter struct {
	http.ResponseWriter
	code  int
	wrote bool
}

func (w *codeWriter) WriteHeader(code int) {
	if !w.wrote && code >= http.StatusOK { // not 103 and its kin, which another follows
		w.code, w.wrote = code, true
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *codeWriter) Write(b []byte) (int, error) {
	w.wrote = true
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *codeWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
