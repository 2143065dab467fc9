package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
	"github.com/huggingface-exporter/huggingface_exporter/internal/victoriatest"
)

// newCluster starts a cluster of three storage nodes.
func (r *runner) newCluster(replication int) *victoriatest.Cluster {
	r.Helper()
	c, err := victoriatest.NewCluster(r, r.TempDir(), 3, replication)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(c.Close)
	return c
}

// clusterConfig writes a configuration whose storage is a history in the cluster.
func (r *runner) clusterConfig(name string, c *victoriatest.Cluster, batch int, patience string) {
	r.Helper()
	var flush []string
	for _, u := range c.FlushURLs() {
		flush = append(flush, fmt.Sprintf("%q", u))
	}
	r.write(name+".yaml", fmt.Sprintf("storage:\n  engine: victoriametrics\n  victoriametrics:\n    insert_url: %s\n    select_url: %s\n"+
		"    flush_urls: [%s]\n    history: %s\n    batch_bytes: %d\n    timeout: %[6]s\n    retry_for: %[6]s\n",
		c.InsertURL(), c.SelectURL(), strings.Join(flush, ", "), name, batch, patience), 0)
}

// sameFile compares a file with another, which may be large.
func (r *runner) sameFile(got, want string) {
	r.Helper()
	a, b := r.read(got), r.read(want)
	if a != b {
		r.Errorf("%s has %d bytes and is not as %s, which has %d", got, len(a), want, len(b))
	}
}

// largeHistory makes in.csv, and want.csv as the embedded store gives it out. It returns the
// size of requests that a cluster gets it in, and the number of one in their midst.
func (r *runner) largeHistory() (batch, inTheMidst int) {
	r.Helper()
	repos, days, batch, inTheMidst := 200, 300, 100_000, 8 // of some sixteen requests
	if os.Getenv("CLUSTER_FULL_SIZE") != "" {              // as make cluster sets it
		repos, days, batch, inTheMidst = 2000, 900, 1_000_000, 20 // of some forty
		r.patience = time.Hour
	}
	r.write("in.csv", r.ok("generate", fmt.Sprintf("--repos=%d", repos), fmt.Sprintf("--days=%d", days)), 5)
	out, want := r.ok("import", "in.csv"), fmt.Sprintf(" records, %s, %d days: ", textenc.Repositories(repos), days)
	if !strings.Contains(out, want) {
		r.Errorf("import: got %s, want %s", out, want)
	}
	r.ok("export", "--output=want.csv")
	r.sameFile("want.csv", "in.csv")
	return batch, inTheMidst
}

// What went into a cluster comes out as from the embedded store, also if a storage node is
// killed while it comes out.
func TestClusterRoundTrip(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	batch, _ := r.largeHistory()
	c := r.newCluster(2)
	r.clusterConfig("healthy", c, batch, "10m")
	if got, want := r.ok("import", "in.csv", "--config.file=healthy.yaml"), r.ok("import", "in.csv", "--storage.path=again"); got != want {
		t.Errorf("import: got %s, want %s", got, want)
	}
	r.ok("export", "--config.file=healthy.yaml", "--output=got.csv")
	r.sameFile("got.csv", "want.csv")

	const whenItReads = 5 // the journal, the sums, the states, and then the days
	c.OnRequest("/select/", whenItReads, c.Storages[1].Kill)
	r.ok("export", "--config.file=healthy.yaml", "--output=got.csv")
	r.sameFile("got.csv", "want.csv")
	if c.Storages[1].Runs() {
		t.Error("no storage node was killed while the history was read")
	}
}

// The same with a node that is killed while the history goes in. A node that crashed in
// the midst of a write may have lost what it wrote last, so this is a cluster of its own:
// one node may.
func TestClusterRoundTripOfAKilledWriter(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	batch, inTheMidst := r.largeHistory()
	c := r.newCluster(2)
	r.clusterConfig("struck", c, batch, "10m") // those that are left have more to do
	c.OnRequest("/insert/", inTheMidst, c.Storages[0].Kill)
	r.ok("import", "in.csv", "--config.file=struck.yaml")
	if c.Storages[0].Runs() {
		t.Error("no storage node was killed while the history was written")
	}
	r.ok("export", "--config.file=struck.yaml", "--output=got.csv")
	r.sameFile("got.csv", "want.csv")
	r.ok("export", "--order=repo", "--output=want-repo.csv")
	r.ok("export", "--order=repo", "--config.file=struck.yaml", "--output=got.csv")
	r.sameFile("got.csv", "want-repo.csv")
}

// Without replication a cluster that lost a node knows a part. That is not given out as
// an export, nor written to.
func TestClusterWithoutReplication(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	c := r.newCluster(1)
	r.clusterConfig("part", c, 1_000_000, "5s")
	r.write("in.csv", r.ok("generate", "--repos=60", "--days=90"), 5)
	r.ok("import", "in.csv", "--config.file=part.yaml")
	r.ok("export", "--config.file=part.yaml", "--output=whole.csv")
	r.sameFile("whole.csv", "in.csv")
	s := r.ready("--config.file=part.yaml")

	const says = "the response would be partial, because storage nodes do not respond"
	refuse := func(args ...string) {
		t.Helper()
		r.refused(nil, []string{"reading from VictoriaMetrics", says}, append(args, "--config.file=part.yaml")...)
	}
	c.OnRequest("/select/", 5, c.Storages[2].Kill)
	refuse("export", "--output=part.csv")
	refuse("export", "--output=part.csv") // and now that it is down from the beginning
	refuse("export")
	refuse("export", "--format=parquet", "--output=part.parquet")
	refuse("overview")
	r.write("more.csv", header+"model,acme/new,5,2021-11-29T00:00:00.000Z,5\n", 1)
	refuse("import", "more.csv")
	for _, pattern := range []string{"part.csv", "part.parquet", ".part*", "*.tmp"} {
		if left, err := filepath.Glob(r.path(pattern)); err != nil || len(left) > 0 {
			t.Errorf("left behind: %q, %v", left, err)
		}
	}
	if code, body := s.get("/api/v1/records"); code/100 != 5 || strings.Contains(body, "acme/") {
		t.Errorf("records of a part: %d\n%.200s", code, body)
	}
	s.until("/-/ready says that the storage is away", func() bool {
		code, body := s.get("/-/ready")
		return code == 503 && strings.Contains(body, "the storage does not respond") && strings.Contains(body, says)
	})
	if _, err := os.Stat(r.path("data")); err == nil {
		t.Error("a folder for the embedded engine was made")
	}
}
