package deploy_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
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

// example has the values of a file that comes with the chart.
func example(name string) string { return "--values=" + chart + "/ci/" + name + "-values.yaml" }

func TestChartIsLinted(t *testing.T) {
	for _, args := range [][]string{nil, everything, {example("tls-basic-auth")}, {example("openshift")}, {example("existing-claim")}, {example("full")}} {
		if out, errs, ok := helm(t, append([]string{"lint", "--strict", chart}, args...)...); !ok {
			t.Errorf("helm lint %q:\n%s%s", args, out, errs)
		}
	}
}

// What kube-score finds is fixed, or has its reason here.
func TestChartIsScored(t *testing.T) {
	for name, accepted := range map[string][]string{
		"tls-basic-auth": nil, "existing-claim": nil, "full": nil,
		// OpenShift assigns user and group.
		"openshift": {"--ignore-test=container-security-context-user-group-id"},
	} {
		manifests, errs, ok := helm(t, "template", "hf", chart, "--namespace=monitoring", example(name), "--set=networkPolicy.enabled=true")
		if !ok {
			t.Fatalf("%s: %s", name, errs)
		}
		cmd := exec.CommandContext(t.Context(), tool(t, "kube-score"), append([]string{"score", "--output-format=ci",
			// A limit of the processor slows scrapes down while an export is imported.
			"--ignore-container-cpu-limit",
			// The tag of the image is a version, which does not change.
			"--ignore-test=container-image-pull-policy"}, append(accepted, "-")...)...)
		cmd.Stdin = strings.NewReader(manifests)
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "[OK] ") {
			t.Errorf("%s: %v\n%s", name, err, out)
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

// With TLS and passwords the probes reach the exporter, and Prometheus does.
func TestChartWithTLSAndPasswords(t *testing.T) {
	got := render(t, example("tls-basic-auth"))
	set := got["StatefulSet/"+fullName]
	container := at(set, "spec", "template", "spec", "containers", 0)
	const flag = "--web.config.file=/web/web.yaml"
	for _, path := range [][]any{{"args"}, {"startupProbe", "exec", "command"}, {"readinessProbe", "exec", "command"}, {"livenessProbe", "exec", "command"}} {
		if !slices.Contains(texts(at(container, path...)), flag) {
			t.Errorf("%v: expected %s, got %v", path, flag, at(container, path...))
		}
	}
	text, _ := at(got["Secret/"+fullName+"-web"], "stringData", "web.yaml").(string)
	var web map[string]any
	if err := yaml.Unmarshal([]byte(text), &web); err != nil {
		t.Fatal(err)
	}
	if at(web, "tls_server_config", "cert_file") != "/web-tls/tls.crt" || at(web, "basic_auth_users", "prometheus") == nil {
		t.Errorf("got the web configuration %s", text)
	}
	mounts := make(map[any]any)
	for _, m := range at(container, "volumeMounts").([]any) {
		mounts[at(m, "name")] = at(m, "mountPath")
	}
	if mounts["web"] != "/web" || mounts["web-tls"] != "/web-tls" {
		t.Errorf("got the mounts %v", mounts)
	}
	endpoint := at(got["ServiceMonitor/"+fullName], "spec", "endpoints", 0)
	if at(endpoint, "scheme") != "https" || at(endpoint, "path") != "/metrics" || at(endpoint, "tlsConfig", "serverName") == nil || at(endpoint, "basicAuth", "password", "key") != "password" {
		t.Errorf("got the endpoint %v", endpoint)
	}
	// Another user starts the exporter anew with another web configuration.
	sum := func(args ...string) any {
		t.Helper()
		return at(render(t, append(args, example("tls-basic-auth"))...)["StatefulSet/"+fullName], "spec", "template", "metadata", "annotations", "checksum/web")
	}
	if a, b := sum(), sum("--set=web.config.rate_limit.burst=5"); a == nil || a == b {
		t.Errorf("expected other checksums of other web configurations, got %v and %v", a, b)
	}
	theirs := render(t, "--set=web.existingSecret=mine")
	if theirs["Secret/"+fullName+"-web"] != nil || !slices.Contains(texts(at(theirs["StatefulSet/"+fullName], "spec", "template", "spec", "containers", 0, "args")), flag) {
		t.Error("expected the Secret that exists, and none of the chart's")
	}
}

func TestChartOnOpenShift(t *testing.T) {
	pod := at(render(t, example("openshift"))["StatefulSet/"+fullName], "spec", "template", "spec", "securityContext").(map[string]any)
	for _, name := range []string{"runAsUser", "runAsGroup", "fsGroup"} {
		if v, ok := pod[name]; ok {
			t.Errorf("expected no %s, got %v", name, v)
		}
	}
	if pod["runAsNonRoot"] != true {
		t.Errorf("expected runAsNonRoot, got %v", pod)
	}
}

func TestChartWithAnExistingClaim(t *testing.T) {
	set := render(t, example("existing-claim"))["StatefulSet/"+fullName]
	if v := at(set, "spec", "volumeClaimTemplates"); v != nil {
		t.Errorf("expected no claim of the chart's, got %v", v)
	}
	var claim any
	for _, v := range at(set, "spec", "template", "spec", "volumes").([]any) {
		if at(v, "name") == "data" {
			claim = at(v, "persistentVolumeClaim", "claimName")
		}
	}
	if claim != "huggingface-history" {
		t.Errorf("expected the claim that exists, got %v", claim)
	}
}

// What is behind an Ingress below a path is probed and scraped below it.
func TestChartBelowAPath(t *testing.T) {
	got := render(t, example("full"))
	for name, m := range got {
		if at(m, "metadata", "labels", "team") != "ml" {
			t.Errorf("%s: expected the common labels, got %v", name, at(m, "metadata", "labels"))
		}
	}
	pod := at(got["StatefulSet/"+fullName], "spec", "template")
	container := at(pod, "spec", "containers", 0)
	if !slices.Contains(texts(at(container, "livenessProbe", "exec", "command")), "--web.external-url=https://example.com/huggingface/") {
		t.Errorf("got the probe %v", at(container, "livenessProbe"))
	}
	if at(pod, "metadata", "labels", "team") != "ml" || at(pod, "spec", "initContainers", 0, "name") != "exports" || at(container, "envFrom", 0, "secretRef", "name") != "proxy" ||
		at(pod, "spec", "priorityClassName") == nil || at(pod, "spec", "topologySpreadConstraints", 0, "maxSkew") != 1 {
		t.Errorf("got the pod %v", pod)
	}
	monitor := at(got["ServiceMonitor/"+fullName], "spec")
	if at(monitor, "endpoints", 0, "path") != "/huggingface/metrics" || at(monitor, "endpoints", 0, "scheme") != "http" || at(monitor, "endpoints", 0, "relabelings", 0, "targetLabel") != "node" {
		t.Errorf("got the monitor %v", monitor)
	}
	rule := at(got["Ingress/"+fullName], "spec", "rules", 0)
	if at(rule, "http", "paths", 0, "backend", "service", "name") != fullName || at(rule, "http", "paths", 0, "path") != "/huggingface" || at(rule, "host") != "example.com" {
		t.Errorf("got the rule %v", rule)
	}
	policy := at(got["NetworkPolicy/"+fullName], "spec")
	if at(policy, "ingress", 0, "ports", 0, "port") != "http" || len(at(policy, "ingress", 0, "from").([]any)) != 2 || at(policy, "egress", 1, "ports", 0, "port") != 3128 {
		t.Errorf("got the policy %v", policy)
	}
	// The path is that of the routes, if the proxy takes the other off.
	if got := at(render(t, example("full"), "--set=web.routePrefix=/")["ServiceMonitor/"+fullName], "spec", "endpoints", 0, "path"); got != "/metrics" {
		t.Errorf("got the path %v", got)
	}
}

// The StatefulSet has a headless Service, which the monitor leaves out: it has the same pods.
func TestChartHeadlessService(t *testing.T) {
	got := render(t, everything...)
	headless := got["Service/"+fullName+"-headless"]
	if at(headless, "spec", "clusterIP") != "None" || at(got["StatefulSet/"+fullName], "spec", "serviceName") != at(headless, "metadata", "name") {
		t.Errorf("got %v", headless)
	}
	left := at(got["ServiceMonitor/"+fullName], "spec", "selector", "matchExpressions", 0)
	key, _ := at(left, "key").(string)
	if at(left, "operator") != "NotIn" || !slices.Contains(texts(at(left, "values")), fmt.Sprint(at(headless, "metadata", "labels", key))) {
		t.Errorf("expected the monitor to leave %v out, got %v", at(headless, "metadata", "labels"), left)
	}
	if at(got["Service/"+fullName], "metadata", "labels", key) != nil {
		t.Error("expected the monitor to select the other service")
	}
}

func TestChartProbes(t *testing.T) {
	container := at(render(t, "--set=livenessProbe.httpGet.path=/-/healthy", "--set=livenessProbe.httpGet.port=http", "--set=startupProbe=null",
		"--set=readinessProbe.periodSeconds=7", "--set=healthcheckArgs[0]=--timeout=2s")["StatefulSet/"+fullName], "spec", "template", "spec", "containers", 0)
	if at(container, "livenessProbe", "exec") != nil || at(container, "livenessProbe", "httpGet", "path") != "/-/healthy" {
		t.Errorf("expected the handler of the values, got %v", at(container, "livenessProbe"))
	}
	if at(container, "startupProbe") != nil || at(container, "readinessProbe", "periodSeconds") != 7 {
		t.Errorf("got %v and %v", at(container, "startupProbe"), at(container, "readinessProbe"))
	}
	if command := texts(at(container, "readinessProbe", "exec", "command")); !slices.Contains(command, "--timeout=2s") || !slices.Contains(command, "--ready") {
		t.Errorf("got the command %q", command)
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
