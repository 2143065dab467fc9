package plugin

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/connection"
)

func TestCheckHealth(t *testing.T) {
	f := func(h connection.Health, want backend.HealthStatus) {
		t.Helper()
		d := newTestDatasource(t, &fakeConn{health: h})
		got, err := d.CheckHealth(t.Context(), &backend.CheckHealthRequest{})
		if err != nil {
			t.Fatal(err)
		}
		var details connection.Details
		if err := json.Unmarshal(got.JSONDetails, &details); err != nil {
			t.Fatalf("%s: %v", got.JSONDetails, err)
		}
		if got.Status != want || got.Message != h.Message || details.Connection != h.Details.Connection || details.Repos != h.Details.Repos {
			t.Errorf("expected %s with %+v, got %s, %q, %s", want, h, got.Status, got.Message, got.JSONDetails)
		}
	}
	f(connection.Health{OK: true, Message: "Reached it.", Details: connection.Details{Connection: "exporter", Repos: 7}}, backend.HealthStatusOk)
	f(connection.Health{Message: "Nobody there.", Details: connection.Details{Connection: "hub"}}, backend.HealthStatusError)
}

// TestWrongSettings checks that all that is asked of such an instance names the
// setting, in place of an instance that could not be made.
func TestWrongSettings(t *testing.T) {
	f := func(url, jsonData, want string) {
		t.Helper()
		made, err := New(t.Context(), backend.DataSourceInstanceSettings{UID: "x", URL: url, JSONData: []byte(jsonData)})
		if err != nil {
			t.Fatalf("%s: %v", jsonData, err)
		}
		d := made.(*Datasource)
		t.Cleanup(d.Dispose)
		h, err := d.CheckHealth(t.Context(), &backend.CheckHealthRequest{})
		if err != nil || h.Status != backend.HealthStatusError || !strings.Contains(h.Message, want) {
			t.Errorf("%s: expected a check that fails with %q, got %+v, %v", jsonData, want, h, err)
		}
		if r := ask(t.Context(), t, d, `{}`); r.Status != backend.StatusBadRequest || r.Error == nil || !strings.Contains(r.Error.Error(), want) {
			t.Errorf("%s: expected a query that fails with status 400 and %q, got %d, %v", jsonData, want, r.Status, r.Error)
		}
		for _, url := range []string{"export.csv", "repos"} {
			if r := get(t, d, url); r.status() != http.StatusBadRequest || !strings.Contains(string(r.body()), want) {
				t.Errorf("%s: expected %s to answer with status 400 and %q, got %d: %s", jsonData, url, want, r.status(), r.body())
			}
		}
	}
	f("", `{}`, "url")
	f("http://localhost:10061", `{"connection":"carrier pigeon"}`, "carrier pigeon")
	f("", `{"connection":"hub"}`, "organization")
}

func TestDispose(t *testing.T) {
	conn := &fakeConn{}
	newDatasource(conn, nil).Dispose()
	if !conn.closed {
		t.Error("expected the connection to be closed")
	}
}
