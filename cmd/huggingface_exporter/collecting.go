package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/version"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync"
)

// orgCollectors makes the collectors that a configuration asks for. Those that it
// made share a clock and, by token, the Hub's rate limits.
type orgCollectors struct {
	log      *slog.Logger
	store    history.Appender
	metrics  *hubsync.Metrics
	clock    *hubsync.Clock
	limiters *hub.Limiters
	reg      prometheus.Registerer
	shard    hubsync.Shard
	backlog  *hubsync.Backlog // nil until it is opened
}

// openBacklog makes the place for what cannot be stored. That of the first
// configuration stays.
func (c *orgCollectors) openBacklog(s *config.Storage) error {
	if c.backlog != nil || s.QueueBytes == 0 {
		return nil
	}
	b, err := hubsync.NewBacklog(s.Queue(), int64(s.QueueBytes), c.reg, c.log)
	c.backlog = b
	return err
}

func newOrgCollectors(store history.Appender, reg prometheus.Registerer, shard hubsync.Shard, log *slog.Logger) *orgCollectors {
	return &orgCollectors{
		log:      log,
		store:    store,
		metrics:  hubsync.NewMetrics(reg),
		clock:    hubsync.NewClock(log),
		limiters: hub.NewLimiters(),
		reg:      reg,
		shard:    shard,
	}
}

// jobs returns the job of each organisation that the shard collects.
func (c *orgCollectors) jobs(h *config.Hub) ([]hubsync.Job, error) {
	endpoint, err := hub.ResolveEndpoint(h.Endpoint, os.Getenv)
	if err != nil {
		return nil, err
	}
	var jobs []hubsync.Job
	for _, o := range h.Organizations {
		if !o.Split && !c.shard.HasOrg(o.Name) {
			continue
		}
		source, err := hubsync.ParseSource(o.Source)
		if err != nil {
			return nil, fmt.Errorf("organisation %s: source: %w", o.Name, err)
		}
		client := hub.New(hub.Options{
			Endpoint:  endpoint,
			Token:     func() (hub.Token, error) { return h.TokenOf(o, os.Getenv) },
			UserAgent: hub.UserAgent(version.Version),
			Timeouts: hub.Timeouts{
				Connect: time.Duration(h.Timeouts.Connect),
				TLS:     time.Duration(h.Timeouts.Connect),
				Headers: time.Duration(h.Timeouts.Headers),
				Idle:    time.Duration(h.Timeouts.Idle),
			},
			MaxResponseBytes: int64(h.MaxResponseBytes),
			Limiters:         c.limiters,
			Hooks:            c.metrics.Hooks(c.clock),
			Logger:           c.log,
		})
		collector := hubsync.NewCollector(o.Name, source, client, c.clock, c.store, c.log)
		collector.Keep(c.backlog)
		if o.Split {
			collector.Split(c.shard)
		}
		jobs = append(jobs, hubsync.Job{
			Org:       o.Name,
			Interval:  time.Duration(o.Interval),
			Collector: collector,
			Key:       endpoint.String() + " " + h.Fingerprint(o),
		})
	}
	return jobs, nil
}

// collecting runs the collectors of serve, from the moment on that the store is
// loaded, and follows the configuration.
type collecting struct {
	*orgCollectors
	manager *hubsync.Manager

	mu     sync.Mutex
	ctx    context.Context // nil until it runs
	wanted []hubsync.Job
}

func newCollecting(c *orgCollectors) *collecting {
	return &collecting{orgCollectors: c, manager: hubsync.NewManager(c.metrics, c.log)}
}

// set makes jobs those that run, now or once start was called.
func (c *collecting) set(jobs []hubsync.Job) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wanted = jobs
	if c.ctx != nil {
		c.manager.Set(c.ctx, jobs)
	}
}

// stop ends collecting, and says what is lost with it.
func (c *collecting) stop(log *slog.Logger) {
	c.manager.Stop()
	if n, bytes := c.backlog.Size(); n > 0 && !c.backlog.Durable() {
		log.Error("Listings that could not be stored are lost; with storage.queue_path they would be kept", "listings", n, "bytes", bytes)
	}
}

// start begins to collect, unless it has begun. Collecting ends with ctx.
func (c *collecting) start(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx != nil {
		return
	}
	c.ctx = ctx
	c.manager.Set(ctx, c.wanted)
}

// shardFlags say which share of the organisations is collected.
type shardFlags struct{ index, count *int }

func addShardFlags(cmd *kingpin.CmdClause) shardFlags {
	return shardFlags{
		index: cmd.Flag("shard.index", "Which share of the organisations to collect, from 0.").Default("0").Int(),
		count: cmd.Flag("shard.count", "How many processes share the organisations, each with an index of its own.").Default("1").Int(),
	}
}

func (f shardFlags) shard() (hubsync.Shard, error) {
	s := hubsync.Shard{Index: *f.index, Count: *f.count}
	if err := s.Check(); err != nil {
		return s, fmt.Errorf("--%w", err)
	}
	return s, nil
}
