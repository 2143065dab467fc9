package backendtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

const hubToken = "hf_membersToken"

// onHub starts the plugin with a data source of the Hub itself, for which no
// exporter runs.
func onHub(t *testing.T, token string) (*plugin, *fakehub.Hub) {
	t.Helper()
	hub := fakehub.New(fakehub.Options{})
	if err := hub.Populate(synthetic.Options{Org: "acme", Repos: 40, Days: 200}); err != nil {
		t.Fatal(err)
	}
	hub.AddToken(hubToken, "acme")
	p := startPlugin(t, "")
	p.settings.JSONData = fmt.Appendf(nil, `{"connection":"hub","organization":"acme","endpoint":%q,"timeout":5}`, listen(t, hub))
	p.settings.DecryptedSecureJSONData = map[string]string{"token": token}
	return p, hub
}

// TestHubConnection asks a data source of the Hub what one of an exporter is asked.
func TestHubConnection(t *testing.T) {
	p, hub := onHub(t, hubToken)
	h, err := p.CheckHealth(t.Context(), p.settings)
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Connection, Organization string
		Repos                    int
		Records                  int64
	}
	if err := json.Unmarshal(h.JSONDetails, &d); err != nil {
		t.Fatal(err)
	}
	if h.Status != backend.HealthStatusOk || d.Connection != "hub" || d.Organization != "acme" || d.Repos != 40 || d.Records == 0 {
		t.Errorf("expected a check that found 40 repositories of acme, got %s: %s %s", h.Status, h.Message, h.JSONDetails)
	}

	for _, queryJSON := range []string{
		`{"queryType":"overview","period":"all_time"}`,
		`{"queryType":"overview","format":"time_series","period":"all_time"}`,
		`{"queryType":"repos","period":"last_month"}`,
		`{"queryType":"repos","format":"time_series","period":"last_month"}`,
		`{"queryType":"export","period":"all_time"}`,
		`{"queryType":"variable","values":"repo","period":"all_time"}`,
	} {
		r := p.ask(t, queryJSON)
		if r.Error != nil || len(r.Frames) == 0 || r.Frames[0].Rows() == 0 {
			t.Errorf("%s: expected rows, got %v, %v", queryJSON, r.Frames, r.Error)
		}
	}

	var items struct{ Matched int }
	if err := json.Unmarshal(p.whole(t, "repos?search=acme/").body, &items); err != nil || items.Matched != 40 {
		t.Errorf("expected the look-up to find 40 repositories, got %+v, %v", items, err)
	}
	if got, want := string(p.whole(t, "export.csv").body), published(t, hub); got != want {
		t.Errorf("expected the %d bytes that the Hub gives, got %d other ones", len(want), len(got))
	}
}

// published returns the Hub's own export.
func published(t *testing.T, hub http.Handler) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, listen(t, hub)+"/organizations/acme/settings/publisher-analytics/download-breakdown", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+hubToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("expected an export, got %s, %v: %s", resp.Status, err, body)
	}
	return string(body)
}

// TestHubFaults checks what a user reads of a Hub that gives no downloads. The token
// is in none of it.
func TestHubFaults(t *testing.T) {
	f := func(what, token string, change func(*fakehub.Hub), wants ...string) {
		t.Helper()
		p, hub := onHub(t, token)
		change(hub)
		h, err := p.CheckHealth(t.Context(), p.settings)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		r := p.ask(t, `{"queryType":"overview"}`)
		csv, err := p.get(t, "export.csv", nil)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if h.Status != backend.HealthStatusError || r.Error == nil || r.ErrorSource != backend.ErrorSourceDownstream || csv.status != int(r.Status) {
			t.Fatalf("%s: expected errors of downstream in check, panel and link, got %s, %v of %q, and %d %s", what, h.Status, r.Error, r.ErrorSource, csv.status, csv.body)
		}
		for where, text := range map[string]string{"the check": h.Message, "the panel": r.Error.Error(), "the link": string(csv.body)} {
			for _, want := range wants {
				if !strings.Contains(text, want) || strings.Contains(strings.TrimSpace(text), "\n") {
					t.Errorf("%s: %s: expected one line with %q, got %q", what, where, want, text)
				}
			}
			if token != "" && strings.Contains(text+string(h.JSONDetails), token) {
				t.Errorf("%s: %s: the token is in %q", what, where, text)
			}
		}
		if token != "" && strings.Contains(p.log.String(), token) {
			t.Errorf("%s: the token is in the log", what)
		}
	}
	nothing := func(*fakehub.Hub) {}
	failing := func(fault fakehub.Fault) func(*fakehub.Hub) {
		return func(h *fakehub.Hub) { h.Fail(fakehub.On{}, fakehub.Always, fault) }
	}
	f("a wrong token", "hf_notThatOne", nothing, "does not know the token", "enter a valid token")
	f("no token", "", nothing, "only to members of acme", "enter a token")
	f("a plan without analytics", hubToken, func(h *fakehub.Hub) { h.AddOrg("acme", fakehub.Free) }, "acme", "plan")
	f("a page for people", hubToken, failing(fakehub.LoginPage()), "HTML page", "check the endpoint")
	f("another file", hubToken, failing(fakehub.Body("text/csv", "a,b\n1,2\n")), "is not an export of acme", "line 1")
}
