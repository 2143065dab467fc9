package query

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// example is a file of testdata/queries: of valid/ or of invalid/.
type example struct {
	Name      string          `json:"name"`
	Query     json.RawMessage `json:"query"`
	TimeRange struct {
		From time.Time `json:"from"`
		To   time.Time `json:"to"`
	} `json:"timeRange"`
	Decoded *decoded `json:"decoded"`
	Field   string   `json:"field"`
	Message string   `json:"message"`
}

// asked is the query as Grafana hands it over: some of its members stand beside it.
func (e *example) asked(tb testing.TB) backend.DataQuery {
	tb.Helper()
	var beside struct {
		RefID         string          `json:"refId"`
		QueryType     json.RawMessage `json:"queryType"`
		IntervalMS    float64         `json:"intervalMs"`
		MaxDataPoints int64           `json:"maxDataPoints"`
	}
	if err := json.Unmarshal(e.Query, &beside); err != nil {
		tb.Fatalf("%s: %s", e.Name, err)
	}
	queryType, _ := textOf(beside.QueryType)
	return backend.DataQuery{
		RefID: beside.RefID, QueryType: queryType,
		Interval:      time.Duration(beside.IntervalMS) * time.Millisecond,
		MaxDataPoints: beside.MaxDataPoints,
		TimeRange:     backend.TimeRange{From: e.TimeRange.From, To: e.TimeRange.To},
		JSON:          e.Query,
	}
}

// decoded is a Query as the examples write it.
type decoded struct {
	Type      Type               `json:"type"`
	Format    Format             `json:"format"`
	RepoTypes []history.RepoType `json:"repoTypes,omitempty"`
	Orgs      []string           `json:"orgs,omitempty"`
	Repos     []string           `json:"repos,omitempty"`
	Groups    []string           `json:"groups,omitempty"`
	Search    string             `json:"search,omitempty"`
	Period    Period             `json:"period"`
	Days      decodedDays        `json:"days"`
	GroupBy   GroupBy            `json:"groupBy,omitempty"`
	Interval  Interval           `json:"interval,omitempty"`
	Number    Number             `json:"number,omitempty"`
	Value     Number             `json:"value,omitempty"`
	Sort      string             `json:"sort,omitempty"`
	Ascending bool               `json:"ascending,omitempty"`
	Order     string             `json:"order,omitempty"`
	Limit     int                `json:"limit,omitempty"`
	Offset    int                `json:"offset,omitempty"`
	Trend     int                `json:"trend,omitempty"`
	Least     int64              `json:"least,omitempty"`
	Values    Values             `json:"values,omitempty"`
	Overlay   Overlay            `json:"overlay,omitempty"`
	Smooth    Smooth             `json:"smooth,omitempty"`
	Event     Event              `json:"event,omitempty"`
}

type decodedDays struct {
	Kind string      `json:"kind"`
	From history.Day `json:"from,omitzero"`
	To   history.Day `json:"to,omitzero"`
}

func decodedOf(q Query) *decoded {
	c := q.Base()
	days := c.Days()
	d := &decoded{
		Type: c.Type, Format: Table,
		RepoTypes: c.Filter.RepoTypes, Orgs: c.Filter.Orgs, Repos: c.Filter.Repos, Groups: c.Filter.Groups, Search: c.Filter.Search,
		Period: c.Period, Days: decodedDays{Kind: days.Kind.String(), From: days.From, To: days.To},
	}
	switch q := q.(type) {
	case Overview:
		d.Format, d.GroupBy, d.Interval, d.Value = q.Format, q.GroupBy, q.Interval, q.Value
		d.Overlay, d.Smooth = q.Overlay, q.Smooth
	case Repos:
		d.Format, d.Sort, d.Ascending, d.Interval = q.Format, q.Sort.String(), q.Ascending, q.Interval
		d.Limit, d.Offset, d.Trend, d.Value = q.Limit, q.Offset, q.Trend, q.Value
	case Export:
		d.Order, d.Limit = q.Order.String(), q.Limit
	case Readings:
		d.Format, d.Number, d.Limit = TimeSeries, q.Number, q.Limit
	case Milestones:
		d.Least, d.Limit = q.Least, q.Limit
	case Forecast:
		d.GroupBy, d.Limit = q.GroupBy, q.Limit
	case Highlights:
		d.GroupBy, d.Event, d.Limit = q.GroupBy, q.Event, q.Limit
	case Corrections:
		d.Limit, d.Value = q.Limit, q.Value
	case Variable:
		d.Values, d.Ascending, d.Limit, d.Offset = q.Values, q.Ascending, q.Limit, q.Offset
		if q.Values == RepoNames {
			d.Sort = q.Sort.String()
		}
	}
	return d
}

func readExamples(tb testing.TB, dir string) map[string]*example {
	tb.Helper()
	names, err := filepath.Glob(filepath.Join("..", "..", "testdata", "queries", dir, "*.json"))
	if err != nil || len(names) == 0 {
		tb.Fatalf("no examples of %s queries: %v", dir, err)
	}
	examples := make(map[string]*example)
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		var e example
		dec := json.NewDecoder(bytes.NewReader(b))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&e); err != nil {
			tb.Fatalf("%s: %s", name, err)
		}
		examples[filepath.Base(name)] = &e
	}
	return examples
}

func TestValidExamples(t *testing.T) {
	for name, e := range readExamples(t, "valid") {
		asked := e.asked(t)
		q, err := Decode(asked)
		if err != nil {
			t.Errorf("%s: %s", name, err)
			continue
		}
		if c := q.Base(); c.RefID != asked.RefID || !c.From.Equal(asked.TimeRange.From) || !c.To.Equal(asked.TimeRange.To) {
			t.Errorf("%s: refId or time range are lost: %+v", name, q)
		}
		want, _ := json.MarshalIndent(e.Decoded, "", "  ")
		got, _ := json.MarshalIndent(decodedOf(q), "", "  ")
		if !bytes.Equal(want, got) {
			t.Errorf("%s, %s: expected\n%s\ngot\n%s", name, e.Name, want, got)
		}
	}
}

func TestInvalidExamples(t *testing.T) {
	var names []Type
	for _, t := range types {
		names = append(names, t.name)
	}
	for name, e := range readExamples(t, "invalid") {
		q, err := Decode(e.asked(t))
		var fault *Error
		if !errors.As(err, &fault) {
			t.Errorf("%s: expected an *Error, got %v and %+v", name, err, q)
			continue
		}
		if valid := slices.Contains(names, fault.Type); !valid && fault.Field != "queryType" && fault.Field != "version" {
			t.Errorf("%s: expected the type of the query with the fault, got %q", name, fault.Type)
		}
		if fault.Field != e.Field || e.Message == "" || !strings.Contains(fault.Message, e.Message) {
			t.Errorf("%s: expected the field %s and a message with %s, got %s: %s", name, e.Field, e.Message, fault.Field, fault.Message)
		}
	}
}

// ours are the members of the query model.
var ours = []string{
	"event", "filters", "format", "groupBy", "interval", "least", "limit", "number", "offset", "order", "orgs", "overlay", "period", "queryType",
	"repoTypes", "repos", "search", "smooth", "sort", "trend", "value", "values", "version",
}

// The frontend's tests read the examples too; what is in none of them is tried
// by one side only.
func TestExamplesCoverTheModel(t *testing.T) {
	seen := make(map[string]bool)
	faulty := make(map[string]bool)
	for _, e := range readExamples(t, "valid") {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(e.Query, &members); err != nil {
			t.Fatal(err)
		}
		for name := range members {
			seen[name] = true
		}
		d := e.Decoded
		seen[string(d.Type)+" "+string(d.Format)+" "+string(d.Values)] = true
		seen[string(d.Period)] = true
		seen["by "+string(d.GroupBy)] = true
		seen["interval "+string(d.Interval)] = true
		seen["number "+string(d.Number)] = true
		seen["value "+string(d.Value)+" of "+string(d.Type)] = true
		seen["sort "+d.Sort] = true
		seen["event "+string(d.Event)] = true
		seen["overlay "+string(d.Overlay)] = true
		seen["order "+d.Order] = true
	}
	for _, e := range readExamples(t, "invalid") {
		member, _, _ := strings.Cut(e.Field, "[")
		faulty[member] = true
	}
	for _, want := range slices.Concat(ours, grafanas, []string{
		"overview totals ", "overview time_series ", "repos table ", "repos time_series ", "export table ", "readings time_series ",
		"repos launch ", "milestones table ", "forecast table ", "highlights table ", "corrections table ",
		"variable table repo_type", "variable table org", "variable table repo", "variable table last_day", "variable table page",
		"time_range", "all_time", "last_month", "by none", "by repo_type", "by org",
		"interval day", "interval week", "interval month", "number total", "number last_month", "number likes",
		"sort downloads", "sort total", "sort change", "sort name", "sort removed", "order time", "order repo",
		"overlay previous_period", "overlay previous_year", "event record", "event outlier", "by repo",
		"value downloads of overview", "value rank of repos", "value removed of corrections",
	}) {
		if !seen[want] {
			t.Errorf("no valid example has %q", want)
		}
	}
	for _, member := range ours {
		if !faulty[member] {
			t.Errorf("no invalid example has a fault in %q", member)
		}
	}
}
