package dashboards

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

// orgNever is an organization that the Hub does not know: it is never collected.
const orgNever = "initech"

// What acme/falling had each day until a week ago, and has had in all.
const (
	fallingDaily = 10_000
	fallingTotal = 1_000_000
)

// trouble is an exporter, a Hub and a folder in which things can go wrong.
type trouble struct {
	*exporter
	hub      *fakehub.Hub
	hubURL   string
	hubAhead *atomic.Int64 // seconds
	dir      string
	storage  string
	orgs     []string
}

// startTrouble runs an exporter in which nothing is wrong yet.
func startTrouble(t *testing.T) *trouble {
	t.Helper()
	w := &trouble{hubAhead: new(atomic.Int64), dir: t.TempDir(), exporter: &exporter{address: freeAddress(t)}}
	w.hub = fakehub.New(fakehub.Options{Now: func() time.Time {
		return time.Now().Add(time.Duration(w.hubAhead.Load()) * time.Second)
	}})
	for _, org := range []string{orgAnalytics, orgListings} {
		if err := w.hub.Populate(synthetic.Options{Org: org, Repos: 20, Days: 30}); err != nil {
			t.Fatal(err)
		}
	}
	w.hub.AddToken("hf_fake", orgAnalytics, orgListings)
	s := httptest.NewServer(w.hub)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	w.hubURL = s.URL
	w.storage = "--storage.path=" + filepath.Join(w.dir, "data")
	w.orgs = []string{"{name: " + orgAnalytics + "}", "{name: " + orgListings + ", source: listings}"}
	w.importCSV(t, 2, "model,acme/heron,1000,2026-01-22T00:00:00.000Z,1000\n"+
		fmt.Sprintf("model,acme/falling,%d,2026-01-22T00:00:00.000Z,5\n", fallingTotal))
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	w.process = start(t, program, "serve", "--config.file="+w.configure(t, ""), w.storage, "--web.listen-address="+w.address)
	w.collected(t)
	return w
}

// importCSV stores rows, of an export of so many days ago, beside the running exporter.
func (w *trouble) importCSV(t *testing.T, days int, rows string) {
	t.Helper()
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "import", w.storage, "--as-of="+time.Now().AddDate(0, 0, -days).UTC().Format(time.RFC3339), "-")
	cmd.Stdin = strings.NewReader("repoType,repoName,total,timestamp,downloads\n" + rows)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("import: %v\n%s", err, out)
	}
}

// configure writes the configuration, with something added, and returns its name.
func (w *trouble) configure(t *testing.T, more string) string {
	t.Helper()
	file := filepath.Join(w.dir, "config.yaml")
	text := fmt.Sprintf("hub:\n  endpoint: %s\n  token: hf_fake\n  organizations: [%s]\nfiles: [files/*.csv]\n%s",
		w.hubURL, strings.Join(w.orgs, ", "), more)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// reload has the exporter read its configuration, which gives a status.
func (w *trouble) reload(t *testing.T, status int) {
	t.Helper()
	resp, err := http.Post("http://"+w.address+"/-/reload", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != status {
		t.Errorf("expected the reload to give status %d, got %s", status, resp.Status)
	}
}

// collected waits until both organizations were collected.
func (w *trouble) collected(t *testing.T) {
	t.Helper()
	waitFor(t, "two collections", func() error {
		return w.shows(
			`huggingface_exporter_collection_success{org="`+orgAnalytics+`"} 1`,
			`huggingface_exporter_collection_success{org="`+orgListings+`"} 1`,
		)
	})
}

// shows returns an error unless the metrics page has the lines.
func (w *trouble) shows(lines ...string) error {
	page, err := get("http://" + w.address + "/metrics")
	for _, line := range lines {
		if err == nil && !strings.Contains(page, line) {
			err = fmt.Errorf("expected the line %s", line)
		}
	}
	return err
}

// past writes what Prometheus would have scraped a day, a week and five weeks ago, as
// far as the alerts look back to it, and returns the name of the file.
func (w *trouble) past(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	now := time.Now()
	series := func(name, labels string, value func(ago time.Duration) int64, agos ...time.Duration) {
		fmt.Fprintf(&b, "# TYPE %s gauge\n", name)
		slices.SortFunc(agos, func(a, b time.Duration) int { return int(b - a) })
		for _, ago := range agos {
			for minute := -5; minute < 20; minute++ {
				at := now.Add(-ago).Add(time.Duration(minute) * time.Minute).Unix()
				fmt.Fprintf(&b, "%s{job=%q,instance=%q,%s} %d %d\n", name, "huggingface_exporter", w.address, labels, value(ago), at)
			}
		}
	}
	const day = 24 * time.Hour
	series("huggingface_exporter_collection_success", `org="`+orgNever+`"`, func(time.Duration) int64 { return 0 }, day)
	series("huggingface_repo_downloads_total", `repo_type="model",org="acme",repo="acme/falling"`, func(ago time.Duration) int64 {
		return fallingTotal - max(int64(ago/day)-7, 0)*fallingDaily - 70
	}, 7*day, 35*day)
	// Of one metric, all series in one place.
	for minute := -5; minute < 20; minute++ {
		fmt.Fprintf(&b, "huggingface_repo_downloads_total{job=%q,instance=%q,repo_type=\"model\",org=\"acme\",repo=\"acme/heron\"} 1000 %d\n",
			"huggingface_exporter", w.address, now.Add(-day+time.Duration(minute)*time.Minute).Unix())
	}
	b.WriteString("# EOF\n")
	file := filepath.Join(w.dir, "past.txt")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// startAdrift runs an exporter that collects from the same Hub, and whose VictoriaMetrics
// is not there.
func (w *trouble) startAdrift(t *testing.T) *exporter {
	t.Helper()
	file := filepath.Join(w.dir, "adrift.yaml")
	text := fmt.Sprintf("hub:\n  endpoint: %s\n  organizations: [{name: %s, source: listings}]\n"+
		"storage:\n  engine: victoriametrics\n  queue_bytes: 1\n  victoriametrics: {insert_url: \"http://%s\", timeout: 1s, retry_for: 1s}\n",
		w.hubURL, orgListings, freeAddress(t))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	e := &exporter{address: freeAddress(t)}
	e.process = start(t, program, "serve", "--config.file="+file, "--web.listen-address="+e.address)
	waitFor(t, "an exporter without its store", func() error {
		_, err := get("http://" + e.address + "/metrics")
		return err
	})
	return e
}

// almostUsedUp has an answer say that little of the rate limit is left, for a
// second.
func almostUsedUp(w http.ResponseWriter, r *http.Request, answer http.Handler) {
	w.Header().Set("RateLimit", `"api";r=5;t=1`)
	w.Header().Set("RateLimit-Policy", `"fixed window";"api";q=500;w=300`)
	answer.ServeHTTP(w, r)
}

// Every alert fires in a real Prometheus when what it is about happens to a real
// exporter, and none before.
func TestAlertsFireWhenThingsGoWrong(t *testing.T) {
	w := startTrouble(t)
	p := startPrometheus(t, w.exporter, w.past(t))
	waitFor(t, "all rules to be evaluated", p.rulesAreHealthy)
	waitFor(t, "downloads", func() error { return p.has(`huggingface_repo_downloads_total{org="` + orgListings + `"}`) })
	waitFor(t, "the past", func() error { return p.has(`repo:huggingface_repo_downloads:increase28d_before7d`) })
	// Fell is about the past week, which is as it is.
	fell := "HuggingFaceDownloadsFell"
	waitFor(t, fell, func() error { return p.firing(fell) })
	waitFor(t, "three more scrapes", func() error { return p.has("count_over_time(up[1m]) > 5") })
	if others := slices.DeleteFunc(p.allFiring(t), func(name string) bool { return name == fell }); len(others) > 0 {
		t.Errorf("expected no alert while nothing is wrong, got %q", others)
	}

	// The Hub has removed downloads for a day, its clock is another, it hardly lets anyone ask,
	// it refuses its analytics, it has lost the downloads of one organization and does
	// not know another.
	for days := range 2 {
		w.importCSV(t, 1-days, "model,acme/heron,600,2026-01-22T00:00:00.000Z,600\n")
	}
	w.hubAhead.Store(600)
	w.hub.ForbidToken("hf_fake", true)
	w.hub.Fail(fakehub.On{Route: fakehub.Models, Org: orgListings}, fakehub.Always, func(rw http.ResponseWriter, r *http.Request, answer http.Handler) {
		almostUsedUp(rw, r, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { fakehub.Scaled(0)(rw, r, answer) }))
	})
	// All answers say it: which of them comes last is left open.
	w.hub.Fail(fakehub.On{}, fakehub.Always, almostUsedUp)
	w.orgs = []string{"{name: " + orgAnalytics + ", interval: 5h}", "{name: " + orgListings + ", source: listings, interval: 5h}", "{name: " + orgNever + "}"}
	w.configure(t, "metrics: {max_repos: 3}\n")
	w.reload(t, http.StatusOK)
	waitFor(t, "listings of "+orgAnalytics, func() error {
		return w.shows(
			`huggingface_exporter_collection_source{org="`+orgAnalytics+`",source="listings"} 1`,
			`huggingface_exporter_collection_success{org="`+orgNever+`"} 0`,
		)
	})
	// The store's own files are taken away.
	if err := os.RemoveAll(filepath.Join(w.dir, "data", "readings")); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the store to be whole again", func() error {
		return w.shows("huggingface_exporter_store_setbacks_total 1", "huggingface_exporter_store_complete 1")
	})
	// Files that are none of ours, and a configuration that is wrong.
	for _, name := range []string{"files/bad.csv", "data/records/bad.parquet"} {
		name = filepath.Join(w.dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("nonsense\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.configure(t, "metrics: {max_repos: many}\n")
	w.reload(t, http.StatusInternalServerError)

	gone := []string{"HuggingFaceExporterDown", "HuggingFaceExporterMissing"}
	remote := []string{"HuggingFaceExporterStoreDown", "HuggingFaceListingsLost"}
	for _, name := range alertNames(t) {
		if !slices.Contains(gone, name) && !slices.Contains(remote, name) {
			waitFor(t, name, func() error { return p.firing(name) })
		}
	}
	adrift := startPrometheus(t, w.startAdrift(t), "")
	for _, name := range remote {
		waitFor(t, name, func() error { return adrift.firing(name) })
	}
	unreadable := "HuggingFaceExporterStoreUnreadable"
	if adrift.firing(unreadable) == nil {
		t.Errorf("expected %s to be about files alone, and it fires where a VictoriaMetrics is away", unreadable)
	}

	w.stop()
	waitFor(t, gone[0], func() error { return p.firing(gone[0]) })
	elsewhere := startPrometheus(t, nil, "")
	waitFor(t, gone[1], func() error { return elsewhere.firing(gone[1]) })
}

// alertNames returns the names of all alerts.
func alertNames(t *testing.T) []string {
	t.Helper()
	names := map[string]bool{}
	for _, g := range rules(t, "rules/alerts.yaml").Groups {
		for _, r := range g.Rules {
			names[r.Alert] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// firing returns an error unless an alert fires, with its text.
func (p *prometheus) firing(name string) error {
	var state stateOfRules
	if err := p.ask("/api/v1/rules", nil, &state); err != nil {
		return err
	}
	for _, g := range state.Groups {
		for _, r := range g.Rules {
			if r.Name != name {
				continue
			}
			for _, a := range r.Alerts {
				if a.State == "firing" && a.Annotations["summary"] != "" && !strings.Contains(a.Annotations["description"], "<no value>") {
					return nil
				}
			}
			return fmt.Errorf("%s: expected it to fire, got %+v", name, r.Alerts)
		}
	}
	return fmt.Errorf("expected a rule %s", name)
}

// allFiring returns the alerts that fire.
func (p *prometheus) allFiring(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, name := range alertNames(t) {
		if p.firing(name) == nil {
			names = append(names, name)
		}
	}
	return names
}
