package main

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

const hubToken = "hf_TheSecretOfTheTest_0123456789"

// collects is a runner beside a Hub. The organizations of its tests have names
// that serve collects within half a second of its start.
type collects struct {
	*runner
	hub *fakehub.Hub
	url string
	// ahead is by how many seconds the Hub's clock is ahead of ours.
	ahead atomic.Int64
}

func newCollects(t *testing.T) *collects {
	t.Helper()
	c := &collects{runner: newRunner(t)}
	c.hub = fakehub.New(fakehub.Options{Now: func() time.Time { return time.Now().Add(time.Duration(c.ahead.Load()) * time.Second) }})
	s := httptest.NewServer(c.hub)
	c.url = s.URL
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return c
}

// later lets time pass at the Hub, which dates its answers by the second.
func (c *collects) later() { c.ahead.Add(10) }

// org makes an organization with a model of two days and a dataset of one.
func (c *collects) org(name string, plan fakehub.Plan) {
	c.hub.AddOrg(name, plan)
	c.hub.AddRepo(history.Model, name+"/m").SetDay(20000, 10).SetDay(20001, 20)
	c.hub.AddRepo(history.Dataset, name+"/d").SetDay(20000, 5)
}

// config writes c.yaml, with organizations in the flow style of YAML.
func (c *collects) config(orgs ...string) {
	c.Helper()
	c.hub.AddToken(hubToken, "massive", "globex", "zorg", "duff")
	c.write("token", hubToken+"\n", 1)
	text := fmt.Sprintf("hub:\n  endpoint: %s\n  token_file: token\n  timeouts: {idle: 1m, headers: 1m}\n  organizations:\n", c.url)
	for _, o := range orgs {
		text += "    - {" + o + "}\n"
	}
	c.write("c.yaml", text, 1)
}

// took is how long something took, which no test can know.
var took = regexp.MustCompile(`\(\d+(\.\d+)?(ms|s)\)`)

// collect runs the command and returns what it printed, with times taken out.
func (c *collects) collect(wantCode int, args ...string) (stdout, stderr string) {
	c.Helper()
	c.later()
	stdout, stderr, code := c.run(nil, append([]string{"collect", "--config.file=c.yaml", "--log.level=debug"}, args...)...)
	if code != wantCode {
		c.Fatalf("%q: exit %d, want %d\n%s%s", args, code, wantCode, stdout, stderr)
	}
	if strings.Contains(stdout+stderr, hubToken) {
		c.Errorf("%q shows the token:\n%s%s", args, stdout, stderr)
	}
	return took.ReplaceAllString(stdout, "(TIME)"), stderr
}

func (c *collects) expect(what, got, want string) {
	c.Helper()
	if got != want {
		c.Errorf("%s: got\n%s\nwant\n%s", what, got, want)
	}
}

func TestCollect(t *testing.T) {
	t.Parallel()
	c := newCollects(t)
	c.org("massive", fakehub.Team)
	c.org("globex", fakehub.Free)
	c.config("name: massive", "name: globex", "name: zorg", "name: duff, source: publisher_analytics")
	c.hub.AddOrg("duff", fakehub.Team)
	c.hub.Fail(fakehub.On{Org: "duff"}, fakehub.Always, fakehub.LoginPage())

	out, errs := c.collect(1)
	c.expect("what was collected", out, `massive: 2 repositories from publisher_analytics, 3 records: 3 new, 0 changed, 0 unchanged (TIME)
globex: 2 repositories from listings, 0 records: 0 new, 0 changed, 0 unchanged (TIME)
`)
	for _, want := range []string{
		"huggingface_exporter collect: 2 of 4 organizations could not be collected:\n",
		"\nzorg: publisher_analytics of \"zorg\": not_found: expected status 200, got 404",
		"\nduff: publisher_analytics of \"duff\": malformed: expected CSV, got an HTML page",
		`msg="The Hub refuses the publisher analytics: collecting from the public listings, which have no history" org=globex reason=forbidden`,
	} {
		if !strings.Contains(errs, want) {
			t.Errorf("the error is\n%s\nwant\n%s", errs, want)
		}
	}
	c.expectOutput(header+`dataset,massive/d,5,2024-10-04T00:00:00.000Z,5
`, "export", "--search=/d", "--to=2024-10-04")

	c.hub.Repo(history.Model, "massive/m").SetDay(20000, 4).SetDay(20002, 7)
	out, _ = c.collect(0, "--org=MASSIVE", "--org=massive")
	c.expect("one organization", out, "massive: 2 repositories from publisher_analytics, 4 records: 1 new, 1 changed, 2 unchanged (TIME)\n")

	c.refused(nil, []string{`c.yaml: hub.organizations: expected one named "acme", which --org asks for, got none`}, "collect", "--config.file=c.yaml", "--org=acme")
	c.write("none.yaml", "hub: {}\n", 1)
	c.refused(nil, []string{"none.yaml: hub.organizations: expected at least one organization to collect, got none"}, "collect", "--config.file=none.yaml")
	c.refused(nil, []string{"--config.file"}, "collect")
}

func TestCollectDryRun(t *testing.T) {
	t.Parallel()
	c := newCollects(t)
	c.org("massive", fakehub.Team)
	for d := range 40 {
		c.hub.Repo(history.Model, "massive/m").SetDay(history.Day(20000+d), 10)
	}
	c.config("name: massive")
	out, _ := c.collect(0, "--dry-run")
	c.expect("an empty store", out, `massive: dry run, nothing is stored: 2 repositories from publisher_analytics, 41 records: 41 new, 0 changed, 0 unchanged (TIME)
  new: model massive/m
  new: dataset massive/d
`)
	if _, err := os.Stat(c.path("data")); !os.IsNotExist(err) {
		t.Errorf("a dry run made the folder of the store: %v", err)
	}
	c.collect(0)

	c.hub.Repo(history.Model, "massive/m").SetDay(20000, 3).SetDay(20040, 1).Rename("massive/n")
	c.hub.Repo(history.Dataset, "massive/d").Delete()
	for i := range 22 {
		c.hub.AddRepo(history.Dataset, fmt.Sprintf("massive/x%02d", i)).SetDay(20001, 1)
	}
	before := c.snapshot("data")
	want := `massive: dry run, nothing is stored: 23 repositories from publisher_analytics, 63 records: 63 new, 0 changed, 0 unchanged (TIME)
  gone: model massive/m
  gone: dataset massive/d
  new: model massive/n
`
	for i := range 19 {
		want += fmt.Sprintf("  new: dataset massive/x%02d\n", i)
	}
	out, _ = c.collect(0, "--dry-run")
	c.expect("a corrected history is another one", out, want+"  new: and 3 more\n")

	c.hub.Repo(history.Model, "massive/n").SetDay(20000, 10)
	for range 2 {
		out, _ = c.collect(0, "--dry-run")
		if !strings.Contains(out, "\n  moved: model massive/m to massive/n\n  gone: dataset massive/d\n  new: dataset massive/x00\n") {
			t.Errorf("renamed: got\n%s", out)
		}
	}
	c.hub.Fail(fakehub.On{}, fakehub.Always, fakehub.Status(403))
	out, errs := c.collect(1, "--dry-run")
	if out != "" || !strings.Contains(errs, "forbidden") {
		t.Errorf("a failure: got\n%s%s", out, errs)
	}
	if !maps.Equal(before, c.snapshot("data")) {
		t.Error("a dry run changed the store")
	}
}

// An answer that is implausible changes nothing, until somebody accepts it.
func TestCollectAccept(t *testing.T) {
	t.Parallel()
	f := func(name string, storage func(*collects) string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCollects(t)
			c.org("massive", fakehub.Team)
			c.config("name: massive")
			text, err := os.ReadFile(c.path("c.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			c.write("c.yaml", string(text)+storage(c), 1)
			c.collect(0)
			refuse := func(figures string) {
				t.Helper()
				before := c.ok("export", "--config.file=c.yaml")
				for range 2 {
					out, errs := c.collect(1)
					if out != "" || !strings.Contains(errs, figures) || !strings.Contains(errs, `"collect --accept"`) {
						t.Errorf("got\n%s%s", out, errs)
					}
				}
				c.expectOutput(before, "export", "--config.file=c.yaml")
			}
			c.hub.Fail(fakehub.On{}, fakehub.Always, fakehub.Scaled(0))
			refuse("implausible (zeros): expected totals of about 35 downloads, got zeros for 2 of 2 repositories that had any")
			c.hub.Heal()
			c.hub.Fail(fakehub.On{}, fakehub.Always, fakehub.Header("Date", "Fri, 31 Dec 9999 23:59:59 GMT"))
			refuse("got one dated 9999-12-31 23:59 UTC")
			c.hub.Heal()
			c.hub.Repo(history.Dataset, "massive/d").Delete()
			refuse("implausible (records): expected about the 3 records of earlier exports, got 2")
			out, errs := c.collect(0, "--accept", "--org=massive")
			if !strings.Contains(out, "\n  gone: dataset massive/d\n") || !strings.Contains(errs, "Accepted an implausible response") {
				t.Errorf("got\n%s%s", out, errs)
			}
			c.collect(0)
		})
	}
	f("files", func(*collects) string { return "" })
	f("VictoriaMetrics", func(c *collects) string {
		u, _ := c.storageEngine()
		return fmt.Sprintf("storage:\n  engine: victoriametrics\n  victoriametrics: {insert_url: %q, flush_urls: [%q], retry_for: 1s}\n", u, u+"/internal/force_flush")
	})
}

// What a process of collect stores, a running serve shows.
func TestCollectBesideServe(t *testing.T) {
	t.Parallel()
	c := newCollects(t)
	c.org("massive", fakehub.Team)
	c.config("name: massive")
	s := c.ready()
	c.collect(0)
	s.untilMetric(`huggingface_repo_downloads_total{repo_type="model",org="massive",repo="massive/m"}`, "30")
}

func TestServeCollects(t *testing.T) {
	t.Parallel()
	c := newCollects(t)
	c.org("massive", fakehub.Team)
	c.org("globex", fakehub.Free)
	c.org("zorg", fakehub.Team)
	c.hub.Fail(fakehub.On{Org: "zorg"}, fakehub.Always, fakehub.LoginPage())
	c.config("name: massive", "name: globex", "name: zorg, source: publisher_analytics")
	s := c.ready("--config.file=c.yaml", "--log.level=debug")
	s.untilMetric(`huggingface_exporter_collection_success{org="massive"}`, "1")
	s.untilMetric(`huggingface_exporter_collection_success{org="globex"}`, "1")
	s.untilMetric(`huggingface_exporter_collection_success{org="zorg"}`, "0")
	s.untilMetric(`huggingface_repo_downloads_total{repo_type="model",org="massive",repo="massive/m"}`, "30")
	s.untilMetric(`huggingface_repo_downloads_total{repo_type="dataset",org="globex",repo="globex/d"}`, "5")
	for series, want := range map[string]string{
		`huggingface_org_repos{repo_type="model",org="massive"}`:                             "1",
		`huggingface_exporter_collection_source{org="massive",source="publisher_analytics"}`: "1",
		`huggingface_exporter_collection_source{org="globex",source="listings"}`:             "1",
		`huggingface_exporter_collection_failures_total{org="zorg",reason="malformed"}`:      "1",
		`huggingface_exporter_collection_failures_total{org="massive",reason="malformed"}`:   "0",
		`huggingface_exporter_hub_requests_total{code="403",route="publisher_analytics"}`:    "1",
		`huggingface_exporter_store_org_records{org="massive"}`:                              "3",
	} {
		s.expectMetric(series, want)
	}
	_, page := s.get("/")
	for _, want := range []string{
		"2 repositories from publisher analytics, 3 new and 0 changed records",
		"2 repositories from listings, 0 new and 0 changed records",
		"Failed (malformed): publisher_analytics of &#34;zorg&#34;: malformed: expected CSV, got an HTML page",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page is\n%s\nwant %s", page, want)
		}
	}

	// A reload adds one, takes one away and leaves one alone.
	asked := func(org string) int {
		n := 0
		for _, r := range c.hub.Requests() {
			if r.Org == org {
				n++
			}
		}
		return n
	}
	before := asked("globex")
	c.org("duff", fakehub.Team)
	c.config("name: globex", "name: zorg, source: publisher_analytics", "name: duff")
	if code, body := s.do("POST", "/-/reload"); code != 200 {
		t.Fatalf("%d\n%s", code, body)
	}
	s.untilMetric(`huggingface_repo_downloads_total{repo_type="model",org="duff",repo="duff/m"}`, "30")
	s.expectMetric(`huggingface_exporter_collection_success{org="massive"}`, "")
	s.expectMetric(`huggingface_repo_downloads_total{repo_type="model",org="massive",repo="massive/m"}`, "30")
	s.expectMetric(`huggingface_exporter_collection_success{org="globex"}`, "1")
	if n := asked("globex"); n != before {
		t.Errorf("%d more requests for an organization that did not change", n-before)
	}
	if _, page := s.get("/"); strings.Contains(page, "<td>massive</td>") || !strings.Contains(page, "<td>duff</td>") {
		t.Errorf("the page is\n%s", page)
	}

	if code := s.stop(); code != 0 {
		t.Errorf("exit %d\n%s", code, s.log)
	}
}

// What was collected outlives the process, and so does what the next difference is
// counted from.
func TestServeCollectsOnAfterARestart(t *testing.T) {
	t.Parallel()
	c := newCollects(t)
	c.org("massive", fakehub.Free)
	c.config("name: massive")
	s := c.ready("--config.file=c.yaml")
	const model = `huggingface_repo_downloads_total{repo_type="model",org="massive",repo="massive/m"}`
	s.untilMetric(model, "30")
	if code := s.stop(); code != 0 {
		t.Errorf("exit %d\n%s", code, s.log)
	}
	c.hub.Repo(history.Model, "massive/m").SetTotal(45).SetLastMonth(40)
	c.later()
	s = c.ready("--config.file=c.yaml")
	s.untilMetric(model, "45")
}

func TestStopDuringAHungCollection(t *testing.T) {
	t.Parallel()
	c := newCollects(t)
	c.org("massive", fakehub.Team)
	c.org("globex", fakehub.Team)
	c.hub.Fail(fakehub.On{Org: "massive"}, fakehub.Always, fakehub.StallHeaders())
	c.hub.Fail(fakehub.On{Org: "globex"}, fakehub.Always, fakehub.StallBody(30))
	c.config("name: massive", "name: globex")
	s := c.ready("--config.file=c.yaml")
	s.until("both hang", func() bool {
		_, page := s.get("/")
		return strings.Count(page, "under way") == 2 && len(c.hub.Requests()) == 2
	})
	begin := time.Now()
	if code := s.stop(); code != 0 {
		t.Errorf("exit %d\n%s", code, s.log)
	}
	if d := time.Since(begin); d > 8*time.Second {
		t.Errorf("stopped after %v", d)
	}
	if log := s.log.String(); strings.Contains(log, "Collection failed") {
		t.Errorf("what was stopped is said to have failed:\n%s", log)
	}
}
