package plugin

import (
	"context"
	"encoding/json"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

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
