package connection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// load reads the export of the organization. It returns old if nothing changed
// since; old is nil before the first load.
func (c *hubConnection) load(ctx context.Context, old *memtable.Table) (*memtable.Table, error) {
	export, err := c.client.PublisherAnalytics(ctx, c.organization, c.validators)
	if errors.Is(err, hub.ErrNotModified) {
		return old, nil
	}
	if err != nil {
		return nil, err
	}
	c.reading.Store(export)
	defer c.reading.Store(nil)
	defer export.Close()
	// A newer export is newer, even if the clock was set back meanwhile.
	asOf := max(history.AsOfTime(time.Now()), c.asOf+1)
	rows := export.Rows(history.Version{Source: history.Published, AsOf: asOf}, history.DayOf(asOf.Time())+1)
	table, err := memtable.BuildLimited(ctx, rows, nil, c.memoryLimit)
	if err != nil {
		return nil, err
	}
	if old != nil {
		if err := c.believe(old, table); err != nil {
			return nil, err
		}
		if table, err = succeed(ctx, old, table); err != nil {
			return nil, err
		}
	}
	for _, notice := range export.Notes.Notices() {
		c.log.Warn("The export of the Hub was loaded, with a notice", "notice", c.secrets.redact(notice))
	}
	c.asOf, c.validators = asOf, export.Validators
	return table, nil
}

// shrunkError is an export that may have been cut where it was made: it looks like
// a whole one. before and now are how many records the last one had and it has.
type shrunkError struct{ before, now int64 }

func (e *shrunkError) Error() string {
	return fmt.Sprintf("expected about the %d records of the export before, got %d", e.before, e.now)
}

// believe refuses an export that lost much of the one before. An empty one never replaces
// one that was not.
func (c *hubConnection) believe(old, table *memtable.Table) error {
	before, now := old.NumRecords(), table.NumRecords()
	if c.doubt.RefusesExport(now, before) || now == 0 && before > 0 {
		return &shrunkError{before, now}
	}
	return nil
}

// succeed puts table in the place of old. An export is the whole history: what it
// no longer has was deleted or has another name, and kept beside the new name
// would be counted twice. So the days are those of the new export alone, and memory
// holds one export, however often it was refreshed. What is carried over is what
// no export has, for the repositories that are still there: the readings of earlier
// ones, which say how much the Hub has removed so far.
func succeed(ctx context.Context, old, table *memtable.Table) (*memtable.Table, error) {
	present := make(map[history.Repo]bool, table.NumRepos())
	for s := range table.Meta() {
		present[s.Repo] = true
	}
	carried, err := memtable.BuildBatch(ctx, history.Batch{Readings: func(yield func(history.Reading, error) bool) {
		for r, err := range old.Readings(ctx, history.ReadingsQuery{}) {
			if (err != nil || present[r.Repo]) && !yield(r, err) {
				return
			}
		}
	}})
	if err != nil {
		return nil, err
	}
	return table.Union(carried), nil
}

// start begins to load, at the first call.
func (c *hubConnection) start() {
	c.startOnce.Do(func() {
		c.set(func(s *state) { s.loading, s.since = true, time.Now() })
		c.ended.Go(c.run)
	})
}

// run loads again and again, until the connection is closed.
func (c *hubConnection) run() {
	for {
		c.set(func(s *state) {
			s.loading, s.since, s.next = true, time.Now(), time.Time{}
			c.schedule.ClearWake()
		})
		if !c.schedule.Wait(c.ctx, c.once()) {
			return
		}
	}
}

// once loads once, makes known how that went and returns how long to wait.
func (c *hubConnection) once() time.Duration {
	began := time.Now()
	table, err := c.load(c.ctx, c.now().table)
	if c.ctx.Err() != nil {
		return 0
	}
	now := time.Now()
	took := now.Sub(began).Round(time.Millisecond)
	if err != nil {
		err = c.explain(err)
		wait := c.schedule.Failed(retryAfter(err))
		c.set(func(s *state) { s.loading, s.err, s.failed, s.next = false, err, now, now.Add(wait) })
		c.log.Error("Loading the downloads from the Hub failed; what was loaded before is shown on", "duration", took, "next", wait.Round(time.Second), "error", err)
		return wait
	}
	wait := c.schedule.Succeeded()
	c.set(func(s *state) {
		s.loading, s.err, s.next = false, nil, now.Add(wait)
		s.table, s.collected = table, began
	})
	c.log.Info("Loaded the downloads from the Hub", "duration", took, "next", wait.Round(time.Second),
		"repos", table.NumRepos(), "records", table.NumRecords(), "bytes", table.MemoryBytes())
	return wait
}

// retryAfter is how long the Hub asked to wait, 0 if it did not.
func retryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*hub.Error](err); ok {
		return e.RetryAfter
	}
	return 0
}
