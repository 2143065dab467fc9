package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

const hubToken = "hf_TheSecretOfTheTest_0123456789"

// The page of the collections, of a running server: what succeeded, what failed and
// why, as JSON and for people.
func TestCollectionsPage(t *testing.T) {
	t.Parallel()
	hub := fakehub.New(fakehub.Options{})
	at := httptest.NewServer(hub)
	t.Cleanup(func() {
		at.CloseClientConnections()
		at.Close()
	})
	for _, org := range []string{"massive", "globex"} { // both are collected soon after the start
		hub.AddOrg(org, fakehub.Team)
		hub.AddRepo(history.Model, org+"/m").SetDay(20000, 10).SetDay(20001, 20)
		hub.AddRepo(history.Dataset, org+"/d").SetDay(20000, 5)
	}
	hub.AddToken(hubToken, "massive", "globex")
	const configuration = "hub: {endpoint: %q, token: %q, organizations: [{name: massive}, {name: globex, source: publisher_analytics%s}]}"
	hub.Fail(fakehub.On{Org: "globex"}, fakehub.Always, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("X-Error-Message", "no <b>such</b> token: "+hubToken)
		w.WriteHeader(http.StatusForbidden)
	})
	s := run(t, fmt.Sprintf(configuration, at.URL, hubToken, ""))
	s.until("/metrics", "\nhuggingface_exporter_collection_success{org=\"massive\"} 1\n")
	s.until("/metrics", "\nhuggingface_exporter_collection_success{org=\"globex\"} 0\n")

	read := func() map[string]orgJSON {
		t.Helper()
		code, body := s.do(http.MethodGet, collectionsRoute+"?format=json")
		var got collectionsJSON
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

	code, page := s.do(http.MethodGet, collectionsRoute)
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
	if code, body := s.do(http.MethodGet, collectionsRoute+"?format=xml"); code != http.StatusBadRequest || !strings.Contains(body, "expected html or json") {
		t.Errorf("%d\n%s", code, body)
	}

	_, analytics := s.do(http.MethodGet, "/")
	for _, want := range []string{
		"2 repositories from publisher analytics, 3 new and 0 changed records", "Failed (forbidden): ", "no &lt;b&gt;such&lt;/b&gt; token: &lt;token&gt;",
		"Stored: 3 daily records in ", "<td>massive</td>", `>massive/m</a>`,
	} {
		if !strings.Contains(analytics, want) {
			t.Errorf("the page has no %s\n%s", want, analytics)
		}
	}

	// A further collection comes first, here after a reload that begins anew.
	hub.Heal()
	hub.Repo(history.Model, "globex/m").SetDay(20002, 7)
	s.write("c.yaml", fmt.Sprintf(configuration, at.URL, hubToken, ", interval: 5h"))
	if code, body := s.do(http.MethodPost, "/-/reload"); code != http.StatusOK {
		t.Fatalf("%d\n%s", code, body)
	}
	s.until("/metrics", "\nhuggingface_exporter_collection_success{org=\"globex\"} 1\n")
	orgs = read()
	if len(orgs["massive"].Collections) != 1 || len(orgs["globex"].Collections) == 0 || orgs["globex"].Collections[0].Records != 4 {
		t.Errorf("got %+v", orgs)
	}

	// What is not believed says so.
	hub.Fail(fakehub.On{Org: "globex"}, fakehub.Always, fakehub.Scaled(0))
	s.write("c.yaml", fmt.Sprintf(configuration, at.URL, hubToken, ", interval: 4h"))
	if code, body := s.do(http.MethodPost, "/-/reload"); code != http.StatusOK {
		t.Fatalf("%d\n%s", code, body)
	}
	s.until("/metrics", "\nhuggingface_exporter_collection_doubted{org=\"globex\",reason=\"zeros\"} 1\n")
	if got := read()["globex"].Collections[0]; got.Outcome != "failure" || got.Reason != "implausible" || got.Implausible != "zeros" || !strings.Contains(got.Error, "got zeros for 2 of 2 repositories") {
		t.Errorf("got %+v", got)
	}
	if _, page := s.do(http.MethodGet, collectionsRoute); !strings.Contains(page, `<td>failure (implausible: zeros)</td>`) {
		t.Errorf("the page does not say it\n%s", page)
	}
}
