package deploy_test

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// example has the values of a file that comes with the chart.
func example(name string) string { return "--values=" + chart + "/ci/" + name + "-values.yaml" }

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
