package backendtest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

func TestHealth(t *testing.T) {
	p := startPlugin(t, serve(t, smallHistory(t)).url)
	h, err := p.CheckHealth(t.Context(), p.settings)
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Connection, URL, FirstDay, LastDay string
		Repos                              int
		Records                            int64
	}
	if err := json.Unmarshal(h.JSONDetails, &d); err != nil {
		t.Fatal(err)
	}
	if h.Status != backend.HealthStatusOk || !strings.Contains(h.Message, p.settings.URL) {
		t.Errorf("expected a check that succeeds and names the URL, got %s: %s", h.Status, h.Message)
	}
	if d.Connection != "exporter" || d.Repos != 6 || d.Records != 118 || d.FirstDay != "2021-01-22" || d.LastDay != "2021-11-29" {
		t.Errorf("expected details of 6 repositories and 118 records from 2021-01-22 to 2021-11-29, got %s", h.JSONDetails)
	}
}

func TestResources(t *testing.T) {
	p := startPlugin(t, serve(t, smallHistory(t)).url)
	f := func(url string, status int, want string) {
		t.Helper()
		r, err := p.get(t, url, nil)
		if err != nil || r.status != status || strings.TrimSpace(string(r.body)) != want {
			t.Errorf("%s: expected status %d with\n%s, got %d, %v\n%s", url, status, want, r.status, err, r.body)
		}
	}
	f("repo-types", http.StatusOK, `{"items":[{"value":"model","text":"model"},{"value":"dataset","text":"dataset"},{"value":"space","text":"space"}],"matched":3}`)
	f("organizations?search=HUGG", http.StatusOK, `{"items":[{"value":"huggingface","text":"huggingface"}],"matched":1}`)
	f("repos?search=rocket&limit=1", http.StatusOK, `{"items":[{"value":"acme/rocket","text":"acme/rocket","repo_type":"model"}],"matched":2}`)
	f("repos?limit=0", http.StatusBadRequest, `{"error":"expected a whole number from 1 to 50, got \"0\"","field":"limit"}`)
	f("nothing", http.StatusNotFound, `{"error":"expected one of the resources export.csv, groups, organizations, repo-types, repos, got \"nothing\""}`)
	f("export.csv?from=2021-01-22&to=2021-01-23", http.StatusOK, `repoType,repoName,total,timestamp,downloads
model,huggingface/CodeBERTa-small-v1,4362460,2021-01-22T00:00:00.000Z,4
model,huggingface/CodeBERTa-small-v1,4362460,2021-01-23T00:00:00.000Z,7`)
}

func TestMetrics(t *testing.T) {
	p := startPlugin(t, serve(t, smallHistory(t)).url)
	p.ask(t, `{"queryType":"repos"}`)
	p.ask(t, `{"queryType":"repos","limit":0}`)
	r := p.whole(t, "export.csv")
	m, err := p.CollectMetrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`huggingface_publisheranalytics_plugin_queries_total{status="ok",type="repos"} 1`,
		`huggingface_publisheranalytics_plugin_queries_total{status="invalid",type="unknown"} 1`,
		`huggingface_publisheranalytics_plugin_query_duration_seconds_count{type="repos"} 1`,
		`huggingface_publisheranalytics_plugin_exports_total{status="ok"} 1`,
		`huggingface_publisheranalytics_plugin_export_records_total 118`,
		`huggingface_publisheranalytics_plugin_exports_in_progress 0`,
	} {
		if !strings.Contains(m, want+"\n") {
			t.Errorf("expected the metrics to have %s, got\n%s", want, m)
		}
	}
	if !strings.Contains(m, "huggingface_publisheranalytics_plugin_export_bytes_total "+strconv.Itoa(len(r.body))+"\n") {
		t.Errorf("expected %d bytes of exports, got\n%s", len(r.body), m)
	}
}
