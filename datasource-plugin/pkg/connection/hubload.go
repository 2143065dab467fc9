package connection

import (
	"context"
	"errors"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/plausible"
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
	at, doubt := c.clock.Now(&c.timeDoubt, c.asOf.Time)
	if doubt != nil && !doubt.Believed {
		return nil, doubt
	}
	asOf := history.AsOfTime(at)
	if old != nil && asOf <= c.asOf {
		return old, nil // a cache has answered with what was before
	}
	rows := export.Rows(history.Version{Source: history.Published, AsOf: asOf}, history.DayOf(asOf.Time())+1)
	table, err := memtable.BuildBatch(ctx, history.Batch{Rows: rows, MaxBytes: c.memoryLimit, Notes: &export.Notes})
	if err != nil {
		return nil, err
	}
	if err := c.believe(old, table, export.Open, at); err != nil {
		return nil, err
	}
	if old != nil {
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

// believe refuses an export that is implausible, by itself or after the one before.
func (c *hubConnection) believe(old, table *memtable.Table, open bool, at time.Time) error {
	a := plausible.Answer{Records: float64(table.NumRecords()), Empty: table.NumRecords() == 0, Open: open}
	if old != nil {
		a.Had, a.Repos, a.Missing = float64(old.NumRecords()), old.NumRepos(), max(old.NumRepos()-table.NumRepos(), 0)
		before := counts(old)
		for repo, now := range counts(table) {
			if was, ok := before[repo]; ok {
				a.Compare(was, now)
			}
		}
	}
	if doubt := c.doubt.Judge(&a, at); doubt != nil && !doubt.Believed {
		return doubt
	}
	return nil
}

// counts returns the downloads of each repository.
func counts(t *memtable.Table) map[history.Repo]plausible.Counts {
	out := make(map[history.Repo]plausible.Counts, t.NumRepos())
	for _, r := range t.Repos(history.ReposQuery{}).Rows {
		out[r.Repo] = plausible.Counts{Total: float64(r.Total), Days: float64(r.Downloads)}
	}
	return out
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
	if err := c.groups.Fetch(c.ctx, func(string) *hub.Client { return c.client }, memtable.NewStoreOf(table)); err != nil && c.ctx.Err() == nil {
		c.log.Error("Collections of groups could not be fetched; their last known repositories stay in the groups", "error", err)
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
