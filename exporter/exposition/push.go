package exposition

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
)

// PushRoute is where the page goes if the receiver's URL has no path: VictoriaMetrics's
// route for the text format.
const PushRoute = "/api/v1/import/prometheus"

// PushOptions say where the page is pushed to. The zero value pushes nothing.
type PushOptions struct {
	// To takes the page, in the text format 0.0.4 packed by gzip; nil for none.
	To *pushclient.Receiver
	// Interval is the time between two pushes; it must be above zero where To is set.
	Interval time.Duration
	// Labels are added to each sample that has none of that name.
	Labels map[string]string
}

// Pusher pushes the page to a receiver, as VictoriaMetrics's
// /api/v1/import/prometheus or a Pushgateway. It is a prometheus.Collector of how
// that goes; where nothing is pushed there is nothing to collect.
//
// The push of VictoriaMetrics/metrics would render and compress the page anew each time,
// knows no TLS settings, and tells nobody but the standard log of a failure.
type Pusher struct {
	page        *Page
	log         *slog.Logger
	changed     chan struct{} // has room for one
	lastTimeout time.Duration // bounds the push at the end, which the process waits for

	mu               sync.Mutex
	options          PushOptions
	cancel           func() // aborts the push that is running
	failing          string // the last error, "" if the last push succeeded
	pushes, failures float64
	succeeded        time.Time // zero: never
}

// NewPusher returns a Pusher of nothing.
func NewPusher(p *Page, log *slog.Logger) *Pusher {
	return &Pusher{page: p, log: log, changed: make(chan struct{}, 1), cancel: func() {}, lastTimeout: 5 * time.Second}
}

// Set makes o what holds from now on. If the Pusher runs, the page is pushed at once, and
// a running push to where it was pushed before is aborted.
func (p *Pusher) Set(o PushOptions) {
	p.mu.Lock()
	before := p.options.To
	p.options, p.failing = o, ""
	p.cancel()
	p.mu.Unlock()
	if before != nil {
		before.Close()
	}
	select {
	case p.changed <- struct{}{}:
	default: // Run is about to read the options already
	}
}

// Run pushes at once and at each interval until ctx ends, and then a last time.
// Pushes do not overlap: one that takes longer than the interval delays the next.
func (p *Pusher) Run(ctx context.Context) {
	for {
		select {
		case <-p.changed: // the push below uses the changed options
		default:
		}
		started := time.Now()
		interval := p.push(ctx, "Cannot push the metrics page; retrying at each interval, logging only when the error changes")
		var next <-chan time.Time
		if interval > 0 {
			next = time.After(time.Until(started.Add(interval)))
		}
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.lastTimeout)
			defer cancel()
			p.push(last, "Cannot push the metrics page at shutdown")
			return
		case <-next:
		case <-p.changed:
		}
	}
}

// push pushes the page once, if there is a receiver, and returns the interval. It counts
// the push and logs what changed since the one before; failure is the message of an error.
func (p *Pusher) push(ctx context.Context, failure string) time.Duration {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p.mu.Lock()
	o := p.options
	p.cancel = cancel
	p.mu.Unlock()
	if o.To == nil {
		return 0
	}
	err := o.To.Post(ctx, http.Header{
		"Content-Type":     {"text/plain; version=0.0.4; charset=utf-8"},
		"Content-Encoding": {"gzip"},
	}, p.page.packed(o.Labels)...)
	if errors.Is(err, context.Canceled) {
		return o.Interval
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pushes++
	text := ""
	if err == nil {
		p.succeeded = time.Now()
		if p.failing != "" {
			p.log.Info("Pushing the metrics page works again", "to", o.To.String())
		}
	} else {
		p.failures++
		if text = err.Error(); text != p.failing {
			p.log.Error(failure, "to", o.To.String(), "err", err)
		}
	}
	p.failing = text
	return o.Interval
}

var (
	pushesDesc = prometheus.NewDesc("huggingface_exporter_pushes_total",
		"Pushes of the metrics page, including failed ones.", nil, nil)
	pushFailuresDesc = prometheus.NewDesc("huggingface_exporter_push_failures_total",
		"Pushes of the metrics page that failed.", nil, nil)
	pushSuccessDesc = prometheus.NewDesc("huggingface_exporter_push_last_success_timestamp_seconds",
		"Unix time of the last successful push of the metrics page.", nil, nil)
)

// Describe implements prometheus.Collector.
func (p *Pusher) Describe(ch chan<- *prometheus.Desc) {
	ch <- pushesDesc
	ch <- pushFailuresDesc
	ch <- pushSuccessDesc
}

// Collect implements prometheus.Collector.
func (p *Pusher) Collect(ch chan<- prometheus.Metric) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.options.To == nil {
		return
	}
	ch <- prometheus.MustNewConstMetric(pushesDesc, prometheus.CounterValue, p.pushes)
	ch <- prometheus.MustNewConstMetric(pushFailuresDesc, prometheus.CounterValue, p.failures)
	if !p.succeeded.IsZero() {
		ch <- prometheus.MustNewConstMetric(pushSuccessDesc, prometheus.GaugeValue, float64(p.succeeded.UnixMilli())/1000)
	}
}

// packed returns the whole page in the text format 0.0.4 as one gzip member, in
// pieces that must not be changed. Each sample gets those of the labels that it
// has none of that name of. Without labels the compressed page is used as it is.
func (p *Page) packed(labels map[string]string) [][]byte {
	page := p.current.Load().text
	pairs := labelPairs(labels)
	var d deflater
	pieces, sum := [][]byte{[]byte(gzipHeader)}, page.sum
	if len(pairs) == 0 {
		pieces = slices.AppendSeq(pieces, page.packed())
	} else {
		// Each sample has one of these as its first label, and no value or help text has it:
		// there the quote is escaped.
		firsts := [][]byte{[]byte(`{repo_type="`), []byte(`{org="`), []byte(`{group="`)}
		insert := []byte("{")
		for _, l := range pairs {
			insert = append(append(insert, l.GetName()...), `="`...)
			insert = append(appendEscaped(insert, l.GetValue()), `",`...)
		}
		sum = checksum{}
		for b := range page.plain() {
			for _, first := range firsts {
				b = bytes.ReplaceAll(b, first, slices.Concat(insert, first[1:]))
			}
			sum = sum.add(b)
			pieces = append(pieces, d.part(b))
		}
	}
	var own bytes.Buffer
	p.own.append(&own, expfmt.FmtText, nil, pairs...)
	return append(pieces, d.last(own.Bytes()), appendGzipTrailer(nil, sum.add(own.Bytes())))
}

func labelPairs(labels map[string]string) []*dto.LabelPair {
	var pairs []*dto.LabelPair
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		value := validUTF8(labels[name])
		pairs = append(pairs, &dto.LabelPair{Name: &name, Value: &value})
	}
	return pairs
}

// withLabels returns the labels of a metric with those of extra that it has none of
// that name of, ordered by name.
func withLabels(has, extra []*dto.LabelPair) []*dto.LabelPair {
	out := slices.Clone(has) // a metric may share its list with others
	for _, e := range extra {
		if !slices.ContainsFunc(has, func(l *dto.LabelPair) bool { return l.GetName() == e.GetName() }) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return out
}
