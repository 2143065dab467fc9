package deploy_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
)

const chart = "helm/huggingface-exporter"

// everything turns on what the chart can make.
var everything = []string{
	"--set=token.existingSecret=mine", "--set=config.hub.organizations[0].name=acme",
	"--set=serviceMonitor.enabled=true", "--set=prometheusRule.enabled=true", "--set=dashboards.enabled=true",
}

// helm runs helm with the chart, and returns what it printed and whether it failed.
func helm(t *testing.T, args ...string) (stdout, stderr string, ok bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tool(t, "helm"), args...)
	// Nothing of the person who runs the test.
	home := t.TempDir()
	cmd.Env = append(os.Environ(), "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home, "KUBECONFIG="+home+"/none")
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), err == nil
}

// render returns the manifests that the chart makes with the given arguments, by
// kind and name.
func render(t *testing.T, args ...string) map[string]map[string]any {
	t.Helper()
	out, errs, ok := helm(t, append([]string{"template", "hf", chart, "--namespace=monitoring"}, args...)...)
	if !ok {
		t.Fatalf("helm template %q: %s", args, errs)
	}
	manifests := make(map[string]map[string]any)
	for d := yaml.NewDecoder(strings.NewReader(out)); ; {
		var m map[string]any
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			return manifests
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, out)
		}
		if m != nil {
			manifests[fmt.Sprintf("%v/%v", m["kind"], at(m, "metadata", "name"))] = m
		}
	}
}

const fullName = "hf-huggingface-exporter"

func TestChartIsLinted(t *testing.T) {
	for _, args := range [][]string{nil, everything, {example("tls-basic-auth")}, {example("openshift")}, {example("existing-claim")}, {example("full")}} {
		if out, errs, ok := helm(t, append([]string{"lint", "--strict", chart}, args...)...); !ok {
			t.Errorf("helm lint %q:\n%s%s", args, out, errs)
		}
	}
}

// TestChartAgrees compares the chart with the manifests of deploy/kubernetes.
func TestChartAgrees(t *testing.T) {
	got := render(t, everything...)
	var set, service map[string]any
	decode(t, "deploy/kubernetes/statefulset.yaml", &set)
	decode(t, "deploy/kubernetes/service.yaml", &service)
	chartSet := got["StatefulSet/"+fullName]
	pod := func(path ...any) []any { return append([]any{"spec", "template", "spec"}, path...) }
	for _, path := range [][]any{
		{"spec", "replicas"},
		pod("automountServiceAccountToken"), pod("terminationGracePeriodSeconds"), pod("securityContext"),
		pod("containers", 0, "args"), pod("containers", 0, "ports"), pod("containers", 0, "startupProbe"),
		pod("containers", 0, "readinessProbe"), pod("containers", 0, "livenessProbe"), pod("containers", 0, "resources"),
		pod("containers", 0, "securityContext"), pod("containers", 0, "volumeMounts"),
		{"spec", "volumeClaimTemplates", 0, "spec"},
	} {
		if a, b := at(chartSet, path...), at(set, path...); b == nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%v: expected %v as in deploy/kubernetes, got %v", path, b, a)
		}
	}
	chartService := got["Service/"+fullName]
	if a, b := at(chartService, "spec", "ports"), at(service, "spec", "ports"); !reflect.DeepEqual(a, b) {
		t.Errorf("expected the ports %v, got %v", b, a)
	}

	// What selects and what is selected.
	labels := at(chartSet, "spec", "template", "metadata", "labels")
	f := func(what string, got any) {
		t.Helper()
		if got == nil || !reflect.DeepEqual(got, labels) {
			t.Errorf("%s: expected %v, got %v", what, labels, got)
		}
	}
	f("the set", at(chartSet, "spec", "selector", "matchLabels"))
	f("the service", at(chartService, "spec", "selector"))
	monitor := got["ServiceMonitor/"+fullName]
	f("the monitor", at(monitor, "spec", "selector", "matchLabels"))
	for name, value := range labels.(map[string]any) {
		if at(chartService, "metadata", "labels", name) != value {
			t.Errorf("expected the label %s=%v of the service, which the monitor selects by", name, value)
		}
	}
	if at(monitor, "spec", "endpoints", 0, "port") != at(chartService, "spec", "ports", 0, "name") || at(monitor, "spec", "endpoints", 0, "honorLabels") != true {
		t.Errorf("expected the port of the service and honorLabels, got %v", at(monitor, "spec", "endpoints"))
	}
}

func TestChartConfiguration(t *testing.T) {
	// parsed is what the exporter makes of the configuration that the chart writes.
	parsed := func(args ...string) *config.Config {
		t.Helper()
		text, _ := at(render(t, args...)["ConfigMap/"+fullName], "data", "config.yaml").(string)
		name := filepath.Join(t.TempDir(), "config.yaml")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(name)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		return c
	}
	if c := parsed(); c.Hub.TokenFile != "" || len(c.Hub.Organizations) != 0 {
		t.Errorf("expected nothing to be collected, got %+v", c.Hub)
	}
	for _, secret := range []string{"--set=token.existingSecret=mine", "--set=token.value=hf_secret"} {
		if c := parsed(secret, "--set=config.hub.organizations[0].name=acme"); c.Hub.TokenFile != "/token/hub.token" || c.Hub.Organizations[0].Name != "acme" {
			t.Errorf("%s: expected acme with a token, got %+v", secret, c.Hub)
		}
	}
	if c := parsed("--set=token.existingSecret=mine", "--set=config.hub.token_file=/elsewhere/token"); c.Hub.TokenFile != "/elsewhere/token" {
		t.Errorf("expected the file that the configuration names, got %+v", c.Hub)
	}
	// A changed configuration starts the exporter anew.
	sum := func(args ...string) any {
		t.Helper()
		return at(render(t, args...)["StatefulSet/"+fullName], "spec", "template", "metadata", "annotations", "checksum/config")
	}
	if a, b := sum(), sum("--set=config.metrics.max_repos=7"); a == nil || a == b {
		t.Errorf("expected other checksums of other configurations, got %v and %v", a, b)
	}
}

func TestChartToken(t *testing.T) {
	own := render(t, "--set=token.value=hf_secret")
	if got := at(own["Secret/"+fullName+"-token"], "stringData", "hub.token"); got != "hf_secret" {
		t.Errorf("expected the token in the Secret, got %v", got)
	}
	for name, m := range own {
		if text, _ := yaml.Marshal(m); !strings.HasPrefix(name, "Secret/") && strings.Contains(string(text), "hf_secret") {
			t.Errorf("the token is in %s", name)
		}
	}
	volume := func(manifests map[string]map[string]any) any {
		t.Helper()
		return at(manifests["StatefulSet/"+fullName], "spec", "template", "spec", "volumes", 1, "secret", "secretName")
	}
	if got := volume(own); got != fullName+"-token" {
		t.Errorf("expected the chart's Secret to be mounted, got %v", got)
	}
	theirs := render(t, "--set=token.existingSecret=mine")
	if got := volume(theirs); got != "mine" || theirs["Secret/"+fullName+"-token"] != nil {
		t.Errorf("expected the Secret that exists and none of the chart's, got %v", got)
	}
	none := render(t)
	if got := at(none["StatefulSet/"+fullName], "spec", "template", "spec", "volumes", 1); got != nil {
		t.Errorf("expected no token without one, got %v", got)
	}
}

func TestChartRules(t *testing.T) {
	var recording, alerts map[string]any
	decode(t, "dashboards/rules/recording.yaml", &recording)
	decode(t, "dashboards/rules/alerts.yaml", &alerts)
	want := append(recording["groups"].([]any), alerts["groups"].([]any)...)
	rule := render(t, everything...)["PrometheusRule/"+fullName]
	if got := at(rule, "spec", "groups"); !reflect.DeepEqual(got, any(want)) {
		t.Errorf("expected the rules of dashboards/rules, got %v", got)
	}
	labeled := render(t, append(everything, "--set=prometheusRule.alertLabels.team=ml")...)["PrometheusRule/"+fullName]
	for _, r := range at(labeled, "spec", "groups", 2, "rules").([]any) {
		if at(r, "labels", "team") != "ml" || at(r, "labels", "severity") == nil {
			t.Errorf("expected team and severity of %v, got %v", at(r, "alert"), at(r, "labels"))
		}
	}
}

func TestChartDashboards(t *testing.T) {
	manifests := render(t, everything...)
	names, err := filepath.Glob(filepath.Join(root, "dashboards", "*.json"))
	if err != nil || len(names) == 0 {
		t.Fatalf("expected dashboards, got %v", err)
	}
	for _, name := range names {
		base := filepath.Base(name)
		m := manifests["ConfigMap/"+fullName+"-"+strings.TrimSuffix(base, ".json")]
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := at(m, "data", base).(string); strings.TrimSpace(got) != strings.TrimSpace(string(want)) {
			t.Errorf("expected %s as it is in dashboards, got %d of %d bytes", base, len(got), len(want))
		}
		if at(m, "metadata", "labels", "grafana_dashboard") != "1" || at(m, "metadata", "annotations", "grafana_folder") == nil {
			t.Errorf("%s: expected what Grafana's sidecar looks for, got %v", base, m["metadata"])
		}
	}
}

func TestChartRefuses(t *testing.T) {
	f := func(want string, args ...string) {
		t.Helper()
		out, errs, ok := helm(t, append([]string{"template", "hf", chart}, args...)...)
		if ok || !strings.Contains(errs, want) {
			t.Errorf("%q: expected it to fail with %q, got\n%s%s", args, want, out, errs)
		}
	}
	f("expected replicaCount 1 with the embedded store", "--set=replicaCount=2")
	f("expected one of token.value and token.existingSecret", "--set=token.value=a", "--set=token.existingSecret=b")
	f("additional properties 'replicas' not allowed", "--set=replicas=2")
	f("/image/pullPolicy", "--set=image.pullPolicy=Sometimes")
	f("expected replicaCount 1 with persistence.existingClaim", "--set=replicaCount=2", "--set=persistence.existingClaim=mine", "--set=config.storage.engine=victoriametrics")
	f("expected the values web.existingSecret", "--set=extraArgs[0]=--web.config.file=/x.yaml")
	f("expected one of web.config and web.existingSecret", "--set=web.existingSecret=a", "--set=web.config.rate_limit.burst=5")
	f("/web/externalUrl", "--set=web.externalUrl=example.com")
	f("/persistence/size", "--set=persistence.size=ten")
	// An engine that runs elsewhere takes any number.
	elsewhere := []string{"--set=config.storage.engine=victoriametrics", "--set=config.storage.victoriametrics.insert_url=http://vm:8428",
		"--set=replicaCount=3", "--set=persistence.enabled=false"}
	set := render(t, elsewhere...)["StatefulSet/"+fullName]
	if at(set, "spec", "replicas") != 3 || at(set, "spec", "volumeClaimTemplates") != nil {
		t.Errorf("expected three replicas without volumes, got %v", at(set, "spec"))
	}
}

// TestChartDescribesItsValues keeps the table of the chart's README complete.
func TestChartDescribesItsValues(t *testing.T) {
	var values map[string]any
	decode(t, "deploy/"+chart+"/values.yaml", &values)
	text := read(t, "deploy/"+chart+"/README.md")
	for name := range values {
		if !strings.Contains(text, "`"+name+"`") && !strings.Contains(text, "`"+name+".") {
			t.Errorf("expected the value %s in the README", name)
		}
	}
}
