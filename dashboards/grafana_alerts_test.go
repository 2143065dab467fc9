package dashboards

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/dataplane/sdata/numeric"
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"gopkg.in/yaml.v3"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/frames"
	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

const fileAlerts = "provisioning/alerting/huggingface.yaml"

// grafanaRule is an alert rule that Grafana evaluates: a query to our data source, A, and
// a threshold over its answer, B.
type grafanaRule struct {
	UID         string
	Title       string
	Condition   string
	NoData      string `yaml:"noDataState"`
	Labels      map[string]string
	Annotations map[string]string
	Data        []struct {
		RefID  string `yaml:"refId"`
		Source string `yaml:"datasourceUid"`
		Range  struct {
			From, To int64 // seconds before now
		} `yaml:"relativeTimeRange"`
		Model object
	}
}

func grafanaRules(t *testing.T) map[string]grafanaRule {
	t.Helper()
	var f struct {
		Version int `yaml:"apiVersion"`
		Groups  []struct{ Rules []grafanaRule }
	}
	if err := yaml.Unmarshal(content(t, fileAlerts), &f); err != nil || f.Version != 1 || len(f.Groups) != 1 {
		t.Fatalf("%s: expected apiVersion 1 and a group, got %d and %d, %v", fileAlerts, f.Version, len(f.Groups), err)
	}
	rules := make(map[string]grafanaRule)
	for _, r := range f.Groups[0].Rules {
		rules[r.UID] = r
	}
	return rules
}

// firing evaluates a rule at a time, as Grafana does, and returns the labels of what fires.
func (r grafanaRule) firing(t *testing.T, store history.Reader, now time.Time) []string {
	t.Helper()
	asked := r.Data[0]
	text, err := json.Marshal(asked.Model)
	if err != nil {
		t.Fatal(err)
	}
	condition, err := json.Marshal(r.Data[1].Model["conditions"])
	if err != nil {
		t.Fatal(err)
	}
	var conditions []struct {
		Evaluator struct {
			Type   string
			Params []float64
		}
	}
	if err := json.Unmarshal(condition, &conditions); err != nil || len(conditions) != 1 {
		t.Fatalf("%s: expected a condition, got %s, %v", r.Title, condition, err)
	}
	threshold := conditions[0].Evaluator
	at := func(before int64) time.Time { return now.Add(-time.Duration(before) * time.Second) }
	q, err := query.Decode(backend.DataQuery{
		RefID: "A", JSON: text, TimeRange: backend.TimeRange{From: at(asked.Range.From), To: at(asked.Range.To)},
		// What alert rules have.
		Interval: time.Second, MaxDataPoints: 43200,
	})
	if err != nil {
		t.Fatalf("%s: %s", r.Title, err)
	}
	answer, err := frames.Answer(t.Context(), store, q, hub.DefaultEndpoint)
	if err != nil {
		t.Fatal(err)
	}
	numbers, err := numeric.CollectionReaderFromFrames(answer)
	if err != nil {
		t.Fatalf("%s: %s", r.Title, err)
	}
	all, err := numbers.GetCollection(false)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, ref := range all.Refs {
		n, _, err := ref.NullableFloat64Value()
		if err != nil {
			t.Fatal(err)
		}
		labels := ref.GetLabels()
		for _, m := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(r.Annotations["summary"]+r.Annotations["description"], -1) {
			if labels[m[1]] == "" {
				t.Errorf("%s: an annotation has the label %s, expected one of %s", r.Title, m[1], labels)
			}
		}
		if threshold.Type == "gt" && *n > threshold.Params[0] || threshold.Type == "lt" && *n < threshold.Params[0] {
			out = append(out, labels.String())
		}
	}
	slices.Sort(out)
	return out
}

func TestGrafanaRulesAreWhole(t *testing.T) {
	if got := environment(t, fileAlerts); len(got) > 0 {
		t.Errorf("%s: expected nothing of the environment, got %v", fileAlerts, got)
	}
	sources := string(content(t, "provisioning/datasources/huggingface.yaml"))
	for _, r := range grafanaRules(t) {
		if r.Title == "" || r.Condition != "B" || r.NoData != "OK" || r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
			t.Errorf("%s: expected a title, the condition B, no alert without data, a severity, a summary and a description, got %+v", r.UID, r)
		}
		if len(r.Data) != 2 || !strings.Contains(sources, "uid: "+r.Data[0].Source+"\n") || r.Data[1].Source != "__expr__" {
			t.Errorf("%s: expected a query to a provisioned data source and an expression, got %+v", r.UID, r.Data)
		}
		for name, a := range r.Annotations {
			if m := regexp.MustCompile(`\$[^lv]|\$\$|\{\{[^}]*$`).FindString(a); m != "" {
				t.Errorf("%s: %s: expected nothing but $labels and $values, got %q", r.UID, name, m)
			}
		}
	}
}

func TestGrafanaRulesFire(t *testing.T) {
	now := time.Date(2026, 3, 30, 9, 0, 0, 0, time.UTC)
	today := history.DayOf(now)
	steady := history.Repo{Type: history.Model, Name: "acme/steady"}
	falling := history.Repo{Type: history.Dataset, Name: "fading/falling"}
	silent := history.Repo{Type: history.Model, Name: "silent/one"}
	store := memtable.NewStore()
	add := func(asOf time.Time, records ...history.Record) {
		t.Helper()
		v := history.Version{Source: history.Published, AsOf: history.AsOfTime(asOf)}
		if _, err := store.Append(t.Context(), history.Batch{Rows: history.RowsOf(v, records...)}); err != nil {
			t.Fatal(err)
		}
	}
	var records []history.Record
	for day := today - 30; day < today; day++ {
		records = append(records, history.Record{Repo: steady, Total: 90_000, Day: day, Downloads: 100})
		n := int64(1000)
		if day >= today-7 {
			n = 200
		}
		records = append(records, history.Record{Repo: falling, Total: 80_000, Day: day, Downloads: n})
		if day < today-5 {
			records = append(records, history.Record{Repo: silent, Total: 50_000, Day: day, Downloads: 10})
		}
	}
	add(now.Add(-120*time.Hour), records...)

	rules := grafanaRules(t)
	f := func(uid string, want ...string) {
		t.Helper()
		r, ok := rules[uid]
		if !ok {
			t.Fatalf("expected a rule %s in %s", uid, fileAlerts)
		}
		if got := r.firing(t, store, now); !slices.Equal(got, want) {
			t.Errorf("%s: expected %q to fire, got %q", r.Title, want, got)
		}
		delete(rules, uid)
	}
	f("huggingface-no-new-days", "org=silent")
	f("huggingface-downloads-fell", "org=fading", "org=silent")
	f("huggingface-repository-fell", "org=fading, repo=fading/falling, repo_type=dataset", "org=silent, repo=silent/one, repo_type=model")

	f("huggingface-downloads-removed")
	// A fall that lasts, as exports of three days tell it.
	for _, before := range []time.Duration{96 * time.Hour, 24 * time.Hour, time.Hour} {
		add(now.Add(-before), history.Record{Repo: steady, Total: 60_000, Day: today - 1, Downloads: 100})
	}
	rules = grafanaRules(t)
	f("huggingface-downloads-removed", "org=acme, repo=acme/steady, repo_type=model")
}
