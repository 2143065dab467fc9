package server

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/plausible"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/queue"
	"github.com/huggingface-exporter/huggingface_exporter/internal/hubclient"
)

// Collectors makes the collectors that a configuration asks for. They share, by token, the
// Hub's rate limits.
type Collectors struct {
	log      *slog.Logger
	store    history.Appender
	metrics  *hubsync.Metrics
	limiters *hub.Limiters
	reg      prometheus.Registerer
	shard    hubsync.Shard
	queue    *queue.Queue // nil until it is opened
	// orgs are the organizations of the configuration, in lower case.
	orgs atomic.Pointer[map[string]bool]

	// Accept has implausible answers of the Hub believed.
	Accept bool
}

// NewCollectors returns Collectors that append to a store and register their metrics.
func NewCollectors(store history.Appender, reg prometheus.Registerer, shard hubsync.Shard, log *slog.Logger) *Collectors {
	return &Collectors{
		log:      log,
		store:    store,
		metrics:  hubsync.NewMetrics(reg),
		limiters: hub.NewLimiters(),
		reg:      reg,
		shard:    shard,
	}
}

// OpenQueue opens the queue of what cannot be stored. That of the first configuration
// stays.
func (c *Collectors) OpenQueue(s *config.Storage) error {
	if c.queue != nil || s.QueueBytes == 0 {
		return nil
	}
	q, err := queue.New(s.QueuePath, int64(s.QueueBytes), c.reg, c.log)
	c.queue = q
	return err
}

// Jobs returns the job of each organization that the shard collects.
func (c *Collectors) Jobs(h *config.Hub) ([]hubsync.Job, error) {
	orgs := make(map[string]bool, len(h.Organizations))
	for _, o := range h.Organizations {
		orgs[strings.ToLower(o.Name)] = true
	}
	c.orgs.Store(&orgs)
	var jobs []hubsync.Job
	exposed := false
	for _, o := range h.Organizations {
		if !o.Split && !c.shard.HasOrg(o.Name) {
			continue
		}
		source, err := hubsync.ParseSource(o.Source)
		if err != nil {
			return nil, fmt.Errorf("organization %s: source: %w", o.Name, err)
		}
		client, err := hubclient.Options(h, o, os.Getenv)
		if err != nil {
			return nil, err
		}
		if err := hubclient.Exposed(h, o, os.Getenv); errors.Is(err, hubclient.ErrInsecure) && !exposed {
			exposed = true // said once, not for each organization
			c.log.Warn("The Hub's token is sent without TLS and can be read on the network, because hub.allow_insecure_token is set", "err", err)
		}
		// An answer for one organization dates none for another.
		clock := plausible.NewClock(c.log.With("org", o.Name))
		client.Limiters, client.Hooks, client.Logger = c.limiters, c.metrics.Hooks(clock), c.log
		options := hubsync.Options{
			Org: o.Name, Source: source, Client: hub.New(client), Clock: clock, Store: c.store, Queue: c.queue, Collected: c.collected, Accept: c.Accept, Log: c.log,
		}
		if o.Split {
			options.Shard = c.shard
		}
		jobs = append(jobs, hubsync.Job{
			Org:       o.Name,
			Interval:  time.Duration(o.Interval),
			Collector: hubsync.NewCollector(options),
			Key:       []any{client.Endpoint, h.For(o)},
		})
	}
	return jobs, nil
}

// collected reports whether an organization is one of the configuration.
func (c *Collectors) collected(org string) bool { return (*c.orgs.Load())[strings.ToLower(org)] }
