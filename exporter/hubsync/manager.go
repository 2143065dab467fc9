package hubsync

import (
	"context"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/schedule"
)

// Job is an organization to be collected again and again.
type Job struct {
	Org       string
	Interval  time.Duration
	Collector *Collector
	// Key stands for all that makes this job what it is: one with another key replaces it,
	// one with the same key goes on.
	Key any
}

// Status is how an organization's collecting stands.
type Status struct {
	Org      string
	Interval time.Duration
	// Running is set while a collection runs.
	Running bool
	// Last is the last report, nil before the first; LastSuccess is the end of the last
	// collection that succeeded, Next when the next begins, zero while one runs.
	Last              *Report
	LastSuccess, Next time.Time
	// Recent are the last collections, the newest first, since this process has
	// collected the organization as it now does.
	Recent []Past
}

// Manager runs jobs, each on a schedule of its own.
type Manager struct {
	log     *slog.Logger
	metrics *Metrics

	mu     sync.Mutex
	ctx    context.Context // of the jobs, nil before Start
	wanted []Job
	jobs   map[string]*running
}

// NewManager returns a manager without jobs.
func NewManager(metrics *Metrics, log *slog.Logger) *Manager {
	return &Manager{log: log, metrics: metrics, jobs: make(map[string]*running)}
}

// running is a job and the goroutine it runs in.
type running struct {
	job      Job
	cancel   context.CancelFunc
	done     chan struct{}
	schedule *schedule.Schedule

	mu     sync.Mutex
	status Status
}

func newRunning(j Job) *running {
	return &running{
		job: j, done: make(chan struct{}), schedule: schedule.New(j.Interval),
		status: Status{Org: j.Org, Interval: j.Interval},
	}
}

// Start begins to run the jobs, until ctx ends. Another call does nothing.
func (m *Manager) Start(ctx context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ctx == nil {
		m.ctx = ctx
		m.replace()
	}
}

// Set makes jobs those that run, as soon as Start was called: it starts new ones, stops
// those that are missing and replaces those whose key changed. Others go on undisturbed. It
// returns when what was stopped has stopped.
func (m *Manager) Set(jobs []Job) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wanted = jobs
	if m.ctx != nil {
		m.replace()
	}
}

// replace makes the wanted jobs those that run. m.mu is held.
func (m *Manager) replace() {
	keys := make(map[string]any, len(m.wanted))
	for _, j := range m.wanted {
		keys[j.Org] = j.Key
	}
	ended := make(map[string]*running)
	for org, r := range m.jobs {
		if key, ok := keys[org]; !ok || !reflect.DeepEqual(key, r.job.Key) {
			r.cancel()
			ended[org] = r
		}
	}
	for org, r := range ended {
		<-r.done
		delete(m.jobs, org)
		m.metrics.forget(org)
	}
	for _, j := range m.wanted {
		if m.jobs[j.Org] == nil {
			m.jobs[j.Org] = m.start(j)
		}
	}
}

// Stop ends all jobs and waits for them.
func (m *Manager) Stop() { m.Set(nil) }

// Status returns how each organization stands, by name.
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

func (m *Manager) start(j Job) *running {
	m.metrics.expect(j.Org)
	ctx, cancel := context.WithCancel(m.ctx)
	r := newRunning(j)
	r.cancel = cancel
	go func() {
		defer close(r.done)
		for wait, ok := r.schedule.First(j.Org), true; ok && r.wait(ctx, wait); {
			wait, ok = m.collect(ctx, r)
		}
		j.Collector.Client.CloseIdleConnections() // which would stay for a while
	}()
	return r
}

// collect collects once, makes known how that went and returns how long to wait for the
// next time. It reports false if ctx ended meanwhile, which is not an outcome.
func (m *Manager) collect(ctx context.Context, r *running) (next time.Duration, ok bool) {
	onlyStore := r.storesOnly()
	var report Report
	if onlyStore {
		report = r.job.Collector.StoreWaiting(ctx)
	} else {
		r.schedule.Asked()
		report = r.job.Collector.Collect(ctx)
	}
	if ctx.Err() != nil {
		return 0, false
	}
	m.metrics.collected(&report)
	r.finish(&report)
	if report.OK() {
		next = r.schedule.Succeeded()
	} else {
		next = r.schedule.Failed(0)
	}
	if onlyStore || r.job.Collector.Waits() {
		next = min(next, r.schedule.UntilDue())
	}
	m.logReport(&report, next)
	return next, true
}

// storesOnly reports whether what was collected last is still to be stored, and the Hub need
// not be asked again yet.
func (r *running) storesOnly() bool {
	return r.storeFailed() && r.job.Collector.Waits() && r.schedule.UntilDue() > 0
}

// storeFailed reports whether the last collection could not be stored.
func (r *running) storeFailed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status.Last != nil && r.status.Last.Reason == ReasonStore
}

// Wake has those try again at once whose collections could not be stored.
func (m *Manager) Wake() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.jobs {
		if r.storeFailed() {
			r.schedule.Wake()
		}
	}
}

// wait waits for d, then marks the job as running. It reports false if ctx ended.
func (r *running) wait(ctx context.Context, d time.Duration) bool {
	r.mu.Lock()
	r.status.Next = time.Now().Add(d)
	r.mu.Unlock()
	if !r.schedule.Wait(ctx, d) {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.Running, r.status.Next = true, time.Time{}
	return true
}

func (r *running) finish(report *Report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.Running, r.status.Last = false, report
	r.status.Recent = keep(r.status.Recent, report)
	r.schedule.ClearWake() // it was for what this collection did
	if report.OK() {
		r.status.LastSuccess = report.Start.Add(report.Duration)
	}
}

// logReport writes what an operator wants to know of a report.
func (m *Manager) logReport(r *Report, next time.Duration) {
	log := m.log.With("org", r.Org, "from", string(r.Source), "duration", r.Duration.Round(time.Millisecond), "next", next.Round(time.Second))
	if !r.OK() {
		log.Error("Collection failed; still serving earlier data", "reason", string(r.Reason), "err", r.Err)
		return
	}
	if r.NotModified {
		log.Info("Collected; nothing changed")
		return
	}
	if r.Note != "" {
		log.Warn("Parts of the Hub's response are implausible", "reason", string(r.Implausible), "err", r.Note)
	}
	if o := r.Others; o.Stored+o.LeftOut > 0 {
		log.Warn("The Hub's response contains repositories of other organizations; those of collected organizations are ignored",
			"rows_stored", o.Stored, "left_out", o.LeftOut, "without_organization", o.Legacy)
	}
	log.Info("Collected", "repos", r.Repos, "records", r.Change.Records, "new", r.Change.New, "changed", r.Change.Changed, "removed", r.Change.Removed)
	for _, m := range r.Moved {
		log.Info("Repository was renamed; its history continues under the new name", "from", m.From.String(), "to", m.To.String())
	}
	for _, repo := range r.Gone {
		log.Info("Repository is no longer on the Hub; its history is kept", "repo", repo.String())
	}
}
