package frames

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
)

// TestStarters asks the queries that the editor offers to begin with, in the last hour of
// Explore: each has data.
func TestStarters(t *testing.T) {
	text, err := os.ReadFile("../../src/query/starters.json")
	if err != nil {
		t.Fatal(err)
	}
	var starters []struct {
		Title string          `json:"title"`
		Query json.RawMessage `json:"query"`
	}
	if err := json.Unmarshal(text, &starters); err != nil || len(starters) < 5 {
		t.Fatalf("expected queries to begin with, got %d, %v", len(starters), err)
	}
	s := syntheticStore(t, 20, 800)
	for _, starter := range starters {
		now := (synthetic0 + 2).Time()
		asked := backend.DataQuery{RefID: "A", JSON: starter.Query, TimeRange: backend.TimeRange{From: now.Add(-time.Hour), To: now}}
		q, err := query.Decode(asked)
		if err != nil {
			t.Errorf("%s: %s", starter.Title, err)
			continue
		}
		frames, err := Answer(t.Context(), s, q, hub.DefaultEndpoint)
		if err != nil || len(frames[0].Fields) < 2 || frames[0].Rows() == 0 {
			t.Errorf("%s: expected data, got %s, %v", starter.Title, jsonOf(t, frames), err)
		}
	}
}
