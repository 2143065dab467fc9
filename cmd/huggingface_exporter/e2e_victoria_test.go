package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/internal/victoriatest"
)

// storageEngine starts an engine and returns its URL.
func (r *runner) storageEngine() (engineURL string, stop func()) {
	r.Helper()
	n, err := victoriatest.NewSingle(r, r.path("engine"))
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(n.Kill)
	r.engine = n
	return n.URL, n.Kill
}

// With the other engine the commands answer the same, and leave no folder behind.
func TestVictoriaMetricsEngine(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	u, stop := r.storageEngine()
	r.write("config.yaml", fmt.Sprintf("storage:\n  engine: victoriametrics\n  victoriametrics: {insert_url: %q, flush_urls: [%q], retry_for: 1s}\n",
		u, u+"/internal/force_flush"), 0)
	r.write("six.csv", sixRows, 5)
	with := func(args ...string) []string { return append(args, "--config.file=config.yaml") }
	r.expectOutput("six.csv: 6 records, 2 repositories, 6 days: 6 new, 0 changed, 0 unchanged\n", with("import", "six.csv")...)
	r.expectOutput("six.csv: 6 records, 2 repositories, 6 days: 0 new, 0 changed, 6 unchanged\n", with("import", "six.csv")...)
	r.expectOutput(sixRows, with("export")...)
	r.expectOutput(sixRows, with("export", "--order=repo")...)
	overview := r.ok(with("overview")...)
	if _, err := os.Stat(r.path("data")); err == nil {
		t.Error("a folder for the embedded engine was made")
	}
	r.ok("import", "six.csv")
	r.expectOutput(overview, "overview")

	backfill := []string{"backfill", "--to=openmetrics", "--until=2026-01-01T00:00:00Z"}
	r.expectOutput(r.ok(backfill...), with(backfill...)...)

	s := r.ready(with()...)
	s.expectMetric(codeBERT, "4362460")
	s.expectMetric(images, "2167284")
	if code, body := s.get("/api/v1/records"); code != 200 || body != sixRows {
		t.Errorf("records: %d\n%s", code, body)
	}
	// What another process imports is taken in.
	r.write("seven.csv", sixRows+"model,acme/new,5,2021-11-29T00:00:00.000Z,5\n", 4)
	r.ok(with("import", "seven.csv")...)
	s.untilMetric(`huggingface_repo_downloads_total{repo_type="model",org="acme",repo="acme/new"}`, "5")
	// Without the engine there is no answer, and the metrics stay.
	stop()
	if code, body := s.get("/api/v1/overview"); code != 500 {
		t.Errorf("overview without the engine: %d\n%s", code, body)
	}
	s.expectMetric(codeBERT, "4362460")
	r.refused(nil, []string{"reading from VictoriaMetrics"}, with("export")...)
}

// Days of no repository are what is left of a history that an engine lost a part of.
func TestDoctorFindsDaysWithoutRepositories(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	u, _ := r.storageEngine()
	r.write("c.yaml", fmt.Sprintf("storage: {engine: victoriametrics, victoriametrics: {insert_url: %q, flush_url: %q}}\n", u, u+"/internal/force_flush"), 0)
	r.write("six.csv", sixRows, 5)
	r.ok("import", "six.csv", "--config.file=c.yaml")
	doctor := func() (string, int) {
		out, _, code := r.run(nil, "doctor", "--config.file=c.yaml", "--storage.path=none")
		return out, code
	}
	if out, code := doctor(); code != 0 || !strings.Contains(out, "ok    engine  victoriametrics: the history") {
		t.Errorf("before: exit %d\n%s", code, out)
	}
	resp, err := http.PostForm(u+"/api/v1/admin/tsdb/delete_series", url.Values{"match[]": {`{__name__=~"huggingface_history_(meta|text)"}`}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if out, code := doctor(); code != 1 || !strings.Contains(out, "fail  engine  the storage lost a part of the history") || !strings.Contains(out, "records, but the repositories they belong to are missing") {
		t.Errorf("after: exit %d\n%s", code, out)
	}
}
