package exposition

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
)

// PushRoute is where the page goes if the receiver's URL has no path: VictoriaMetrics's
// route for the text format.
const PushRoute = "/api/v1/import/prometheus"

// lastPush bounds the push at the end, which the process waits for.
const lastPush = 5 * time.Second

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
type Pusher struct {
	page *Page
	log  *slog.Logger

	mu      sync.Mutex
	options PushOptions
	changed chan struct{} // has room for one
	failing string        // the last error, "" if the last push succeeded
	cancel  func()        // gives up the push under way
	atEnd   time.Duration // bounds the last push

	pushes, failures prometheus.Counter
	lastSuccess      prometheus.Gauge
	succeeded        bool
}

// NewPusher returns a Pusher of nothing.
func NewPusher(p *Page, log *slog.Logger) *Pusher {
	return &Pusher{
		page:    p,
		log:     log,
		changed: make(chan struct{}, 1),
		cancel:  func() {},
		atEnd:   lastPush,
		pushes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "huggingface_exporter_pushes_total",
			Help: "Pushes of the metrics page, those that failed included.",
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "huggingface_exporter_push_failures_total",
			Help: "Pushes of the metrics page that the receiver did not take.",
		}),
		lastSuccess: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "huggingface_exporter_push_last_success_timestamp_seconds",
			Help: "Unix time of the last push of the metrics page that the receiver took.",
		}),
	}
}

// Set makes o what holds from now on. If it runs, the page is pushed at once, and
// a push under way to where it was pushed before is given up.
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
	default: // it is to look at the options already
	}
}

// Run pushes at once and at each interval until ctx ends, and then a last time.
// Pushes do not overlap: one that takes longer than the interval delays the next.
func (p *Pusher) Run(ctx context.Context) {
	for {
		select {
		case <-p.changed: // what it tells of is looked at now
		default:
		}
		begin := time.Now()
		interval := p.push(ctx, "Cannot push the metrics page; it is tried again at each interval, and logged when the error changes")
		var next <-chan time.Time
		if interval > 0 {
			next = time.After(time.Until(begin.Add(interval)))
		}
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.atEnd)
			defer cancel()
			p.push(last, "Cannot push the metrics page a last time")
			return
		case <-next:
		case <-p.changed:
		}
	}
}

// push pushes the page once, if it is to be pushed, and returns the interval.
// failure is what the log says if it fails.
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
	if !errors.Is(err, context.Canceled) {
		p.account(o, err, failure)
	}
	return o.Interval
}

// account counts a push, and logs what became of it when it is not what became of
// the one before.
func (p *Pusher) account(o PushOptions, err error, failure string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pushes.Inc()
	if err == nil {
		p.lastSuccess.Set(float64(time.Now().UnixMilli()) / 1000)
		p.succeeded = true
		if p.failing != "" {
			p.log.Info("The metrics page can be pushed again", "to", o.To.String())
		}
		p.failing = ""
		return
	}
	p.failures.Inc()
	if text := err.Error(); text != p.failing {
		p.log.Error(failure, "to", o.To.String(), "err", err)
		p.failing = text
	}
}

// Describe implements prometheus.Collector.
func (p *Pusher) Describe(ch chan<- *prometheus.Desc) {
	p.pushes.Describe(ch)
	p.failures.Describe(ch)
	p.lastSuccess.Describe(ch)
}

// Collect implements prometheus.Collector.
func (p *Pusher) Collect(ch chan<- prometheus.Metric) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.options.To == nil {
		return
	}
	p.pushes.Collect(ch)
	p.failures.Collect(ch)
	if p.succeeded {
		p.lastSuccess.Collect(ch)
	}
}
