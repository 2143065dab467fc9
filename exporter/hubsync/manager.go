package hubsync

import (
	"context"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Job is an organisation to be collected again and again.
type Job struct {
	Org       string
	Interval  time.Duration
	Collector *Collector
	// Key stands for all that makes this job what it is: one with another key
	// takes its place, one with the same key goes on.
	Key string
}

// Status is how an organisation's collecting stands.
type Status struct {
	Org      string
	Interval time.Duration
	// Running is set while a collection runs.
	Running bool
	// Last is the last outcome, nil before the first; LastSuccess is the end of the
	// last one that succeeded, Next when the next begins, zero while one runs.
	Last              *Outcome
	LastSuccess, Next time.Time
	// Recent are the last collections, the newest first, since this process has
	// collected the organisation as it now does.
	Recent []Past
}

// Manager runs jobs, each on a schedule of its own.
type Manager struct {
	log     *slog.Logger
	metrics *Metrics

	mu   sync.Mutex
	jobs map[string]*running
}

// NewManager returns a manager without jobs.
func NewManager(metrics *Metrics, log *slog.Logger) *Manager {
	return &Manager{log: log, metrics: metrics, jobs: make(map[string]*running)}
}

// running is a job and the goroutine it runs in.
type running struct {
	job    Job
	cancel context.CancelFunc
	done   chan struct{}
	// wake ends a pause, asked is when the Hub was asked last.
	wake  chan struct{}
	asked time.Time

	mu     sync.Mutex
	status Status
}

// Set makes jobs those that run: it starts new ones, stops those that are missing
// and replaces those whose key changed. Others go on undisturbed. It returns when
// what was stopped has stopped.
func (m *Manager) Set(ctx context.Context, jobs []Job) {
	m.mu.Lock()
	defer m.mu.Unlock()
	wanted := make(map[string]string, len(jobs))
	for _, j := range jobs {
		wanted[j.Org] = j.Key
	}
	ended := make(map[string]*running)
	for org, r := range m.jobs {
		if key, ok := wanted[org]; !ok || key != r.job.Key {
			r.cancel()
			ended[org] = r
		}
	}
	for org, r := range ended {
		<-r.done
		delete(m.jobs, org)
		m.metrics.forget(org)
	}
	for _, j := range jobs {
		if m.jobs[j.Org] == nil {
			m.jobs[j.Org] = m.start(ctx, j)
		}
	}
}

// Stop ends all jobs and waits for them.
func (m *Manager) Stop() { m.Set(context.Background(), nil) }

// Status returns how each organisation stands, by name.
func (m *Manager) Status() []Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]Status, 0, len(m.jobs))
	for _, r := range m.jobs {
		r.mu.Lock()
		out = append(out, r.status)
		r.mu.Unlock()
	}
	slices.SortFunc(out, func(a, b Status) int { return strings.Compare(a.Org, b.Org) })
	return out
}

func (m *Manager) start(ctx context.Context, j Job) *running {
	m.metrics.expect(j.Org)
	ctx, cancel := context.WithCancel(ctx)
	r := &running{job: j, cancel: cancel, done: make(chan struct{}), wake: make(chan struct{}, 1), status: Status{Org: j.Org, Interval: j.Interval}}
	go func() {
		defer close(r.done)
		m.run(ctx, r)
		j.Collector.client.CloseIdleConnections() // which would stay for a while
	}()
	return r
}

const (
	// firstWithin is how soon after the start an organisation is first collected:
	// at a moment that depends on its name, so that they do not all come at once.
	firstWithin = 10 * time.Second
	// jitter is the part by which the interval varies to either side.
	jitter = 0.1
	// firstRetry is how long after a first failure the next try begins; the pause
	// doubles up to the interval.
	firstRetry = time.Minute
)

func firstDelay(org string) time.Duration {
	h := fnv.New32a()
	h.Write([]byte(org))
	return time.Duration(uint64(h.Sum32()) * uint64(firstWithin) >> 32)
}

func jittered(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (1 + jitter*(2*rand.Float64()-1)))
}

// newRetry returns the pauses after failures.
func newRetry(interval time.Duration) backoff.BackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = min(firstRetry, interval)
	b.Multiplier = 2
	b.RandomizationFactor = jitter
	b.MaxInterval = interval
	return b
}

func (m *Manager) run(ctx context.Context, r *running) {
	retry := newRetry(r.job.Interval)
	wait := min(firstDelay(r.job.Org), r.job.Interval)
	for r.sleep(ctx, wait) {
		var ok bool
		wait, ok = m.collect(ctx, r, retry)
		if !ok {
			return
		}
	}
}

// collect collects once, makes known how that went and returns how long to wait
// for the next time. It reports false if ctx ended meanwhile, which is not an
// outcome.
func (m *Manager) collect(ctx context.Context, r *running, retry backoff.BackOff) (next time.Duration, ok bool) {
	waits := r.waits()
	var o Outcome
	if waits {
		o = r.job.Collector.Store(ctx)
	} else {
		r.asked = time.Now()
		o = r.job.Collector.Collect(ctx)
	}
	if ctx.Err() != nil {
		return 0, false
	}
	m.metrics.collected(&o)
	r.finish(&o)
	if o.OK() {
		retry.Reset()
		next = jittered(r.job.Interval)
	} else {
		next = retry.NextBackOff()
	}
	if waits || r.job.Collector.Waits() {
		next = max(min(next, r.job.Interval-time.Since(r.asked)), 0)
	}
	m.report(&o, next)
	return next, true
}

// waits reports whether what was collected last is still to be stored, and the Hub need
// not be asked again yet.
func (r *running) waits() bool {
	r.mu.Lock()
	last := r.status.Last
	r.mu.Unlock()
	return last != nil && last.Reason == ReasonStore && r.job.Collector.Waits() && time.Since(r.asked) < r.job.Interval
}

// Wake has those try again at once whose collections could not be stored.
func (m *Manager) Wake() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.jobs {
		r.mu.Lock()
		if last := r.status.Last; last != nil && last.Reason == ReasonStore {
			select {
			case r.wake <- struct{}{}:
			default: // it has been told
			}
		}
		r.mu.Unlock()
	}
}

// sleep waits for d, then marks the job as running. It reports false if ctx ended.
func (r *running) sleep(ctx context.Context, d time.Duration) bool {
	r.mu.Lock()
	r.status.Next = time.Now().Add(d)
	r.mu.Unlock()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
	case <-r.wake:
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.Running, r.status.Next = true, time.Time{}
	return true
}

func (r *running) finish(o *Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.Running, r.status.Last = false, o
	r.status.Recent = keep(r.status.Recent, o)
	select {
	case <-r.wake: // it was for what this collection did
	default:
	}
	if o.OK() {
		r.status.LastSuccess = o.Start.Add(o.Duration)
	}
}

// report writes what an operator wants to know of an outcome.
func (m *Manager) report(o *Outcome, next time.Duration) {
	log := m.log.With("org", o.Org, "from", string(o.Source), "duration", o.Duration.Round(time.Millisecond), "next", next.Round(time.Second))
	if !o.OK() {
		log.Error("Collection failed; what was collected before is served on", "reason", string(o.Reason), "err", o.Err)
		return
	}
	if o.NotModified {
		log.Info("Collected: nothing changed")
		return
	}
	log.Info("Collected", "repos", o.Repos, "records", o.Change.Records, "new", o.Change.New, "changed", o.Change.Changed, "corrected", o.Change.Corrected)
	for _, m := range o.Moved {
		log.Info("Repository moved; its history goes on under the new name", "from", m.From.String(), "to", m.To.String())
	}
	for _, r := range o.Gone {
		log.Info("Repository is gone from the Hub; its history stays", "repo", r.String())
	}
}
