package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

const collectionsRoute = "/debug/collections"

// orgJSON is an organization of that page for programs.
type orgJSON struct {
	Name        string
	Interval    float64 `json:"interval_seconds"`
	Running     bool
	LastSuccess *time.Time `json:"last_success"`
	Next        *time.Time
	Collections []struct {
		Start                  time.Time
		Duration               float64    `json:"duration_seconds"`
		AsOf                   *time.Time `json:"as_of"`
		Source, Outcome        string
		Repos, Records         int
		New, Changed, Appeared int
		Reason, Error          string
	}
}

// The page of the collections, of a running serve: what succeeded, what failed and
// why, as JSON and for people.
func TestCollectionsPage(t *testing.T) {
	c := newCollects(t)
	c.org("massive", fakehub.Team)
	c.org("globex", fakehub.Team)
	c.config("name: massive", "name: globex, source: publisher_analytics")
	c.hub.Fail(fakehub.On{Org: "globex"}, fakehub.Always, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("X-Error-Message", "no <b>such</b> token: "+hubToken)
		w.WriteHeader(http.StatusForbidden)
	})
	s := c.ready("--config.file=c.yaml")
	s.untilMetric(`huggingface_exporter_collection_success{org="massive"}`, "1")
	s.untilMetric(`huggingface_exporter_collection_success{org="globex"}`, "0")

	read := func() map[string]orgJSON {
		t.Helper()
		code, body := s.get(collectionsRoute + "?format=json")
		var got struct{ Organizations []orgJSON }
		if err := json.Unmarshal([]byte(body), &got); err != nil || code != http.StatusOK || strings.Contains(body, hubToken) {
			t.Fatalf("%d, %v\n%s", code, err, body)
		}
		orgs := make(map[string]orgJSON)
		for _, o := range got.Organizations {
			orgs[o.Name] = o
		}
		return orgs
	}
	orgs := read()
	m := orgs["massive"]
	if len(m.Collections) != 1 || m.Interval != 6*60*60 || m.LastSuccess == nil || m.Next == nil || m.Running {
		t.Fatalf("got %+v", m)
	}
	if got := m.Collections[0]; got.Outcome != "success" || got.Source != "publisher_analytics" || got.Repos != 2 || got.Records != 3 || got.New != 3 ||
		got.Appeared != 2 || got.Error != "" || got.AsOf == nil || got.Duration <= 0 || got.Start.IsZero() {
		t.Errorf("got %+v", got)
	}
	g := orgs["globex"]
	if len(g.Collections) != 1 || g.LastSuccess != nil {
		t.Fatalf("got %+v", g)
	}
	if got := g.Collections[0]; got.Outcome != "failure" || got.Reason != "forbidden" || !strings.Contains(got.Error, "no <b>such</b> token: <token>") {
		t.Errorf("got %+v", got)
	}

	code, page := s.get(collectionsRoute)
	for _, want := range []string{
		`<h2 id="massive">massive</h2>`, `<td>publisher analytics</td><td>success</td><td class="number">2</td><td class="number">3</td>`,
		`<td>failure (forbidden)</td>`, `no &lt;b&gt;such&lt;/b&gt; token: &lt;token&gt;`, "Every 6h.",
	} {
		if code != http.StatusOK || !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if strings.Contains(page, hubToken) || t.Failed() {
		t.Errorf("%d\n%s", code, page)
	}
	if code, body := s.get(collectionsRoute + "?format=xml"); code != http.StatusBadRequest || !strings.Contains(body, "expected html or json") {
		t.Errorf("%d\n%s", code, body)
	}

	// A further collection comes first, here after a reload that begins anew.
	c.later()
	c.hub.Heal()
	c.hub.Repo(history.Model, "globex/m").SetDay(20002, 7)
	c.config("name: massive", "name: globex, source: publisher_analytics, interval: 5h")
	if code, body := s.do(http.MethodPost, "/-/reload"); code != http.StatusOK {
		t.Fatalf("%d\n%s", code, body)
	}
	s.untilMetric(`huggingface_exporter_collection_success{org="globex"}`, "1")
	orgs = read()
	if len(orgs["massive"].Collections) != 1 || len(orgs["globex"].Collections) == 0 || orgs["globex"].Collections[0].Records != 4 {
		t.Errorf("got %+v", orgs)
	}
}
