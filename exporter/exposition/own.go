package exposition

import (
	"bytes"
	"log/slog"
	"slices"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// own is the part of the page that is gathered at each scrape: the exporter's
// own metrics.
type own struct {
	gatherer prometheus.Gatherer
	errors   *prometheus.CounterVec
	log      *slog.Logger
	failing  atomic.Bool
}

func newOwn(g prometheus.Gatherer, log *slog.Logger) *own {
	o := &own{
		gatherer: g,
		log:      log,
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "huggingface_exporter_metrics_page_errors_total",
			Help: "Failures to gather the exporter's own metrics, or to encode a family of them," +
				" at a scrape or push; what failed is missing from that page.",
		}, []string{"cause"}),
	}
	o.errors.WithLabelValues("gathering")
	o.errors.WithLabelValues("encoding")
	return o
}

// append gathers and appends the own metrics to buf in the given format, the
// end mark of OpenMetrics included. If names are given, then of those only. Each
// gets those of the extra labels that it has none of that name of. What cannot be
// had is left out, logged and counted.
func (o *own) append(buf *bytes.Buffer, format expfmt.Format, names []string, extra ...*dto.LabelPair) {
	families, err := o.gatherer.Gather()
	if err != nil {
		o.errors.WithLabelValues("gathering").Inc()
	}
	enc := expfmt.NewEncoder(buf, format)
	for _, f := range families {
		if len(names) > 0 && !slices.Contains(names, f.GetName()) {
			continue
		}
		if len(extra) > 0 {
			for _, m := range f.GetMetric() {
				m.Label = withLabels(m.Label, extra)
			}
		}
		before := buf.Len()
		if e := enc.Encode(f); e != nil {
			buf.Truncate(before)
			o.errors.WithLabelValues("encoding").Inc()
			err = e
		}
	}
	if c, ok := enc.(expfmt.Closer); ok {
		_ = c.Close() // writes into buf
	}
	o.report(err)
}

// report logs a failure when it begins: it would come with every scrape.
func (o *own) report(err error) {
	if err == nil {
		o.failing.Store(false)
		return
	}
	if !o.failing.Swap(true) {
		o.log.Error("a part of the exporter's own metrics is missing from the metrics page;"+
			" this is logged once until it works again", "err", err)
	}
}
