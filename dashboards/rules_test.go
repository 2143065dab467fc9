package dashboards

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// promtool runs promtool and fails the test with what it says.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command(needTool(t, "promtool"), args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func TestPromtoolTakesTheRules(t *testing.T) {
	promtool(t, append([]string{"check", "rules"}, files(t, "rules", ".yaml")...)...)
}

func TestRulesAnswerAsExpected(t *testing.T) {
	for _, name := range files(t, "rules/tests", ".yaml") {
		t.Run(filepath.Base(name), func(t *testing.T) { promtool(t, "test", "rules", name) })
	}
}

// The parser in go.mod is newer than the Prometheus that many have: what the
// dashboards ask has to be understood by the one that is installed, too.
func TestPromtoolTakesTheDashboards(t *testing.T) {
	type rule struct {
		Record string `yaml:"record"`
		Expr   string `yaml:"expr"`
	}
	var list []rule
	for _, d := range boards(t) {
		for _, e := range d.expressions(t) {
			list = append(list, rule{fmt.Sprintf("dashboard:%d", len(list)), e.text})
		}
	}
	text, err := yaml.Marshal(object{"groups": []any{object{"name": "dashboards", "rules": list}}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "check", "rules", file)
}

// ruleTest is a file of promtool's tests, as far as the tests read it.
type ruleTest struct {
	Tests []struct {
		Alerts []struct {
			Name     string           `yaml:"alertname"`
			Expected []map[string]any `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
		Expressions []struct{ Expr string } `yaml:"promql_expr_test"`
	}
}

// Every alert is seen to fire and not to fire, and every recorded series to have a
// value.
func TestEachRuleIsTested(t *testing.T) {
	fires, quiet, recorded := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, name := range files(t, "rules/tests", ".yaml") {
		var f ruleTest
		if err := yaml.Unmarshal(content(t, name), &f); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, c := range f.Tests {
			for _, a := range c.Alerts {
				if len(a.Expected) > 0 {
					fires[a.Name] = true
				} else {
					quiet[a.Name] = true
				}
			}
			for _, e := range c.Expressions {
				recorded[e.Expr] = true
			}
		}
	}
	for _, name := range files(t, "rules", ".yaml") {
		for _, g := range rules(t, name).Groups {
			for _, r := range g.Rules {
				switch {
				case r.Alert != "" && !(fires[r.Alert] && quiet[r.Alert]):
					t.Errorf("%s: %s: expected a test in which it fires and one in which it does not, got %v and %v", name, r.Alert, fires[r.Alert], quiet[r.Alert])
				case r.Record != "" && !recorded[r.Record]:
					t.Errorf("%s: %s: expected a test of its value", name, r.Record)
				}
			}
		}
	}
}

// An alert says what is wrong, what to do, and where to read on.
func TestAlertsAreExplained(t *testing.T) {
	alerts := 0
	for _, g := range rules(t, "rules/alerts.yaml").Groups {
		for _, r := range g.Rules {
			alerts++
			if !regexp.MustCompile(`^HuggingFace[A-Za-z]+$`).MatchString(r.Alert) {
				t.Errorf("expected alerts named HuggingFace..., got %q", r.Alert)
			}
			if !slices.Contains([]string{"critical", "warning", "info"}, r.Labels["severity"]) {
				t.Errorf("%s: expected severity critical, warning or info, got %q", r.Alert, r.Labels["severity"])
			}
			if r.For == "" {
				t.Errorf("%s: expected a for, so that one evaluation alone wakes nobody", r.Alert)
			}
			summary, description := r.Annotations["summary"], r.Annotations["description"]
			if summary == "" || len(summary) > 100 || len(description) < 150 {
				t.Errorf("%s: expected a summary of at most 100 letters and a description that says what to do, got %q and %q", r.Alert, summary, description)
			}
			checkRunbook(t, r.Alert, r.Annotations["runbook"])
		}
	}
	if alerts < 10 {
		t.Errorf("expected more than ten alerts, got %d", alerts)
	}
}

// checkRunbook looks for the heading that a runbook names.
func checkRunbook(t *testing.T, alert, runbook string) {
	t.Helper()
	file, anchor, _ := strings.Cut(runbook, "#")
	text, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(file)))
	if err != nil || !strings.HasPrefix(file, "docs/") {
		t.Errorf("%s: expected the runbook to be a file of docs, got %q, %v", alert, runbook, err)
		return
	}
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(string(text), -1) {
		slug := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		if strings.ReplaceAll(slug, " ", "-") == anchor {
			return
		}
	}
	t.Errorf("%s: expected a heading of %s, got %q", alert, file, anchor)
}
