package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// manyOrgs makes 25 organizations, one of them large, and writes c.yaml and single.yaml:
// the same with VictoriaMetrics and with the embedded engine.
func (c *collects) manyOrgs(engine string) (names []string) {
	c.Helper()
	var orgs []string
	for i := range 25 {
		name := fmt.Sprintf("org-%d", i)
		plan, settings := fakehub.Team, ""
		switch {
		case i == 0:
			plan, settings = fakehub.Free, ", source: listings, split: true"
		case i%3 == 0:
			plan = fakehub.Free
		}
		c.org(name, plan)
		if i == 0 {
			for n := range 30 {
				c.hub.AddRepo(history.Model, fmt.Sprintf("%s/m%d", name, n)).SetTotal(int64(100 + n))
			}
		}
		names = append(names, name)
		orgs = append(orgs, "name: "+name+settings)
	}
	c.config(orgs...)
	c.hub.AddToken(hubToken, names...)
	c.write("single.yaml", c.read("c.yaml"), 1)
	c.write("c.yaml", c.read("c.yaml")+fmt.Sprintf("storage:\n  engine: victoriametrics\n  victoriametrics: {insert_url: %q, flush_urls: [%q]}\n", engine, engine), 1)
	return names
}

// asked counts the collections of an organization: its first questions.
func (c *collects) asked(org string) int {
	n := 0
	for _, r := range c.hub.Requests() {
		first := r.Route == fakehub.Analytics || org == "org-0" && r.Route == fakehub.Models
		if r.Org == org && first {
			n++
		}
	}
	return n
}

// Two processes with a shard each collect all organizations, each once, into one history.
func TestShardsCollectEverythingOnce(t *testing.T) {
	t.Parallel()
	c := newCollects(t)
	engine, _ := c.storageEngine()
	names := c.manyOrgs(engine)
	c.later()
	var shards []*service
	for index := range 2 {
		shards = append(shards, c.ready("--config.file=c.yaml", "--shard.count=2", fmt.Sprintf("--shard.index=%d", index)))
	}
	of := make([]int, len(shards))
	for _, name := range names {
		c.wait(name+" to be collected", func() bool {
			for _, s := range shards {
				if s.metric(fmt.Sprintf(`huggingface_exporter_collection_success{org=%q}`, name)) == "1" {
					return true
				}
			}
			return false
		}, shards[0].log)
	}
	c.wait("the other part of org-0", func() bool { return c.asked("org-0") == 2 }, shards[1].log)
	for _, s := range shards {
		s.untilMetric(`huggingface_exporter_collection_success{org="org-0"}`, "1")
	}
	for _, name := range names {
		want := 1
		if name == "org-0" {
			want = 2 // each looks for its part
		}
		if got := c.asked(name); got != want {
			t.Errorf("%s was collected %d times, want %d", name, got, want)
		}
		for i, s := range shards {
			if s.metric(fmt.Sprintf(`huggingface_exporter_collection_success{org=%q}`, name)) != "" {
				of[i]++
			}
		}
	}
	if of[0]+of[1] != len(names)+1 || min(of[0], of[1]) < 5 {
		t.Errorf("the shards have %d organizations, want 25 and one of them twice", of)
	}
	for _, s := range shards {
		if log := s.log.String(); strings.Contains(log, "level=ERROR") {
			t.Errorf("a shard failed:\n%s", log)
		}
		s.stop()
	}
	// What one process collects alone into the embedded engine.
	c.ok("collect", "--config.file=single.yaml")
	if got, want := c.ok("export", "--config.file=c.yaml"), c.ok("export"); got != want {
		t.Errorf("the shards stored\n%s\nwant\n%s", got, want)
	}
	if got, want := c.ok("overview", "--config.file=c.yaml"), c.ok("overview"); got != want {
		t.Errorf("their overview is\n%s\nwant\n%s", got, want)
	}
}

// Processes that collect the same by mistake, at once, change nothing for each other.
func TestCollectingTheSameTwice(t *testing.T) {
	t.Parallel()
	c := newCollects(t)
	engine, _ := c.storageEngine()
	c.manyOrgs(engine)
	c.later()
	for range 2 {
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if out, errs, code := c.run(nil, "collect", "--config.file=c.yaml"); code != 0 {
					t.Errorf("exit %d\n%s%s", code, out, errs)
				}
			})
		}
		both.Wait()
		c.later()
	}
	c.ok("collect", "--config.file=single.yaml")
	if got, want := c.ok("export", "--config.file=c.yaml"), c.ok("export"); got != want {
		t.Errorf("stored\n%s\nwant\n%s", got, want)
	}
	if got, want := c.ok("overview", "--config.file=c.yaml"), c.ok("overview"); got != want {
		t.Errorf("the overview is\n%s\nwant\n%s", got, want)
	}
}

func TestShardFlags(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("c.yaml", "hub: {organizations: [{name: o}]}\n", 1)
	f := func(want string, args ...string) {
		t.Helper()
		r.refused(nil, []string{want}, append(args, "--config.file=c.yaml")...)
	}
	f("--shard.index: expected 0 to 1 for 2 shards, got 2", "collect", "--shard.count=2", "--shard.index=2")
	f("--shard.count: expected at least 1, got 0", "serve", "--shard.count=0")
}

// While VictoriaMetrics is away, from the start on and over several days and restarts,
// what the listings tell is kept, and it is stored once it is back.
func TestEngineAway(t *testing.T) {
	t.Parallel()
	c := newCollects(t)
	engine, _ := c.storageEngine()
	c.org("globex", fakehub.Free)
	c.config("name: globex")
	c.write("c.yaml", c.read("c.yaml")+fmt.Sprintf("storage:\n  engine: victoriametrics\n  queue_path: waiting\n"+
		"  victoriametrics: {insert_url: %q, flush_urls: [%q], retry_for: 1s}\n", engine, engine), 1)
	const day = 24 * 60 * 60
	c.ahead.Store(-9 * day) // the Hub's answers are of the days until today
	c.later()
	s := c.ready("--config.file=c.yaml")
	success := `huggingface_exporter_collection_success{org="globex"}`
	s.untilMetric(success, "1")
	s.expectMetric("huggingface_exporter_store_up", "1")

	// It goes while the exporter runs.
	c.engine.Stop()
	s.untilMetric("huggingface_exporter_store_up", "0")
	code, body := s.get("/-/ready")
	if code != http.StatusServiceUnavailable || !strings.Contains(body, "is not ready: the storage does not respond.") {
		t.Errorf("/-/ready without the engine: %d %s", code, body)
	}
	s.stop()

	// It is away from the start.
	for i := range 3 {
		c.ahead.Add(day)
		c.hub.Repo(history.Model, "globex/m").SetTotal(int64(40 + 10*i))
		s = c.serve("--config.file=c.yaml")
		s.untilMetric("huggingface_exporter_collection_queue_listings", fmt.Sprint(i+1))
		s.untilMetric(success, "0")
		code, body := s.get("/-/ready")
		if want := "\nQueued: " + textenc.Plural(i+1, "listing", "listings") + " ("; code != http.StatusServiceUnavailable || !strings.Contains(body, want) {
			t.Errorf("/-/ready without the engine: %d %s", code, body)
		}
		if code, body := s.get("/api/v1/overview"); code != http.StatusServiceUnavailable {
			t.Errorf("overview without the engine: %d %s", code, body)
		}
		if i < 2 {
			s.stop()
		}
	}
	if err := c.engine.Start(); err != nil {
		t.Fatal(err)
	}
	s.untilMetric("huggingface_exporter_collection_queue_listings", "0")
	s.untilMetric(success, "1")
	s.expectMetric("huggingface_exporter_store_up", "1")
	s.expectMetric("huggingface_exporter_collection_queue_dropped_total", "0")
	s.until("/-/ready answers 200", func() bool { code, _ := s.get("/-/ready"); return code == http.StatusOK })

	// Each day was observed by itself: 10, 10 and 10 downloads, and nothing estimated.
	var days []string
	for line := range strings.Lines(c.ok("export", "--config.file=c.yaml", "--repo=globex/m")) {
		days = append(days, line[strings.LastIndexByte(line, ',')+1:])
	}
	if got := strings.Join(days[1:], ""); got != "10\n10\n10\n" {
		t.Errorf("the days are\n%swant 10, 10 and 10\n%s\n%s", got, c.ok("export", "--config.file=c.yaml"), s.log)
	}
}
