package soak

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/plausible"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/localstore"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// simulation is a Hub and the collecting of two organizations by serve's own schedule,
// with a store on disk, in the time of a synctest bubble: weeks take seconds.
type simulation struct {
	*testing.T
	random  *rand.Rand
	hub     *fakehub.Hub
	network *fakehub.Network
	dir     string
	// ahead is by how much the Hub's clock is ahead.
	ahead atomic.Int64

	store    *localstore.Ledger
	manager  *hubsync.Manager
	registry *prometheus.Registry
	clients  []*hub.Client

	mu sync.Mutex
	// exposed has the counters as they were last shown, most the highest total that
	// the Hub ever told.
	exposed  map[history.Repo]history.Counters
	most     map[history.Repo]int64
	restarts int
	outcomes map[string]int
}

const interval = 6 * time.Hour

// simulate runs a campaign in a bubble.
func simulate(t *testing.T, seed uint64, campaign func(*simulation)) *simulation {
	t.Helper()
	s := &simulation{
		dir: t.TempDir(), random: rand.New(rand.NewPCG(seed, 3)), outcomes: make(map[string]int),
		exposed: make(map[history.Repo]history.Counters), most: make(map[history.Repo]int64),
	}
	synctest.Test(t, func(t *testing.T) {
		s.T = t
		s.network = fakehub.NewNetwork()
		s.hub = fakehub.New(fakehub.Options{
			Now:  func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) },
			Done: func(fakehub.Request) {},
		})
		s.network.Serve("hub.test:80", s.hub)
		s.hub.AddOrg(exported, fakehub.Team)
		s.hub.AddOrg(listed, fakehub.Free)
		s.hub.AddToken(hubToken, exported, listed)
		for i := range 12 {
			r := s.hub.AddRepo(history.Model, fmt.Sprintf("%s/m%d", exported, i))
			for d := range history.Day(60) {
				r.SetDay(s.day()-1-d, s.random.Int64N(1000))
			}
			s.hub.AddRepo([]history.RepoType{history.Model, history.Dataset}[i%2], fmt.Sprintf("%s/l%d", listed, i)).SetTotal(s.random.Int64N(100000))
		}
		s.totals()
		s.start()
		campaign(s)
		s.stop()
		s.network.Close()
	})
	return s
}

// day is the day of the bubble.
func (s *simulation) day() history.Day { return history.DayOf(time.Now()) }

// watchedStore calls look after each append.
type watchedStore struct {
	*localstore.Ledger
	look func()
}

func (w watchedStore) Append(ctx context.Context, b history.Batch) (history.Change, error) {
	c, err := w.Ledger.Append(ctx, b)
	if err == nil {
		w.look()
	}
	return c, err
}

// start begins to collect, as serve does.
func (s *simulation) start() {
	s.Helper()
	log := slog.New(slog.DiscardHandler)
	var err error
	s.store, err = localstore.Open(context.Background(), s.dir, localstore.Options{})
	if err != nil {
		s.Fatal(err)
	}
	endpoint, err := hub.ParseEndpoint("http://hub.test")
	if err != nil {
		s.Fatal(err)
	}
	token, err := hub.NewToken(hubToken, "the campaign")
	if err != nil {
		s.Fatal(err)
	}
	s.registry = prometheus.NewPedanticRegistry()
	metrics, limiters := hubsync.NewMetrics(s.registry), hub.NewLimiters()
	s.manager = hubsync.NewManager(metrics, log)
	var jobs []hubsync.Job
	for org, source := range map[string]hubsync.Source{exported: hubsync.SourceAnalytics, listed: hubsync.SourceListings} {
		transport, clock := hub.NewTransport(hub.Timeouts{}), plausible.NewClock(log)
		transport.DialContext = s.network.DialContext
		client := hub.New(hub.Options{
			Endpoint: endpoint, Token: hub.StaticToken(token), Transport: transport, MaxResponseBytes: 4 << 20,
			Limiters: limiters, Hooks: metrics.Hooks(clock),
		})
		s.clients = append(s.clients, client)
		jobs = append(jobs, hubsync.Job{Org: org, Interval: interval, Key: org, Collector: hubsync.NewCollector(hubsync.Options{
			Org: org, Source: source, Client: client, Clock: clock, Store: watchedStore{s.store, s.look}, Log: log,
		})})
	}
	s.manager.Start(context.Background())
	s.manager.Set(jobs)
}

// stop ends collecting.
func (s *simulation) stop() {
	s.Helper()
	s.count()
	s.manager.Stop() // which forgets the metrics
	for _, c := range s.clients {
		c.CloseIdleConnections()
	}
	s.clients = nil
	if err := s.store.Close(); err != nil {
		s.Fatal(err)
	}
}

// count counts outcomes.
func (s *simulation) count() {
	s.Helper()
	families, err := s.registry.Gather()
	if err != nil {
		s.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			switch f.GetName() {
			case "huggingface_exporter_collection_failures_total":
				for _, l := range m.GetLabel() {
					if l.GetName() == "reason" {
						s.outcomes[l.GetValue()] += int(m.GetCounter().GetValue())
					}
				}
			case "huggingface_exporter_hub_requests_total":
				s.outcomes["requests"] += int(m.GetCounter().GetValue())
			}
		}
	}
}

// restart is a restart of serve.
func (s *simulation) restart() {
	s.Helper()
	s.stop()
	s.restarts++
	s.start()
	s.look()
}

// downloads has a day's downloads come in, and the Hub correct some of the past.
func (s *simulation) downloads() {
	today := s.day()
	for _, r := range s.hub.Repos(exported) {
		r.SetDay(today-1, s.random.Int64N(1000))
		if s.random.IntN(6) == 0 {
			r.SetDay(today-2-history.Day(s.random.IntN(50)), s.random.Int64N(1000))
		}
	}
	for _, r := range s.hub.Repos(listed) {
		r.SetTotal(r.Total() + s.random.Int64N(1000))
	}
	s.totals()
}
