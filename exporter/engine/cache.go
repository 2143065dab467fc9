package engine

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// cached is an engine elsewhere whose counts are held in memory, for the metrics page.
// They are read again by the Refresh that finds another revision.
type cached struct {
	Engine
	latest atomic.Pointer[metadata]

	mu sync.Mutex // one refresh at a time
	// next is when the counts may be read again.
	next time.Time
}

// metadata is what the metrics pages show, as of a revision.
type metadata struct {
	revision string
	counts   []history.Counts
	stats    history.Stats
}

// restFactor is how many times longer than the reading of all counts took it is not
// done again: it takes long where there are many.
const restFactor = 5

// openCached returns e once it has answered, or its first error if unreachable is nil.
func openCached(ctx context.Context, e Engine, unreachable func(error)) (Engine, error) {
	c := &cached{Engine: e}
	for {
		_, err := c.Refresh(ctx)
		switch {
		case err == nil:
			return c, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case unreachable == nil:
			return nil, err
		}
		unreachable(err)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(retryInterval):
		}
	}
}

// Refresh implements history.Appender. It reports whether the counts changed.
func (c *cached) Refresh(ctx context.Context) (changed bool, err error) {
	if _, err := c.Engine.Refresh(ctx); err != nil {
		return false, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	start := time.Now()
	now := &metadata{revision: c.Engine.Revision()}
	if was := c.latest.Load(); was != nil && (was.revision == now.revision || start.Before(c.next)) {
		return false, nil
	}
	for n, err := range c.Engine.Counts(ctx, history.Filter{}) {
		if err != nil {
			return false, err
		}
		now.counts = append(now.counts, n)
	}
	if now.stats, err = c.Engine.Stats(ctx); err != nil {
		return false, err
	}
	c.latest.Store(now)
	c.next = time.Now().Add(restFactor * time.Since(start))
	return true, nil
}

// Revision implements Engine: that of the counts.
func (c *cached) Revision() string { return c.latest.Load().revision }

// Stats implements Engine.
func (c *cached) Stats(ctx context.Context) (history.Stats, error) {
	return c.latest.Load().stats, ctx.Err()
}

// Counts implements history.Reader.
func (c *cached) Counts(ctx context.Context, f history.Filter) iter.Seq2[history.Counts, error] {
	counts := c.latest.Load().counts
	return func(yield func(history.Counts, error) bool) {
		matches := f.Matcher()
		for _, n := range counts {
			if matches(n.Repo) && !yield(n, nil) {
				return
			}
		}
	}
}
