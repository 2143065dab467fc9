package exposition

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Page is the metrics page. Its methods may be called from several goroutines.
type Page struct {
	own     *own
	log     *slog.Logger
	current atomic.Pointer[snapshot]

	// mu serializes rendering; reading the page does not take it.
	mu sync.Mutex
	// reading guards old, the pages before the current one that scrapes still write from,
	// the oldest first.
	reading sync.Mutex
	old     []*snapshot

	settings *settings
	counts   iter.Seq[history.Counts] // nil before the first Update
	stored   Stored
}

// New returns a page without repositories. The exporter's own metrics that
// follow them are those of reg, to which the page adds its own: the gauge
// huggingface_exporter_repos_over_limit and the counter
// huggingface_exporter_metrics_page_errors_total. It returns an error if
// options are wrong or reg has such metrics already.
func New(o Options, reg *prometheus.Registry, log *slog.Logger) (*Page, error) {
	s, err := o.settings()
	if err != nil {
		return nil, err
	}
	p := &Page{own: newOwn(reg, log), log: log, settings: s}
	p.current.Store(newSnapshot(func(func(history.Counts) bool) {}, Stored{}, s))
	over := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "huggingface_exporter_repos_over_limit",
		Help: "Repositories that are not on the metrics page because it is full" +
			" (metrics.max_repos). The repositories with the most downloads are on it.",
	}, func() float64 { return float64(p.current.Load().over) })
	for _, c := range []prometheus.Collector{over, p.own.errors} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("registering the metrics of the metrics page: %w", err)
		}
	}
	return p, nil
}

// Update renders the page anew from counts, which come ordered by Repo.Compare, and
// what is stored of organizations and groups, and puts it in the place of the one before. When
// it returns, every scrape that begins sees the new page.
//
// The page keeps counts to read them again: when options change, and for the
// first client that asks for protobuf. So they have to be repeatable, the same
// each time, and readable from several goroutines at once.
func (p *Page) Update(counts iter.Seq[history.Counts], stored Stored) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts, p.stored = counts, stored
	p.render()
}

// SetOptions changes what the page shows and renders it anew from the counts of
// the last Update. On an error nothing changes.
func (p *Page) SetOptions(o Options) error {
	s, err := o.settings()
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settings = s
	if p.counts != nil {
		p.render()
	}
	return nil
}

func (p *Page) render() {
	before := p.current.Load()
	now := newSnapshot(p.counts, p.stored, p.settings)
	p.replace(before, now)
	if now.over > 0 && before.over == 0 {
		p.log.Warn("more repositories than metrics.max_repos: those with the fewest downloads are not on the metrics page;"+
			" raise metrics.max_repos, or filter with metrics.include and metrics.exclude",
			"max_repos", p.settings.maxRepos, "repos_over_limit", now.over)
	}
}

// maxOld bounds the memory in bytes of pages before the current one and the one before that:
// scrapes that still write from others are ended.
const maxOld = 64 << 20

// replace puts now in the place of before.
func (p *Page) replace(before, now *snapshot) {
	p.reading.Lock()
	defer p.reading.Unlock()
	p.current.Store(now)
	if before.readers > 0 {
		p.old = append(p.old, before)
	}
	held := int64(0)
	for _, s := range slices.Backward(p.old) {
		if held += s.size(); held > maxOld && s != before {
			s.drop()
		}
	}
}

// enter returns the current page for a scrape, which has to leave it.
func (p *Page) enter() *snapshot {
	p.reading.Lock()
	defer p.reading.Unlock()
	s := p.current.Load()
	s.readers++
	return s
}

func (p *Page) leave(s *snapshot) {
	p.reading.Lock()
	defer p.reading.Unlock()
	if s.readers--; s.readers == 0 {
		p.old = slices.DeleteFunc(p.old, func(o *snapshot) bool { return o == s })
	}
}

// WriteTo writes the whole page in the Prometheus text format 0.0.4, the
// exporter's own metrics included: to look at it. A Pusher pushes it. It returns the
// number of bytes written and the first error of w.
func (p *Page) WriteTo(w io.Writer) (int64, error) {
	var written int64
	for b := range p.current.Load().text.plain() {
		n, err := w.Write(b)
		written += int64(n)
		if err != nil {
			return written, err
		}
	}
	var buf bytes.Buffer
	p.own.append(&buf, expfmt.FmtText, nil)
	n, err := buf.WriteTo(w)
	return written + n, err
}
