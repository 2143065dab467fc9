// Package plugin answers Grafana: queries, health checks and resources.
package plugin

import (
	"context"
	"encoding/json"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/connection"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// ID is the id of the plugin.
const ID = "huggingfaceexporter-publisheranalytics-datasource"

// Datasource is a configured data source. It may be used from several goroutines.
type Datasource struct {
	conn    connection.Connection
	metrics *metrics
}

var (
	_ backend.QueryDataHandler      = (*Datasource)(nil)
	_ backend.CheckHealthHandler    = (*Datasource)(nil)
	_ backend.CallResourceHandler   = (*Datasource)(nil)
	_ instancemgmt.InstanceDisposer = (*Datasource)(nil)
)

// New makes the instance of a data source from its settings. It reaches nothing
// yet. Settings that are wrong give an instance as well, for what Grafana shows of
// an instance that could not be made is not what is wrong: all that is asked of
// it is answered with the error.
func New(ctx context.Context, s backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
	conn, err := connection.Open(ctx, s)
	if err != nil {
		backend.Logger.FromContext(ctx).Error("The settings of a data source are wrong", "uid", s.UID, "error", err)
		conn = misconfigured{err}
	}
	return newDatasource(conn, processMetrics()), nil
}

func newDatasource(conn connection.Connection, m *metrics) *Datasource {
	return &Datasource{conn: conn, metrics: m}
}

// Dispose ends what the data source does in the background. Grafana calls it
// once the settings have changed and another instance answers.
func (d *Datasource) Dispose() { d.conn.Close() }

// misconfigured is the connection of settings that are wrong.
type misconfigured struct{ err error }

func (m misconfigured) Reader(context.Context) (history.Reader, string, error) {
	return nil, "", &settingsError{m.err}
}

func (m misconfigured) Check(context.Context) connection.Health {
	return connection.Health{Message: m.err.Error()}
}

func (m misconfigured) HubURL() string { return "" }

func (m misconfigured) Close() {}

// settingsError is an error that only other settings mend.
type settingsError struct{ err error }

func (e *settingsError) Error() string { return e.err.Error() }
func (e *settingsError) Unwrap() error { return e.err }

// CheckHealth answers the button "Save & test" of the settings, with one sentence
// and its details.
func (d *Datasource) CheckHealth(ctx context.Context, _ *backend.CheckHealthRequest) (*backend.CheckHealthResult, error) {
	h := d.conn.Check(ctx)
	details, err := json.Marshal(h.Details)
	if err != nil {
		return nil, backend.PluginErrorf("details of the health check: %w", err)
	}
	result := &backend.CheckHealthResult{Status: backend.HealthStatusError, Message: h.Message, JSONDetails: details}
	if h.OK {
		result.Status = backend.HealthStatusOk
	}
	return result, nil
}
