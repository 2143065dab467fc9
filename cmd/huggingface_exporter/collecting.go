package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/version"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/collect"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
)

// orgCollectors makes the collectors that a configuration asks for. Those that it
// made share a clock and, by token, the Hub's rate limits.
type orgCollectors struct {
	log      *slog.Logger
	store    collect.Store
	metrics  *collect.Metrics
	clock    *collect.Clock
	limiters *hub.Limiters
}

func newOrgCollectors(store collect.Store, reg prometheus.Registerer, log *slog.Logger) *orgCollectors {
	return &orgCollectors{
		log:      log,
		store:    store,
		metrics:  collect.NewMetrics(reg),
		clock:    collect.NewClock(log),
		limiters: hub.NewLimiters(),
	}
}

// jobs returns the job of each organisation.
func (c *orgCollectors) jobs(h *config.Hub) ([]collect.Job, error) {
	endpoint, err := hub.ResolveEndpoint(h.Endpoint, os.Getenv)
	if err != nil {
		return nil, err
	}
	var jobs []collect.Job
	for _, o := range h.Organizations {
		source, err := collect.ParseSource(o.Source)
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
		jobs = append(jobs, collect.Job{
			Org:       o.Name,
			Interval:  time.Duration(o.Interval),
			Collector: collect.NewCollector(o.Name, source, client, c.clock, c.store, c.log),
			Key:       endpoint.String() + " " + h.Fingerprint(o),
		})
	}
	return jobs, nil
}

// collecting runs the collectors of serve, from the moment on that the store is
// loaded, and follows the configuration.
type collecting struct {
	*orgCollectors
	manager *collect.Manager

	mu     sync.Mutex
	ctx    context.Context // nil until it runs
	wanted []collect.Job
}

func newCollecting(c *orgCollectors) *collecting {
	return &collecting{orgCollectors: c, manager: collect.NewManager(c.metrics, c.log)}
}

// set makes jobs those that run, now or once start was called.
func (c *collecting) set(jobs []collect.Job) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wanted = jobs
	if c.ctx != nil {
		c.manager.Set(c.ctx, jobs)
	}
}

// start begins to collect. Collecting ends with ctx.
func (c *collecting) start(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ctx = ctx
	c.manager.Set(ctx, c.wanted)
}
