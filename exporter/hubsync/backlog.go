package hubsync

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
)

// Backlog keeps listings that could not be stored, until they can: nobody can ask the
// Hub again for what it told then. It is bounded, and in memory or in a folder.
type Backlog struct {
	dir  string
	most int64
	log  *slog.Logger

	queued, dropped prometheus.Counter

	mu    sync.Mutex
	bytes int64
	byOrg map[string][]*waiting // by lower case name, as they were told
}

// waiting is a listing of an organisation that waits to be stored.
type waiting struct {
	org   string
	asOf  history.AsOf
	bytes int64
	// all is the listing, if it is not in a file.
	all  []hub.Listing
	file string
}

// ErrBacklogFull says that there is no room for a listing.
var ErrBacklogFull = errors.New("there is no room for it among what waits to be stored")

// NewBacklog returns a backlog of at most so many bytes. With a folder, which is made if
// it is not there, it begins with what an earlier process left there.
func NewBacklog(dir string, most int64, reg prometheus.Registerer, log *slog.Logger) (*Backlog, error) {
	const prefix = "huggingface_exporter_collection_queue_"
	b := &Backlog{
		dir: dir, most: most, log: log, byOrg: make(map[string][]*waiting),
		queued: prometheus.NewCounter(prometheus.CounterOpts{
			Name: prefix + "queued_total", Help: "Listings that could not be stored at once and were kept to be stored later.",
		}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: prefix + "dropped_total", Help: "Listings that could not be stored and found no room to be kept: what they told is lost.",
		}),
	}
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: prefix + name, Help: help}, value)
	}
	for _, c := range []prometheus.Collector{
		b.queued, b.dropped,
		gauge("listings", "Listings that wait to be stored.", func() float64 { n, _ := b.Size(); return float64(n) }),
		gauge("bytes", "Size of the listings that wait to be stored.", func() float64 { _, n := b.Size(); return float64(n) }),
	} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("registering metrics: %w", err)
		}
	}
	if dir == "" {
		return b, nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("the folder of what waits to be stored: %w", err)
	}
	found, err := listSpool(dir, log)
	if err != nil {
		return nil, fmt.Errorf("the folder of what waits to be stored: %w", err)
	}
	for _, w := range found {
		b.insert(w)
	}
	if n, size := b.Size(); n > 0 {
		log.Info("Listings of an earlier run wait to be stored", "listings", n, "bytes", size)
	}
	return b, nil
}

// insert puts w where it belongs. b.mu is held, or nobody else knows b.
func (b *Backlog) insert(w *waiting) {
	key := strings.ToLower(w.org)
	b.bytes += w.bytes
	b.byOrg[key] = append(b.byOrg[key], w)
	slices.SortStableFunc(b.byOrg[key], func(x, y *waiting) int { return int(x.asOf - y.asOf) })
}

// Size returns how many listings wait, and how large they are.
func (b *Backlog) Size() (listings int, bytes int64) {
	if b == nil {
		return 0, 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range b.byOrg {
		listings += len(w)
	}
	return listings, b.bytes
}

// Durable reports whether what waits outlives the process.
func (b *Backlog) Durable() bool { return b.dir != "" }

// holds reports whether a listing of an organisation waits.
func (b *Backlog) holds(org string) bool { return b != nil && b.first(org) != nil }

// first returns the oldest listing of an organisation that waits, nil if none does.
func (b *Backlog) first(org string) *waiting {
	b.mu.Lock()
	defer b.mu.Unlock()
	if of := b.byOrg[strings.ToLower(org)]; len(of) > 0 {
		return of[0]
	}
	return nil
}

// add keeps a listing.
func (b *Backlog) add(org string, asOf history.AsOf, all []hub.Listing) error {
	w := &waiting{org: org, asOf: asOf, all: all}
	for i := range all {
		const each = 200 // of a Listing and its strings, without their bytes
		w.bytes += int64(each + len(all[i].Repo.Name) + len(all[i].HubID))
	}
	if b.dir != "" {
		if err := w.spool(b.dir); err != nil {
			b.dropped.Inc()
			return fmt.Errorf("keeping it to be stored later: %w", err)
		}
		w.all = nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bytes+w.bytes > b.most {
		w.forget(b.log)
		b.dropped.Inc()
		return fmt.Errorf("%w: expected at most %d bytes, got %d more than that", ErrBacklogFull, b.most, b.bytes+w.bytes-b.most)
	}
	b.queued.Inc()
	b.insert(w)
	return nil
}

// done lets go a listing that was stored.
func (b *Backlog) done(w *waiting) {
	w.forget(b.log)
	b.mu.Lock()
	defer b.mu.Unlock()
	key := strings.ToLower(w.org)
	before := len(b.byOrg[key])
	b.byOrg[key] = slices.DeleteFunc(b.byOrg[key], func(x *waiting) bool { return x == w })
	if len(b.byOrg[key]) < before {
		b.bytes -= w.bytes
	}
}
