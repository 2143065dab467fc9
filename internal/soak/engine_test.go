package soak

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/engine"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/victoriatest"
)

// overEngine is a history in a VictoriaMetrics, and what it has to be.
type overEngine struct {
	*testing.T
	vm    *victoriatest.Node
	data  string
	store engine.Engine
	model *memtable.Store
	rng   *rand.Rand
	day   history.Day
}

func newOverEngine(t *testing.T, seed uint64) *overEngine {
	t.Helper()
	c := &overEngine{T: t, data: filepath.Join(t.TempDir(), "vm"), model: memtable.NewStore(), rng: rand.New(rand.NewPCG(seed, 1)), day: 20000}
	var err error
	if c.vm, err = victoriatest.NewSingle(t, c.data); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.vm.Kill)
	c.store = c.open(true)
	return c
}

// open opens the history as serve does with keep, else as a command does.
func (c *overEngine) open(keep bool) engine.Engine {
	c.Helper()
	text := fmt.Sprintf("storage: {engine: victoriametrics, victoriametrics: {insert_url: %q, flush_url: %q, retry_for: 1m}}", c.vm.URL, c.vm.URL+"/internal/force_flush")
	conf, err := config.Parse("c.yaml", []byte(text))
	if err != nil {
		c.Fatal(err)
	}
	e, err := engine.Open(c.Context(), engine.Options{Storage: conf.Storage, Cache: keep, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { e.Close() })
	return e
}

// batch returns a function that makes the next day's export and listing of an organization.
func (c *overEngine) batch() func() history.Batch {
	org := c.rng.IntN(3)
	c.day++
	v := history.Version{Source: history.Published, AsOf: history.AsOfTime(c.day.Time().Add(30 * time.Hour))}
	var records []history.Record
	var meta []history.RepoMeta
	for i := range 20 {
		r := history.Repo{Type: history.Model, Name: fmt.Sprintf("org%d/m%d", org, i)}
		total := int64(1000*(c.day-20000)) + int64(i)
		records = append(records, history.Record{Repo: r, Total: total, Day: c.day, Downloads: int64(c.rng.IntN(1000))})
		m := history.NewRepoMeta(r)
		m.Likes, m.LastMonth, m.ListedAsOf = int64(c.day-20000), int64(i), v.AsOf
		meta = append(meta, m)
	}
	return func() history.Batch { return history.Batch{Rows: history.RowsOf(v, records...), Meta: meta} }
}

// append appends a batch, again as long as it is refused, as a collector does.
func (c *overEngine) append(b func() history.Batch) {
	c.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		_, err := c.store.Append(c.Context(), b())
		if err == nil {
			break
		}
		if time.Now().After(end) {
			c.Fatalf("an append was refused for %s: %v", patience, err)
		}
	}
	if _, err := c.model.Append(c.Context(), b()); err != nil {
		c.Fatal(err)
	}
}

// facts are the records, readings and metadata of a history, as texts.
func (c *overEngine) facts(s interface {
	history.Reader
	history.Appender
}) (out []string, err error) {
	for rows, err := range s.Records(c.Context(), history.RecordsQuery{Order: history.OrderRepo}) {
		if err != nil {
			return nil, err
		}
		for i := range rows.Len() {
			r := rows.Record(i)
			out = append(out, fmt.Sprint(r.Repo, r.Day, r.Downloads, r.Total))
		}
	}
	for r, err := range s.Readings(c.Context(), history.ReadingsQuery{}) {
		if err != nil {
			return nil, err
		}
		out = append(out, fmt.Sprintf("%+v", r))
	}
	for m, err := range s.Meta(c.Context(), history.MetaQuery{}) {
		if err != nil {
			return nil, err
		}
		out = append(out, fmt.Sprintf("%+v", m))
	}
	return out, nil
}

// differs says what is other than in the model, "" for nothing.
func (c *overEngine) differs(s engine.Engine) string {
	c.Helper()
	want, err := c.facts(modelOf{c.model})
	if err != nil {
		c.Fatal(err)
	}
	got, err := c.facts(s)
	if err != nil {
		return err.Error()
	}
	if slices.Equal(got, want) {
		return ""
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("%d facts of %d; the first other one is %s, expected %s", len(got), len(want), got[i], want[i])
		}
	}
	return fmt.Sprintf("%d facts of %d", len(got), len(want))
}

// modelOf is the model as what stores.
type modelOf struct{ *memtable.Store }

func (modelOf) Refresh(context.Context) (bool, error) { return false, nil }

// untilWhole refreshes until all that was acknowledged is there, for who appended it and for
// who comes later. It returns how long that took.
func (c *overEngine) untilWhole(what string) time.Duration {
	c.Helper()
	start, differs := time.Now(), ""
	for ; time.Since(start) < 30*time.Second; time.Sleep(20 * time.Millisecond) {
		if _, err := c.store.Refresh(c.Context()); err != nil {
			differs = err.Error()
			continue
		}
		if differs = c.differs(c.store); differs == "" {
			if differs = c.differs(c.open(false)); differs == "" {
				return time.Since(start)
			}
		}
	}
	c.Fatalf("%s: what was acknowledged is not there: %s\n%+v", what, differs, c.store.Setbacks())
	return 0
}

// TestVictoriaMetricsKill kills the engine while something is appended to it, while it is looked
// at, and while an export is read. What was acknowledged is there afterwards, and no export
// lacks anything.
func TestVictoriaMetricsKill(t *testing.T) {
	begin := time.Now()
	c := newOverEngine(t, 7)
	kills := size(6, 200)
	phases := map[string]int{}
	refused := 0
	var longest time.Duration
	for kill := range kills {
		c.append(c.batch())
		phase := []string{"append", "refresh", "export"}[c.rng.IntN(3)]
		phases[phase]++
		after := time.Duration(c.rng.IntN(200)) * time.Millisecond
		if *long && kill%20 == 0 {
			after += 6 * time.Second // what was taken is on its disk then
		}
		reader := c.open(false)
		if _, err := reader.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		var killed sync.WaitGroup
		killed.Go(func() {
			time.Sleep(after)
			c.vm.Kill()
			if err := c.vm.Start(); err != nil {
				t.Error(err)
			}
		})
		over := make(chan struct{})
		go func() { killed.Wait(); close(over) }()
		switch phase {
		case "append":
			c.append(c.batch())
		case "refresh":
			for running := true; running; {
				select {
				case <-over:
					running = false
				default:
					_, _ = c.store.Refresh(t.Context()) // it may be away
				}
			}
		case "export":
			for running := true; running; {
				select {
				case <-over:
					running = false
				default:
				}
				want, err := history.Collect(c.model.Records(t.Context(), history.RecordsQuery{}))
				if err != nil {
					t.Fatal(err)
				}
				// It may be refused. What it has lost is missing in the sums, too, until the
				// owner writes it back: that is what Setbacks tells.
				got, err := history.Collect(reader.Records(t.Context(), history.RecordsQuery{}))
				switch {
				case err != nil:
					refused++
				case !slices.Equal(got, want) && running && reader.Setbacks().Missing == nil:
					t.Errorf("kill %d: an export of %d records of %d, and nothing is said to be missing", kill, len(got), len(want))
				}
			}
		}
		<-over
		longest = max(longest, c.untilWhole(fmt.Sprintf("kill %d, during %s", kill, phase)))
		if t.Failed() {
			return
		}
	}
	s := c.store.Setbacks()
	stats, err := c.store.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	figures(t, begin, "%d kills: %d during appends, %d while it was looked at, %d during exports; %d records, 0 acknowledged lost; "+
		"%d times the engine had lost appends, %d times they were written back; %d exports refused; whole again after %s at most",
		kills, phases["append"], phases["refresh"], phases["export"], stats.Records, s.Times, s.Restored, refused, longest.Round(time.Millisecond))
}
