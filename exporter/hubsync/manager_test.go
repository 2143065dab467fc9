package hubsync

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/plausible"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// stage is a Hub and a manager that live in the time of a synctest bubble.
type stage struct {
	t        *testing.T
	hub      *fakehub.Hub
	network  *fakehub.Network
	store    *memtable.Store
	registry *prometheus.Registry
	metrics  *Metrics
	manager  *Manager
	log      *slog.Logger
	limiters *hub.Limiters
	clients  []*hub.Client

	mu      sync.Mutex
	routes  map[fakehub.Route]int // requests that were answered
	tooMany int                   // requests over the limit
}

func newStage(t *testing.T) *stage {
	s := &stage{
		t: t, network: fakehub.NewNetwork(), store: memtable.NewStore(), limiters: hub.NewLimiters(), routes: make(map[fakehub.Route]int),
	}
	s.hub = fakehub.New(fakehub.Options{Done: s.answered})
	s.network.Serve("hub.test:80", s.hub)
	s.registry = prometheus.NewPedanticRegistry()
	s.metrics = NewMetrics(s.registry)
	s.log = slog.New(slog.DiscardHandler)
	s.manager = NewManager(s.metrics, s.log)
	s.manager.Start(context.Background())
	return s
}

func (s *stage) answered(r fakehub.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.routes[r.Route]++
	if r.Status == http.StatusTooManyRequests {
		s.tooMany++
	}
}

// answers returns how many requests on a route were answered.
func (s *stage) answers(r fakehub.Route) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.routes[r]
}

func (s *stage) job(org string, interval time.Duration, key string) Job {
	s.t.Helper()
	return s.jobFrom(SourceListings, org, interval, key)
}

func (s *stage) jobFrom(source Source, org string, interval time.Duration, key string) Job {
	s.t.Helper()
	endpoint, err := hub.ParseEndpoint("http://hub.test")
	if err != nil {
		s.t.Fatal(err)
	}
	clock := plausible.NewClock(s.log)
	transport := hub.NewTransport(hub.Timeouts{})
	transport.DialContext, transport.DisableKeepAlives = s.network.DialContext, true
	client := hub.New(hub.Options{Endpoint: endpoint, Hooks: s.metrics.Hooks(clock), MaxTries: 1, Transport: transport, Limiters: s.limiters})
	s.clients = append(s.clients, client)
	return Job{Org: org, Interval: interval, Key: key, Collector: NewCollector(Options{
		Org: org, Source: source, Client: client, Clock: clock, Store: s.store, Log: s.log,
	})}
}

func (s *stage) stop() {
	s.manager.Stop()
	for _, c := range s.clients {
		c.CloseIdleConnections()
	}
	s.network.Close()
}

func (s *stage) repos(org string, n int) {
	s.hub.AddOrg(org, fakehub.Free)
	for i := range n {
		s.hub.AddRepo(history.Model, fmt.Sprintf("%s/m%d", org, i)).SetTotal(int64(i))
	}
}

// outcomes counts the successes and failures of an organization so far.
func (s *stage) failures(org string, reason hub.Kind) float64 {
	return testutil.ToFloat64(s.metrics.failures.WithLabelValues(org, string(reason)))
}

func (s *stage) status(org string) Status {
	s.t.Helper()
	for _, st := range s.manager.Status() {
		if st.Org == org {
			return st
		}
	}
	s.t.Fatalf("no status of %s", org)
	return Status{}
}

func TestOneOrganizationNeverDelaysAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		defer s.stop()
		s.repos("good", 3)
		s.repos("bad", 3)
		s.repos("hung", 3)
		s.hub.Fail(fakehub.On{Org: "bad"}, fakehub.Always, fakehub.Status(500))
		s.hub.Fail(fakehub.On{Org: "hung"}, fakehub.Always, fakehub.StallHeaders())
		s.manager.Set([]Job{
			s.job("good", time.Hour, ""), s.job("bad", time.Hour, ""), s.job("hung", time.Hour, ""),
		})
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if st := s.status("good"); st.Last == nil || !st.Last.OK() || st.Next.IsZero() {
			t.Errorf("good was not collected within 11 seconds: %+v", st)
		}
		if st := s.status("hung"); !st.Running {
			t.Errorf("hung is not under way: %+v", st)
		}
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		if st := s.status("good"); time.Since(st.LastSuccess) > 66*time.Minute+11*time.Second {
			t.Errorf("good was last collected %v ago, want at most an interval of an hour and a tenth", time.Since(st.LastSuccess))
		}
		// After 1, 2, 4, ... 32 minutes, then once an hour.
		if n := s.failures("bad", hub.KindServer); n < 7 || n > 10 {
			t.Errorf("bad failed %v times in three hours, want 7 to 10", n)
		}
		if n := s.failures("hung", hub.KindTimeout); n == 0 {
			t.Error("hung never timed out")
		}
		s.hub.Heal()
		time.Sleep(70 * time.Minute)
		synctest.Wait()
		if st := s.status("bad"); !st.Last.OK() {
			t.Errorf("bad did not recover: %v", st.Last.Err)
		}
		// After a success the pauses begin anew.
		before := s.failures("bad", hub.KindServer)
		s.hub.Fail(fakehub.On{Org: "bad"}, fakehub.Always, fakehub.Status(500))
		time.Sleep(66*time.Minute + 8*time.Minute)
		synctest.Wait()
		if n := s.failures("bad", hub.KindServer) - before; n < 4 {
			t.Errorf("bad failed %v times more within an interval and 8 minutes, want at least 4", n)
		}
	})
}

func TestSetReplacesWhatChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		defer s.stop()
		for _, org := range []string{"stays", "changes", "goes", "comes"} {
			s.repos(org, 1)
		}
		stays := s.job("stays", 6*time.Hour, "1")
		s.manager.Set([]Job{stays, s.job("changes", 6*time.Hour, "1"), s.job("goes", 6*time.Hour, "1")})
		time.Sleep(time.Minute)
		synctest.Wait()
		before := s.status("stays")
		s.manager.Set([]Job{s.job("stays", 6*time.Hour, "1"), s.job("changes", time.Hour, "2"), s.job("comes", time.Hour, "1")})
		if after := s.status("stays"); after.Next != before.Next || after.Last != before.Last {
			t.Errorf("what did not change was disturbed: %+v, then %+v", before, after)
		}
		var orgs []string
		for _, st := range s.manager.Status() {
			orgs = append(orgs, st.Org)
		}
		if fmt.Sprint(orgs) != "[changes comes stays]" {
			t.Errorf("got jobs %v", orgs)
		}
		if n, err := testutil.GatherAndCount(s.registry, "huggingface_exporter_collection_success"); err != nil || n != 1 {
			t.Errorf("got %d series of organizations that were collected as they are now, want 1 (%v)", n, err)
		}
	})
}

const minute = time.Minute

// Every count moves before every collection, a day begins, and now and then the Hub
// fails.
func TestAnHourOfPollingGrowsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(23*time.Hour + 20*time.Minute)
		s := newStage(t)
		defer s.stop()
		orgs := []string{"a", "b", "c", "d", "e"}
		var jobs []Job
		for _, org := range orgs {
			s.repos(org, 400)
			jobs = append(jobs, s.job(org, pollEvery, ""))
		}
		s.manager.Set(jobs)
		n := int64(0)
		pass := func(d time.Duration) {
			for range int(d / pollEvery) {
				n++
				for _, org := range orgs {
					for _, r := range s.hub.Repos(org) {
						r.SetTotal(r.Total() + n%3)
					}
				}
				if n%7 == 0 {
					s.hub.Fail(fakehub.On{Org: "c"}, 1, fakehub.Reset(100))
				}
				time.Sleep(pollEvery)
			}
		}
		measure := func() (int, uint64) {
			synctest.Wait()
			runtime.GC()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return runtime.NumGoroutine(), m.HeapAlloc
		}
		pass(10 * time.Minute)
		goroutines, heap := measure()
		pass(time.Hour)
		goroutines2, heap2 := measure()
		if goroutines2 > goroutines+5 || heap2 > heap+heap/4+1<<20 {
			t.Errorf("after an hour: %d goroutines and %d bytes, were %d and %d", goroutines2, heap2, goroutines, heap)
		}
		if st := s.status("a"); !st.Last.OK() || st.Last.Repos != 400 {
			t.Errorf("got %+v", st.Last)
		}
		if got := s.store.Table().NumRecords(); got != 2000 {
			t.Errorf("%d records of the day that ended, want one of each repository", got)
		}
	})
}

// What hangs is ended at once, all of it together.
func TestStopDuringHungCollections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		defer s.stop()
		var jobs []Job
		for _, org := range []string{"a", "b", "c"} {
			s.repos(org, 1)
			jobs = append(jobs, s.job(org, time.Hour, ""))
		}
		s.hub.Fail(fakehub.On{Org: "a"}, fakehub.Always, fakehub.StallHeaders())
		s.hub.Fail(fakehub.On{Org: "b"}, fakehub.Always, fakehub.StallBody(10))
		s.manager.Set(jobs)
		time.Sleep(15 * time.Second)
		synctest.Wait()
		if !s.status("a").Running || !s.status("b").Running {
			t.Fatal("they do not hang")
		}
		begin := time.Now()
		s.manager.Stop()
		if d := time.Since(begin); d > time.Second {
			t.Errorf("it took %v", d)
		}
		if n := len(s.manager.Status()); n != 0 {
			t.Errorf("%d are left", n)
		}
		// What was stopped did not fail.
		if n := testutil.CollectAndCount(s.metrics.failures); n != 0 {
			t.Errorf("%d series of failures are left", n)
		}
	})
}

// An export and what it no longer has are stored at once: were the process killed in
// between, a renamed repository would look like a deleted one, and its history be there
// twice.
func TestAnExportIsStoredAtOnce(t *testing.T) {
	w := newWorld(t, options{plan: fakehub.Team, source: SourceAnalytics})
	day(model, "o/m", 1, 10)(w.hub)
	w.collect(2, 6)
	rename(model, "o/m", "o/n")(w.hub)
	ctx, cancel := context.WithCancel(t.Context())
	appends := 0
	w.store = stopping{w.store, func() { appends++; cancel() }}
	w.use(SourceAnalytics)
	w.now = at(3, 6).Time()
	w.collector.Collect(ctx)
	if ctx.Err() == nil {
		t.Fatal("it was not told to stop")
	}
	if got := w.exposed(); got != "o/n 10" || appends != 1 {
		t.Errorf("after %d appends exposed is\n%s", appends, got)
	}
}

// stopping calls stop once it has stored something.
type stopping struct {
	keeper
	stop func()
}

func (s stopping) Append(ctx context.Context, b history.Batch) (history.Change, error) {
	c, err := s.keeper.Append(ctx, b)
	s.stop()
	return c, err
}
