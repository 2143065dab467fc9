package backendtest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// plugin is a running plugin with one data source.
type plugin struct {
	*Host
	settings Settings
	log      *logBuffer
}

// startPlugin starts the plugin with a data source of an exporter at url.
func startPlugin(t testing.TB, url string) *plugin {
	t.Helper()
	p := &plugin{log: new(logBuffer), settings: exporterAt(url)}
	var err error
	// By default the race detector waits a second before it lets a process end.
	if p.Host, err = Start(pluginProgram, p.log, "GORACE=atexit_sleep_ms=10"); err != nil {
		t.Fatalf("%v\n%s", err, p.log)
	}
	t.Cleanup(func() {
		p.Close()
		if strings.Contains(p.log.String(), "DATA RACE") {
			t.Errorf("the plugin has a race\n%s", p.log)
		}
	})
	return p
}

// exporterAt are the settings of a data source of an exporter.
func exporterAt(url string) Settings {
	return Settings{
		ID: 1, UID: "analytics", Name: "Publisher analytics", URL: url,
		Type:     "huggingfaceexporter-publisheranalytics-datasource",
		JSONData: []byte(`{"connection":"exporter"}`),
		Updated:  time.Unix(1, 0),
	}
}

// november is the time range of every query that names none.
var november = backend.TimeRange{
	From: time.Date(2021, 11, 1, 0, 0, 0, 0, time.UTC),
	To:   time.Date(2021, 11, 30, 23, 59, 59, 0, time.UTC),
}

func dataQuery(refID, queryJSON string) backend.DataQuery {
	return backend.DataQuery{RefID: refID, JSON: []byte(queryJSON), TimeRange: november, Interval: 6 * time.Hour, MaxDataPoints: 1000}
}

// ask asks one query and returns its response.
func (p *plugin) ask(t testing.TB, queryJSON string) backend.DataResponse {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	resp, err := p.QueryData(ctx, p.settings, dataQuery("A", queryJSON))
	if err != nil {
		t.Fatalf("%s: %v\n%s", queryJSON, err, p.log)
	}
	return resp.Responses["A"]
}

// resource is the response of a resource.
type resource struct {
	status int
	header http.Header
	body   []byte
}

// get asks for a resource. The error is of a response that did not come whole.
func (p *plugin) get(t testing.TB, url string, headers map[string][]string) (resource, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var r resource
	err := p.CallResource(ctx, p.settings, http.MethodGet, url, headers, func(part *backend.CallResourceResponse) error {
		if r.status == 0 {
			r.status, r.header = part.Status, part.Headers
		}
		r.body = append(r.body, part.Body...)
		return nil
	})
	return r, err
}

// whole asks for a resource that has to come whole.
func (p *plugin) whole(t testing.TB, url string) resource {
	t.Helper()
	r, err := p.get(t, url, nil)
	if err != nil || r.status != http.StatusOK {
		t.Fatalf("%s: status %d, %v: %.500s\n%s", url, r.status, err, r.body, p.log)
	}
	return r
}

// indented returns JSON as golden files hold it.
func indented(t testing.TB, raw []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return b.String() + "\n"
}
