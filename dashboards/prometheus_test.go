package dashboards

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// prometheus is a running Prometheus that has the rules and scrapes an exporter.
type prometheus struct{ url string }

// quick are the lines of the rules that say how long things take, which tests do
// not wait for.
var quick = regexp.MustCompile(`(?m)^( +(?:interval|for): )\S+$`)

// startPrometheus runs a Prometheus that scrapes the exporter, or nothing if there is
// none, and evaluates the rules as they are shipped but every second. past is a file
// of samples that it has already, "" for none.
func startPrometheus(t *testing.T, e *exporter, past string) *prometheus {
	t.Helper()
	dir := t.TempDir()
	for _, name := range files(t, "rules", ".yaml") {
		text := quick.ReplaceAll(content(t, name), []byte("${1}1s"))
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config := fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: [%q]
`, filepath.Join(dir, "*.yaml"))
	if e != nil {
		config += fmt.Sprintf(`
scrape_configs:
  - job_name: huggingface_exporter
    static_configs: [{targets: [%q]}]
`, e.address)
	}
	database := filepath.Join(dir, "tsdb")
	if past != "" {
		promtool(t, "tsdb", "create-blocks-from", "openmetrics", past, database)
	}
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	p := &prometheus{url: "http://" + address}
	start(t, needTool(t, "prometheus"), "--config.file="+file, "--storage.tsdb.path="+database,
		"--storage.tsdb.retention.time=60d", "--web.listen-address="+address, "--log.level=warn")
	waitFor(t, "prometheus to be ready", func() error {
		_, err := get(p.url + "/-/ready")
		return err
	})
	return p
}

// ask asks Prometheus's API and reads the data of the answer.
func (p *prometheus) ask(path string, query url.Values, data any) error {
	body, err := get(p.url + path + "?" + query.Encode())
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(body), &struct{ Data any }{data})
}

// stateOfRules are all rules as Prometheus has them.
type stateOfRules struct {
	Groups []struct {
		File  string
		Rules []struct {
			Name, Health, LastError, State string
			Alerts                         []struct {
				State               string
				Labels, Annotations map[string]string
			}
		}
	}
}

// A Prometheus takes the rules, can evaluate each of them, and answers every query
// of the dashboards; and when the exporter is gone, it says so.
func TestPrometheusEvaluates(t *testing.T) {
	e := startExporter(t)
	p := startPrometheus(t, e, "")
	waitFor(t, "all rules to be evaluated", p.rulesAreHealthy)
	waitFor(t, "the exporter to be scraped", func() error { return p.has("huggingface_repo_downloads_total") })

	for _, d := range boards(t) {
		for _, expression := range d.expressions(t) {
			if err := p.ask("/api/v1/query", url.Values{"query": {expression.text}}, new(any)); err != nil {
				t.Errorf("%s: %v", expression.where, err)
			}
		}
	}

	if err := p.fires("HuggingFaceExporterDown"); err == nil {
		t.Error("expected no alert while the exporter runs")
	}
	e.stop()
	waitFor(t, "the alert that the exporter is down", func() error { return p.fires("HuggingFaceExporterDown") })
}

// rulesAreHealthy returns an error unless each rule was evaluated without one.
func (p *prometheus) rulesAreHealthy() error {
	var state stateOfRules
	if err := p.ask("/api/v1/rules", nil, &state); err != nil {
		return err
	}
	count := 0
	for _, g := range state.Groups {
		for _, r := range g.Rules {
			count++
			if r.Health != "ok" {
				return fmt.Errorf("%s: rule %s: expected health ok, got %s: %s", filepath.Base(g.File), r.Name, r.Health, r.LastError)
			}
		}
	}
	if count < 20 {
		return fmt.Errorf("expected some twenty rules, got %d", count)
	}
	return nil
}

// has returns an error unless an expression has a value.
func (p *prometheus) has(expression string) error {
	var data struct{ Result []any }
	if err := p.ask("/api/v1/query", url.Values{"query": {expression}}, &data); err != nil {
		return err
	}
	if len(data.Result) == 0 {
		return fmt.Errorf("%s: expected values", expression)
	}
	return nil
}

// fires returns an error unless an alert fires, for one instance and with its text.
func (p *prometheus) fires(name string) error {
	var state stateOfRules
	if err := p.ask("/api/v1/rules", nil, &state); err != nil {
		return err
	}
	for _, g := range state.Groups {
		for _, r := range g.Rules {
			if r.Name == name && len(r.Alerts) == 1 && r.Alerts[0].State == "firing" && r.Alerts[0].Labels["instance"] != "" && r.Alerts[0].Annotations["summary"] != "" {
				return nil
			}
			if r.Name == name {
				return fmt.Errorf("%s: expected one alert that fires, got %+v", name, r.Alerts)
			}
		}
	}
	return fmt.Errorf("expected a rule %s", name)
}
