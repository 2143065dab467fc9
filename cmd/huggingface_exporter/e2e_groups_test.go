package main

import (
	"os"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// A scheduler that runs collect has what the collections of groups contain for the commands
// that only read, and keeps it while the Hub does not say.
func TestGroups(t *testing.T) {
	t.Parallel()
	c := newCollects(t)
	c.org("massive", fakehub.Team)
	collection := c.hub.AddCollection("massive", "title", c.hub.Repo(history.Dataset, "massive/d"))
	c.config("name: massive")
	if err := os.WriteFile(c.path("c.yaml"), []byte(c.read("c.yaml")+"groups:\n- {name: models, repos: ['model:massive/*']}\n- {name: picked, collections: ["+collection.Slug()+"]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	stdout, _ := c.collect(0)
	if want := "collection " + collection.Slug() + ": 1 repository\n"; !strings.HasSuffix(stdout, want) {
		t.Errorf("expected %s, got %s", want, stdout)
	}
	const header, day = "repoType,repoName,total,timestamp,downloads\n", "dataset,massive/d,5,2024-10-04T00:00:00.000Z,5\n"
	c.expectOutput(header+day, "export", "--config.file=c.yaml", "--group=picked")
	if got := c.ok("overview", "--config.file=c.yaml"); !strings.Contains(got, "\nmodels      1     30        30 ") || !strings.Contains(got, "\npicked      1      5         5 ") {
		t.Errorf("expected both groups, got\n%s", got)
	}
	c.refused(nil, []string{`group: expected models or picked, got "x"`}, "export", "--config.file=c.yaml", "--group=x")
	c.refused(nil, []string{"the configuration has none"}, "export", "--group=picked")

	collection.Delete()
	if _, stderr := c.collect(1); !strings.Contains(stderr, "their last known repositories stay in the groups") || !strings.Contains(stderr, "check the slug in groups") {
		t.Errorf("expected a hint, got %s", stderr)
	}
	c.expectOutput(header+day, "export", "--config.file=c.yaml", "--group=picked")
}
