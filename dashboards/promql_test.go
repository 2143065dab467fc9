package dashboards

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
	"gopkg.in/yaml.v3"
)

// expression is a query of a dashboard or of the rules in PromQL.
type expression struct{ where, text string }

// inPromQL replaces variables as Grafana's data source for Prometheus does: values
// are quoted for regular expressions within a string, except where the format
// regex asks for plain quoting.
func (d *dashboard) inPromQL(text string, c choice) string {
	for _, v := range d.Templating.List {
		values := c[v.Name]
		plain := make([]string, len(values))
		for i, value := range values {
			plain[i] = special.ReplaceAllString(value, `\$0`)
		}
		inString := strings.ReplaceAll(strings.Join(plain, "|"), `\`, `\\`)
		if len(values) > 1 {
			inString = "(" + inString + ")"
		}
		if slices.Equal(values, []string{all}) {
			inString = v.AllValue
		}
		text = strings.NewReplacer("${"+v.Name+":regex}", strings.Join(plain, "|"), "$"+v.Name, inString).Replace(text)
	}
	return strings.NewReplacer("$__interval_ms", "86400000", "$__interval", "1d", "$__rate_interval", "1m", "$__range", "30d").Replace(text)
}

var special = regexp.MustCompile(`[\\^$*+?.()|\[\]{}/]`)

// leftOver is a variable. A dollar and a number are a group of label_replace.
var leftOver = regexp.MustCompile(`\$[a-zA-Z_{]`)

// labelValues is the query of a variable that lists the values of a label.
var labelValues = regexp.MustCompile(`^label_values\((.*), ([a-z_]+)\)$`)

// expressions returns the PromQL of a dashboard: of its panels, its annotations and
// its variables, with variables replaced in each way.
func (d *dashboard) expressions(t *testing.T) []expression {
	t.Helper()
	if d.source() != "prometheus" {
		return nil
	}
	var out []expression
	for _, c := range d.choices() {
		add := func(where, text string) {
			text = d.inPromQL(text, c)
			if text == "" || leftOver.MatchString(text) {
				t.Errorf("%s: %s: expected PromQL without variables, got %q", d.file, where, text)
			}
			out = append(out, expression{d.file + ": " + where, text})
		}
		for _, p := range d.shown() {
			for _, target := range p.Targets {
				add("panel "+p.Title, member(target, "expr"))
			}
		}
		for _, a := range d.Annotations.List {
			add("annotation "+a.Name, member(a.Target, "expr"))
		}
		for _, v := range d.Templating.List {
			if v.Type != "query" {
				continue
			}
			q, _ := v.Query.(object)
			parts := labelValues.FindStringSubmatch(member(q, "query"))
			if parts == nil {
				t.Errorf("%s: variable %s: expected label_values(metric, label), got %v", d.file, v.Name, v.Query)
				continue
			}
			add("variable "+v.Name, "count by ("+parts[2]+") ("+parts[1]+")")
		}
	}
	return out
}

// ruleFile is a file of rules, as far as the tests read it.
type ruleFile struct {
	Groups []struct {
		Name  string
		Rules []struct {
			Record, Alert, Expr string
			For                 string
			Labels, Annotations map[string]string
		}
	}
}

func rules(t *testing.T, name string) ruleFile {
	t.Helper()
	var f ruleFile
	if err := yaml.Unmarshal(content(t, name), &f); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return f
}

// ruleExpressions returns the expressions of all rules.
func ruleExpressions(t *testing.T) []expression {
	t.Helper()
	var out []expression
	for _, name := range files(t, "rules", ".yaml") {
		for _, g := range rules(t, name).Groups {
			for _, r := range g.Rules {
				out = append(out, expression{name + ": " + r.Record + r.Alert, r.Expr})
			}
		}
	}
	return out
}

// metrics are the labels of each metric.
type metrics map[string]map[string]bool

func (m metrics) add(name string, labels ...string) {
	if m[name] == nil {
		m[name] = map[string]bool{"job": true, "instance": true, "pod": true}
	}
	for _, l := range labels {
		m[name][l] = true
	}
}

var (
	lineOfPage  = regexp.MustCompile(`(?m)^([a-zA-Z_:]+)(?:\{(.*)\})? \S+$`)
	labelOfLine = regexp.MustCompile(`([a-z_]+)="`)
)

// metricsOf reads a metrics page in the text format.
func metricsOf(page string) metrics {
	m := metrics{}
	for _, line := range lineOfPage.FindAllStringSubmatch(page, -1) {
		m.add(line[1])
		for _, label := range labelOfLine.FindAllStringSubmatch(line[2], -1) {
			m.add(line[1], label[1])
		}
	}
	return m
}

// Every expression can be parsed, and asks for metrics and labels that there are:
// one that is misspelled would be an empty panel, or an alert that never fires.
func TestExpressionsAskForWhatThereIs(t *testing.T) {
	known := metricsOf(startExporter(t).page(t))
	known.add("up")
	for _, g := range rules(t, "rules/recording.yaml").Groups {
		for _, r := range g.Rules {
			known.add(r.Record, "org", "repo_type")
			if strings.HasPrefix(r.Record, "repo:") {
				known.add(r.Record, "repo")
			}
		}
	}
	list := ruleExpressions(t)
	for _, d := range boards(t) {
		list = append(list, d.expressions(t)...)
	}
	if len(list) < 300 {
		t.Errorf("expected some hundred expressions, got %d", len(list))
	}
	asked := map[string]bool{}
	p := parser.NewParser(parser.Options{})
	for _, e := range list {
		parsed, err := p.ParseExpr(e.text)
		if err != nil {
			t.Errorf("%s: %s: %v", e.where, e.text, err)
			continue
		}
		parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
			switch n := node.(type) {
			case *parser.VectorSelector:
				asked[n.Name] = true
				checkSelector(t, e, n, known)
			case *parser.AggregateExpr:
				checkLabels(t, e, n, n.Grouping, known)
			case *parser.BinaryExpr:
				if n.VectorMatching != nil {
					checkLabels(t, e, n, n.VectorMatching.MatchingLabels, known)
				}
			}
			return nil
		})
	}
	checkAllAreAsked(t, asked, known)
}

func checkSelector(t *testing.T, e expression, s *parser.VectorSelector, known metrics) {
	t.Helper()
	have, ok := known[s.Name]
	if !ok {
		t.Errorf("%s: %s: the exporter has no metric %q", e.where, e.text, s.Name)
		return
	}
	for _, m := range s.LabelMatchers {
		if m.Name != model.MetricNameLabel && !have[m.Name] {
			t.Errorf("%s: %s: metric %s has the labels %v, and not %q", e.where, e.text, s.Name, slices.Sorted(maps.Keys(have)), m.Name)
		}
	}
}

// checkLabels looks for labels by which a part of an expression groups or matches
// in what it is made of.
func checkLabels(t *testing.T, e expression, part parser.Node, used []string, known metrics) {
	t.Helper()
	have := map[string]bool{}
	parser.Inspect(part, func(node parser.Node, _ []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok {
			maps.Copy(have, known[s.Name])
		}
		return nil
	})
	for _, l := range used {
		if !have[l] {
			t.Errorf("%s: %s: there are the labels %v, and not %q", e.where, e.text, slices.Sorted(maps.Keys(have)), l)
		}
	}
}

// checkAllAreAsked looks for metrics of the exporter that no dashboard shows and no
// rule watches.
func checkAllAreAsked(t *testing.T, asked map[string]bool, known metrics) {
	t.Helper()
	for name := range known {
		if !strings.HasPrefix(name, "huggingface_") || strings.HasSuffix(name, "_sum") || strings.HasSuffix(name, "_count") {
			continue
		}
		if !asked[name] {
			t.Errorf("metric %s: expected a panel or a rule that asks for it", name)
		}
	}
}

// The exporter's own PromQL API has series without job and instance, and the dashboard of
// publisher analytics works over it, too.
func TestSeriesWithoutJobAreShown(t *testing.T) {
	for _, v := range board(t, filePrometheus).Templating.List {
		if v.IncludeAll && !regexp.MustCompile("^(?:"+v.AllValue+")$").MatchString("") {
			t.Errorf("variable %s: expected all values to match a series without the label, got %q", v.Name, v.AllValue)
		}
	}
}
