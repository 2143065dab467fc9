package plugin

import (
	"context"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/tracing"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
)

const namespace = "huggingface_publisheranalytics_plugin"

// metrics are of all data sources of the process together: which of them was
// asked is in Grafana's own metrics.
type metrics struct {
	queries      *prometheus.CounterVec
	queryTime    *prometheus.HistogramVec
	exports      *prometheus.CounterVec
	exportBytes  prometheus.Counter
	exportsOpen  prometheus.Gauge
	exportRecord prometheus.Counter
}

// processMetrics registers the metrics where the SDK collects them for Grafana,
// at the first call.
var processMetrics = sync.OnceValue(func() *metrics { return newMetrics(prometheus.DefaultRegisterer) })

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		queries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "queries_total",
			Help: "Queries answered, by type and by how they ended: ok, invalid, upstream, timeout, cancelled or defect.",
		}, []string{"type", "status"}),
		queryTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "query_duration_seconds",
			Help:                            "How long queries took, from their arrival to their frames.",
			Buckets:                         []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{"type"}),
		exports: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "exports_total",
			Help: "CSV downloads, by how they ended: ok, invalid, upstream, timeout, cancelled or defect.",
		}, []string{"status"}),
		exportBytes: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "export_bytes_total",
			Help: "Bytes of CSV handed to Grafana, as they were sent: compressed where the browser takes that.",
		}),
		exportRecord: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "export_records_total",
			Help: "Records written to CSV downloads.",
		}),
		exportsOpen: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "exports_in_progress",
			Help: "CSV downloads that are under way.",
		}),
	}
	r.MustRegister(m.queries, m.queryTime, m.exports, m.exportBytes, m.exportRecord, m.exportsOpen)
	return m
}

// query counts a query.
func (m *metrics) query(t query.Type, o outcome, took time.Duration) {
	m.queries.WithLabelValues(string(t), string(o)).Inc()
	m.queryTime.WithLabelValues(string(t)).Observe(took.Seconds())
}

// startSpan begins a span, which the returned function ends. It costs next to
// nothing where Grafana does not trace.
func startSpan(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, func(error, ...attribute.KeyValue)) {
	ctx, span := tracing.DefaultTracer().Start(ctx, name, trace.WithAttributes(attributes...))
	return ctx, func(err error, attributes ...attribute.KeyValue) {
		span.SetAttributes(attributes...)
		if err != nil {
			span.RecordError(err)
			span.SetStatus(codes.Error, err.Error())
		}
		span.End()
	}
}
