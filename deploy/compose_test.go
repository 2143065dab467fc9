package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pluginID is the plugin's, as its sources say it.
func pluginID(t *testing.T) string {
	t.Helper()
	m := regexp.MustCompile(`"id": "([^"]+)"`).FindStringSubmatch(read(t, "datasource-plugin/src/plugin.json"))
	if m == nil {
		t.Fatal("plugin.json has no id")
	}
	return m[1]
}

func TestCompose(t *testing.T) { testCompose(t, "compose.yaml", "demo", "exporter") }

// testCompose checks a stack of containers whose own images are the given targets of the
// Dockerfile, and returns it.
func testCompose(t *testing.T, file string, targets ...string) map[string]any {
	t.Helper()
	var compose map[string]any
	decode(t, file, &compose)
	services, _ := compose["services"].(map[string]any)
	volumes, _ := compose["volumes"].(map[string]any)
	for name, s := range services {
		if image, ok := at(s, "image").(string); ok {
			pinned(t, name, image)
		} else if target, _ := at(s, "build", "target").(string); !slices.Contains(targets, target) {
			t.Errorf("%s: expected an image, or a target of the Dockerfile, got %q", name, target)
		}
		for _, p := range texts(at(s, "ports")) {
			if !strings.HasPrefix(p, "127.0.0.1:") {
				t.Errorf("%s: expected ports of 127.0.0.1 alone, got %q", name, p)
			}
		}
		for _, v := range texts(at(s, "volumes")) {
			source, _, _ := strings.Cut(v, ":")
			if !strings.HasPrefix(source, "./") {
				if _, ok := volumes[source]; !ok {
					t.Errorf("%s: expected one of the volumes, got %q", name, v)
				}
				continue
			}
			if source == "./datasource-plugin/dist" {
				continue // built before
			}
			if _, err := os.Stat(filepath.Join(root, source)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		depends, _ := at(s, "depends_on").(map[string]any)
		for other := range depends {
			if services[other] == nil {
				t.Errorf("%s: expected a service to depend on, got %q", name, other)
			}
		}
		for _, other := range texts(at(s, "depends_on")) {
			if services[other] == nil {
				t.Errorf("%s: expected a service to depend on, got %q", name, other)
			}
		}
	}
	return compose
}

func TestComposeAgrees(t *testing.T) {
	var compose, prometheus map[string]any
	decode(t, "compose.yaml", &compose)
	decode(t, "deploy/demo/prometheus.yaml", &prometheus)
	id := pluginID(t)
	f := func(got any, want string) {
		t.Helper()
		if text, _ := got.(string); !strings.Contains(text, want) {
			t.Errorf("expected %q in %v", want, got)
		}
	}
	service := func(name string, path ...any) any { return at(compose, append([]any{"services", name}, path...)...) }
	f(service("exporter", "ports", 0), ":"+port)
	f(at(prometheus, "scrape_configs", 0, "static_configs", 0, "targets", 0), "exporter:"+port)
	// The past has the labels that the scrapes give.
	f(service("past-samples", "command", 2), `job="`+at(prometheus, "scrape_configs", 0, "job_name").(string)+`",instance="exporter:`+port+`"`)
	f(service("grafana", "environment", "EXPORTER_URL"), "http://exporter:"+port)
	f(service("grafana", "environment", "PROMETHEUS_URL"), "http://prometheus:9090")
	f(service("grafana", "environment", "GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS"), id)
	f(service("grafana", "volumes", 0), "/plugins/"+id)
	f(at(compose, "services", "hub", "command", 1), "=:8765")
	f(read(t, "deploy/demo/exporter.yaml"), "http://hub:8765")
	for _, org := range []string{"initech", "umbrella"} {
		f(strings.Join(texts(service("hub", "command")), " "), "--org="+org)
		f(read(t, "deploy/demo/exporter.yaml"), "name: "+org)
	}
	// Grafana knows no defaults: what the provisioning names has to be set, in the
	// containers and by the script.
	script := read(t, "scripts/grafana.sh")
	for _, pattern := range []string{"datasources", "dashboards"} {
		names, err := filepath.Glob(filepath.Join(root, "dashboards/provisioning", pattern, "*.yaml"))
		if err != nil || len(names) == 0 {
			t.Fatalf("no files of %s: %v", pattern, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`(?m)^ *[a-z][^#\n]*\$\{(\w+)\}`).FindAllStringSubmatch(string(text), -1) {
				if service("grafana", "environment", m[1]) == nil || !strings.Contains(script, "\t"+m[1]+"=") {
					t.Errorf("%s: %s is not set in compose.yaml and scripts/grafana.sh", name, m[1])
				}
			}
		}
	}
}

// TestSettingsOfGrafanaAgree compares the settings of the containers with those of
// scripts/grafana.sh.
func TestSettingsOfGrafanaAgree(t *testing.T) {
	var compose map[string]any
	decode(t, "compose.yaml", &compose)
	environment, _ := at(compose, "services", "grafana", "environment").(map[string]any)
	script := regexp.MustCompile(`(?m)^\t(GF_\w+)=(.*)$`).FindAllStringSubmatch(read(t, "scripts/grafana.sh"), -1)
	elsewhere := regexp.MustCompile(`^GF_(SERVER|PATHS|LOG)_`) // where things are
	set := make(map[string]bool)
	for _, m := range script {
		name, value := m[1], m[2]
		set[name] = true
		if elsewhere.MatchString(name) || strings.Contains(value, "$") {
			if !elsewhere.MatchString(name) && environment[name] == nil {
				t.Errorf("%s is set by the script alone", name)
			}
			continue
		}
		if environment[name] != value {
			t.Errorf("%s: expected %q as in the script, got %v", name, value, environment[name])
		}
	}
	for name := range environment {
		if strings.HasPrefix(name, "GF_") && !set[name] {
			t.Errorf("%s is set in compose.yaml alone", name)
		}
	}
}
