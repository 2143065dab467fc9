package frames_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/frames"
	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// TestDocs asks every query of docs/plugin.md, and expects the frames that the
// page says it gives.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../../docs/plugin.md")
	if err != nil {
		t.Fatal(err)
	}
	csv, err := os.Open("../../../examples/six-rows.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer csv.Close()
	store := memtable.NewStore()
	version := history.Version{Source: history.Published, AsOf: history.AsOfTime(time.Date(2021, 12, 1, 0, 0, 0, 0, time.UTC))}
	if _, err := store.Append(t.Context(), history.Batch{Rows: hubcsv.Read(csv, hubcsv.Options{Version: version})}); err != nil {
		t.Fatal(err)
	}

	example := regexp.MustCompile("(?s)```json\n([^`]*)\n```\n\n```text\n([^`]*)\n```")
	examples := example.FindAllStringSubmatch(string(page), -1)
	if len(examples) < 8 {
		t.Fatalf("expected an example of each type and format, found %d", len(examples))
	}
	for _, e := range examples {
		q, err := query.Decode(backend.DataQuery{RefID: "A", JSON: json.RawMessage(e[1]), TimeRange: backend.TimeRange{
			From: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2021, 12, 31, 0, 0, 0, 0, time.UTC),
		}})
		if err != nil {
			t.Errorf("%s: %s", e[1], err)
			continue
		}
		answer, err := frames.Answer(t.Context(), store, q, hub.DefaultEndpoint)
		if err != nil {
			t.Errorf("%s: %s", e[1], err)
			continue
		}
		if got := show(answer); got != e[2] {
			t.Errorf("%s: expected what the page says:\n%s\ngot:\n%s", e[1], e[2], got)
		}
	}
}

// show writes frames as the page does.
func show(answer data.Frames) string {
	var parts []string
	for _, f := range answer {
		var b strings.Builder
		fmt.Fprintf(&b, "frame %s, %s", f.Name, f.Meta.Type)
		if len(f.Fields) == 0 {
			b.WriteString(", no fields")
		}
		for _, field := range f.Fields {
			if len(field.Labels) > 0 {
				var labels []string
				for _, name := range slices.Sorted(maps.Keys(field.Labels)) {
					labels = append(labels, fmt.Sprintf("%s=%q", name, field.Labels[name]))
				}
				fmt.Fprintf(&b, ", %s{%s}", field.Name, strings.Join(labels, ", "))
			}
		}
		b.WriteString("\n")
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for i, field := range f.Fields {
			fmt.Fprint(w, cellEnd(i), field.Name)
		}
		fmt.Fprintln(w)
		for row := range f.Rows() {
			for i, field := range f.Fields {
				fmt.Fprint(w, cellEnd(i), showValue(field, row))
			}
			fmt.Fprintln(w)
		}
		w.Flush()
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		for i := range lines {
			lines[i] = strings.TrimRight(lines[i], " ")
		}
		parts = append(parts, strings.Join(lines, "\n"))
	}
	return strings.Join(parts, "\n\n")
}

func cellEnd(i int) string {
	if i == 0 {
		return ""
	}
	return "\t"
}

func showValue(field *data.Field, row int) string {
	v, ok := field.ConcreteAt(row)
	if !ok {
		return "null"
	}
	switch v := v.(type) {
	case time.Time:
		return v.UTC().Format(time.DateOnly)
	case json.RawMessage:
		return string(v)
	}
	return fmt.Sprint(v)
}
