package deploy_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestKubernetesAgrees(t *testing.T) {
	var set, service, monitor map[string]any
	decode(t, "deploy/kubernetes/statefulset.yaml", &set)
	decode(t, "deploy/kubernetes/service.yaml", &service)
	decode(t, "deploy/kubernetes/servicemonitor.yaml", &monitor)
	f := func(what string, got, want any) {
		t.Helper()
		if want == nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: expected %v, got %v", what, want, got)
		}
	}
	labels := at(set, "spec", "template", "metadata", "labels")
	f("the set's selector", at(set, "spec", "selector", "matchLabels"), labels)
	f("the service's selector", at(service, "spec", "selector"), labels)
	f("the monitor's selector", at(monitor, "spec", "selector", "matchLabels"), at(service, "metadata", "labels"))
	f("the set's service", at(set, "spec", "serviceName"), at(service, "metadata", "name"))

	container := at(set, "spec", "template", "spec", "containers", 0)
	name := at(container, "ports", 0, "name")
	f("the port", fmt.Sprint(at(container, "ports", 0, "containerPort")), port)
	f("the service's port", fmt.Sprint(at(service, "spec", "ports", 0, "port")), port)
	f("the service's target", at(service, "spec", "ports", 0, "targetPort"), name)
	f("the monitor's port", at(monitor, "spec", "endpoints", 0, "port"), at(service, "spec", "ports", 0, "name"))
	f("the service's address, as that of a StatefulSet", at(service, "spec", "clusterIP"), "None")
	check := []any{"/usr/bin/huggingface_exporter", "healthcheck", "--web.listen-address=:" + port}
	for probe, want := range map[string][]any{"startupProbe": append(check, "--ready"), "readinessProbe": append(check, "--ready"), "livenessProbe": check} {
		f(probe, at(container, probe, "exec", "command"), want)
	}
	if image := read(t, "Dockerfile"); !strings.Contains(image, `ENTRYPOINT ["/usr/bin/huggingface_exporter"]`) {
		t.Error("expected the program of the probes in the image")
	}

	// What is mounted exists, and the flags and the configuration name what is mounted.
	pod := at(set, "spec", "template", "spec")
	known := []any{at(set, "spec", "volumeClaimTemplates", 0, "metadata", "name")}
	for _, v := range pod.(map[string]any)["volumes"].([]any) {
		known = append(known, at(v, "name"))
	}
	mounts := make(map[any]any)
	for _, m := range container.(map[string]any)["volumeMounts"].([]any) {
		if !slices.Contains(known, at(m, "name")) {
			t.Errorf("expected a volume among %v, got %v", known, m)
		}
		mounts[at(m, "name")] = at(m, "mountPath")
	}
	args := texts(at(container, "args"))
	for _, want := range []string{
		fmt.Sprintf("--config.file=%v/config.yaml", mounts["config"]),
		fmt.Sprintf("--storage.path=%v", mounts["data"]),
		"--web.listen-address=:" + port,
	} {
		if !slices.Contains(args, want) {
			t.Errorf("expected the argument %s, got %q", want, args)
		}
	}
	if want := fmt.Sprintf("token_file: %v/hub.token\n", mounts["token"]); !strings.Contains(read(t, "deploy/kubernetes/config.yaml"), want) {
		t.Errorf("expected %q in the configuration", want)
	}
}

// TestPrometheusRule compares the rules of the manifest with those of the
// dashboards; scripts/prometheusrule.sh makes the one of the others.
func TestPrometheusRule(t *testing.T) {
	var rule, recording, alerts map[string]any
	decode(t, "deploy/kubernetes/prometheusrule.yaml", &rule)
	decode(t, "dashboards/rules/recording.yaml", &recording)
	decode(t, "dashboards/rules/alerts.yaml", &alerts)
	want := append(slices.Clone(recording["groups"].([]any)), alerts["groups"].([]any)...)
	if !reflect.DeepEqual(at(rule, "spec", "groups"), any(want)) {
		t.Error("prometheusrule.yaml has not the rules of dashboards/rules: run scripts/prometheusrule.sh")
	}
}

func TestEveryDashboardIsDeployed(t *testing.T) {
	var k map[string]any
	decode(t, "dashboards/kustomization.yaml", &k)
	var got []string
	for _, g := range k["configMapGenerator"].([]any) {
		got = append(got, texts(at(g, "files"))...)
	}
	names, err := filepath.Glob(filepath.Join(root, "dashboards", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, n := range names {
		want = append(want, filepath.Base(n))
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("expected the dashboards %q, got %q", want, got)
	}
}

// TestKustomize builds the manifests, where there is a kubectl to do it.
func TestKustomize(t *testing.T) {
	kubectl, err := exec.LookPath("kubectl")
	if err != nil {
		t.Skip("there is no kubectl")
	}
	out, err := exec.CommandContext(t.Context(), kubectl, "kustomize", "kubernetes").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		"\nkind: StatefulSet\n", "\nkind: Service\n", "\nkind: ServiceMonitor\n", "\nkind: PrometheusRule\n",
		"\n  name: dashboard-publisher-analytics\n", "\n    grafana_dashboard: \"1\"\n", "\n        image: registry.example.com/huggingface_exporter:",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("expected %q in what kustomize built", want)
		}
	}
	if strings.Contains(string(out), "hf_") {
		t.Error("there is something like a token in what kustomize built")
	}
}
