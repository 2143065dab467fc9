// Package queue keeps listings that could not be stored until they can: nobody can ask the
// Hub again for what it said then.
package queue

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
)

// ErrFull says that there is no room for a listing.
var ErrFull = errors.New("the queue is full")

// Queue holds the listings of organizations that wait to be stored, in memory or in a
// directory. Its size is bounded. A nil Queue holds none.
type Queue struct {
	dir   string
	limit int64
	log   *slog.Logger

	queued, dropped prometheus.Counter

	mu    sync.Mutex
	bytes int64
	byOrg map[string][]*Listing // by lower case name, the oldest first
}

// Listing is a listing of an organization that waits.
type Listing struct {
	Org  string
	AsOf history.AsOf

	bytes int64
	repos []hub.Listing // unless they are in a file
	file  string
}

// New returns a queue of at most limit bytes. With a directory, which is made unless it
// exists, it begins with what an earlier process left there.
func New(dir string, limit int64, reg prometheus.Registerer, log *slog.Logger) (*Queue, error) {
	q := &Queue{dir: dir, limit: limit, log: log, byOrg: make(map[string][]*Listing)}
	if dir != "" {
		found, err := readDir(dir, log)
		if err != nil {
			return nil, fmt.Errorf("the directory of the queue: %w", err)
		}
		for _, l := range found {
			q.insert(l)
		}
	}
	if n, size := q.Size(); n > 0 {
		log.Info("Found queued listings of an earlier run", "listings", n, "bytes", size)
	}
	const prefix = "huggingface_exporter_collection_queue_"
	f := promauto.With(reg) // once nothing fails any more
	q.queued = f.NewCounter(prometheus.CounterOpts{
		Name: prefix + "queued_total", Help: "Listings that could not be stored and were queued.",
	})
	q.dropped = f.NewCounter(prometheus.CounterOpts{
		Name: prefix + "dropped_total", Help: "Listings that were lost because the queue was full.",
	})
	f.NewGaugeFunc(prometheus.GaugeOpts{Name: prefix + "listings", Help: "Listings in the queue."},
		func() float64 { n, _ := q.Size(); return float64(n) })
	f.NewGaugeFunc(prometheus.GaugeOpts{Name: prefix + "bytes", Help: "Size of the listings in the queue."},
		func() float64 { _, n := q.Size(); return float64(n) })
	return q, nil
}

// insert adds l in its order. q.mu is held, or nobody else knows q.
func (q *Queue) insert(l *Listing) {
	key := strings.ToLower(l.Org)
	q.bytes += l.bytes
	q.byOrg[key] = append(q.byOrg[key], l)
	slices.SortStableFunc(q.byOrg[key], func(a, b *Listing) int { return cmp.Compare(a.AsOf, b.AsOf) })
}

// Size returns how many listings wait, and how large they are.
func (q *Queue) Size() (listings int, bytes int64) {
	if q == nil {
		return 0, 0
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, waiting := range q.byOrg {
		listings += len(waiting)
	}
	return listings, q.bytes
}

// Close says what is lost with the process.
func (q *Queue) Close() {
	if n, bytes := q.Size(); n > 0 && q.dir == "" {
		q.log.Error("Queued listings are lost; set storage.queue_path to keep them across restarts", "listings", n, "bytes", bytes)
	}
}

// StateFile returns the file beside the listings for what else is to outlive the process, ""
// if there is none.
func (q *Queue) StateFile(org string) string {
	if q == nil || q.dir == "" {
		return ""
	}
	return filepath.Join(q.dir, url.PathEscape(strings.ToLower(org))+".doubts.json")
}

// First returns the oldest listing of an organization that waits, nil if none does.
func (q *Queue) First(org string) *Listing {
	if q == nil {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if waiting := q.byOrg[strings.ToLower(org)]; len(waiting) > 0 {
		return waiting[0]
	}
	return nil
}

// Add keeps a listing.
func (q *Queue) Add(org string, asOf history.AsOf, repos []hub.Listing) error {
	l := &Listing{Org: org, AsOf: asOf, repos: repos}
	for i := range repos {
		const each = 200 // of a hub.Listing and its strings, without their bytes
		l.bytes += int64(each + len(repos[i].Repo.Name) + len(repos[i].HubID))
	}
	if q.dir != "" {
		if err := l.write(q.dir); l.file == "" {
			q.dropped.Inc()
			return fmt.Errorf("queueing it: %w", err)
		} else if err != nil {
			q.log.Warn("A queued listing may not survive a power failure", "err", err)
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.bytes+l.bytes > q.limit {
		l.remove(q.log)
		q.dropped.Inc()
		return fmt.Errorf("%w: expected at most %d bytes, got %d more", ErrFull, q.limit, q.bytes+l.bytes-q.limit)
	}
	q.queued.Inc()
	q.insert(l)
	return nil
}

// Remove drops a listing, which was stored or cannot be.
func (q *Queue) Remove(l *Listing) {
	l.remove(q.log)
	q.mu.Lock()
	defer q.mu.Unlock()
	key := strings.ToLower(l.Org)
	if i := slices.Index(q.byOrg[key], l); i >= 0 {
		q.byOrg[key] = slices.Delete(q.byOrg[key], i, i+1)
		q.bytes -= l.bytes
	}
}
