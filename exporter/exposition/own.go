package exposition

import (
	"bytes"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

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
	turns    chan struct{} // a place for each gathering that may go on at once

	mu sync.Mutex
	// newest are the texts that scrapes write from, by what they are; held is the size of
	// all texts, older ones included.
	newest map[string]*ownText
	held   int64
}

// ownText is the own metrics as scrapes send them: plain and, for those that take it,
// compressed as the end of a deflate stream.
type ownText struct {
	plain, packed []byte
	key           string
	begun         time.Time // when they were gathered
	readers       int
}

func (t *ownText) size() int64 { return int64(len(t.plain) + len(t.packed)) }

// maxOwnHeld bounds the memory of texts in bytes. A scrape is answered with what was gathered
// for it, as long as slow ones do not hold more than that; beyond, with what was gathered
// last, if that was for the like of it.
const maxOwnHeld = 16 << 20

// scratch is the memory to gather and to compress in.
type scratch struct {
	own bytes.Buffer
	deflater
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// hold returns the own metrics for a scrape, which has to release them.
func (o *own) hold(format expfmt.Format, names []string, gzip bool) *ownText {
	key, asked := fmt.Sprint(format, gzip, names), time.Now()
	o.turns <- struct{}{}
	defer func() { <-o.turns }()
	if t := o.again(key, asked); t != nil {
		return t
	}
	mem := scratches.Get().(*scratch)
	defer scratches.Put(mem)
	mem.own.Reset()
	begun := time.Now()
	o.append(&mem.own, format, names)
	t := &ownText{plain: bytes.Clone(mem.own.Bytes()), key: key, begun: begun, readers: 1}
	if gzip {
		t.packed = bytes.Clone(mem.last(t.plain))
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.newest[key] = t
	o.held += t.size()
	return t
}

// again returns a text that others write from, if it was gathered since the scrape asked for
// it, so that many at once wait for one gathering, or if too much is held.
func (o *own) again(key string, asked time.Time) *ownText {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.newest[key]
	if t == nil || o.held < maxOwnHeld && !t.begun.After(asked) {
		return nil
	}
	t.readers++
	return t
}

func (o *own) release(t *ownText) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if t.readers--; t.readers > 0 {
		return
	}
	o.held -= t.size()
	if o.newest[t.key] == t {
		delete(o.newest, t.key)
	}
}

func newOwn(g prometheus.Gatherer, log *slog.Logger) *own {
	o := &own{
		gatherer: g,
		log:      log,
		turns:    make(chan struct{}, runtime.GOMAXPROCS(0)),
		newest:   make(map[string]*ownText),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "huggingface_exporter_metrics_page_errors_total",
			Help: "Failures to gather or encode the exporter's own metrics" +
				" for a scrape or push; these metrics are missing from that page.",
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
		o.log.Error("some of the exporter's own metrics are missing from the metrics page;"+
			" logged once until they are complete again", "err", err)
	}
}
