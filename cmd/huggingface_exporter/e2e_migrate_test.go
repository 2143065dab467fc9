package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// A history with corrections, observed and estimated days, a renamed repository and one
// that is gone goes to VictoriaMetrics and back, and is the same.
func TestMigrate(t *testing.T) {
	t.Parallel()
	c := newCollects(t)
	u, _ := c.storageEngine()
	c.org("massive", fakehub.Team)
	c.org("globex", fakehub.Free)
	c.config("name: massive", "name: globex", "name: duff")
	c.org("duff", fakehub.Free)
	storage := fmt.Sprintf("storage:\n  victoriametrics: {insert_url: %q, flush_urls: [%q]}\n", u, u)
	c.write("c.yaml", c.read("c.yaml")+storage, 1)
	const day = 24 * 60 * 60
	c.ahead.Store(-6 * day) // the Hub's answers are of the days until today
	c.collect(0)
	c.hub.Repo(history.Model, "massive/m").SetDay(20000, 4).SetDay(20002, 7) // taken back, and more
	c.hub.Repo(history.Model, "globex/m").SetTotal(90)
	c.ahead.Add(day)
	c.collect(0)
	c.hub.Repo(history.Model, "globex/m").Rename("globex/renamed")
	c.hub.Repo(history.Dataset, "duff/d").Delete()
	c.hub.Repo(history.Model, "globex/renamed").SetTotal(200)
	c.ahead.Add(3 * day)
	c.collect(0)
	c.write("big.csv", c.ok("generate", "--repos=40", "--days=60"), 5)
	c.ok("import", "big.csv")

	all := func(args ...string) string {
		return c.ok(append([]string{"export"}, args...)...) + c.ok(append([]string{"overview"}, args...)...)
	}
	embedded := all()
	c.write("v.yaml", "storage:\n  engine: victoriametrics\n"+strings.TrimPrefix(storage, "storage:\n"), 1)
	if got := all("--config.file=v.yaml"); got == embedded {
		t.Fatal("the engines hold the same before anything is moved")
	}
	migrate := func(args ...string) []string { return append([]string{"migrate", "--config.file=c.yaml"}, args...) }
	c.refused(nil, []string{"the histories differ", "got\n  nothing more"}, migrate("--to=victoriametrics", "--verify-only")...)
	out := c.ok(migrate("--to=victoriametrics", "--batch=500", "--resume=far.json")...)
	if !strings.HasPrefix(out, "Both engines have the same history: 47 repositories, ") {
		t.Errorf("got %s", out)
	}
	if _, err := os.Stat(c.path("far.json")); err == nil {
		t.Error("the file of --resume is still there")
	}
	if got := all("--config.file=v.yaml"); got != embedded {
		t.Errorf("from VictoriaMetrics\n%s\nwant\n%s", got, embedded)
	}
	c.expectOutput(out, migrate("--to=victoriametrics")...) // again
	c.expectOutput(out, migrate("--to=victoriametrics", "--verify-only")...)
	c.expectOutput(out, migrate("--to=embedded", "--storage.path=back", "--batch=700")...)
	if got := all("--storage.path=back"); got != embedded {
		t.Errorf("back again\n%s\nwant\n%s", got, embedded)
	}

	// What is collected goes on where it was, wherever that is.
	c.hub.Repo(history.Model, "globex/renamed").SetTotal(210)
	c.ahead.Add(day)
	c.write("c2.yaml", strings.Replace(c.read("c.yaml"), "storage:\n", "storage:\n  engine: victoriametrics\n", 1), 1)
	c.ok("collect", "--config.file=c2.yaml")
	c.ok("collect", "--config.file=c.yaml")
	if got, want := c.ok("export", "--config.file=v.yaml"), c.ok("export"); got != want {
		t.Errorf("collected after the move\n%s\nwant\n%s", got, want)
	}
	c.write("six.csv", sixRows, 5)
	c.ok("import", "six.csv", "--storage.path=other")
	c.refused(nil, []string{"expected an empty target history, or a part of the source, got one with"},
		migrate("--to=victoriametrics", "--storage.path=other")...)
}

// A move that breaks off is gone on with.
func TestMigrateGoesOn(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	u, stop := r.storageEngine()
	r.write("big.csv", r.ok("generate", "--repos=200", "--days=100"), 5)
	r.ok("import", "big.csv")
	r.write("v.yaml", fmt.Sprintf("storage:\n  victoriametrics: {insert_url: %q, flush_urls: [%q], retry_for: 1s}\n", u, u), 1)
	stop()
	args := []string{"migrate", "--config.file=v.yaml", "--to=victoriametrics", "--batch=1000", "--resume=far.json"}
	r.refused(nil, []string{"connection refused"}, args...)
	text := `{"version": 1, "settings": {"to": ["embedded"]}, "revision": "x", "until": "0001-01-01T00:00:00Z", "last": null}`
	r.write("far.json", text, 1)
	r.refused(nil, []string{`far.json is of a migrate with --history="", expected the same, got "default"`}, args...)
}
