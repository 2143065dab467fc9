package frames

import (
	"context"
	"encoding/json"
	"iter"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

// The repositories of world. Two share a name, one has no organization, one no total.
var (
	alpha   = history.Repo{Type: history.Model, Name: "acme/alpha"}
	alphas  = history.Repo{Type: history.Dataset, Name: "acme/alpha"}
	legacy  = history.Repo{Type: history.Model, Name: "legacy-one"}
	untold  = history.Repo{Type: history.Space, Name: "beta/demo"}
	strange = history.Repo{Type: "kernel", Name: "beta/fast?"}
)

// world is a small history: all that goldens show.
func world(t *testing.T) *memtable.Store {
	t.Helper()
	s := memtable.NewStore()
	add(t, s, "2024-03-11T06:00:00Z",
		rec(alpha, 10_050, "2024-03-01", 10), rec(alpha, 10_050, "2024-03-02", 20), rec(alpha, 10_050, "2024-03-04", 40),
		rec(alpha, 10_050, "2024-03-08", 8), rec(alpha, 10_050, "2024-03-09", 9),
		rec(alphas, 1_000_000, "2024-03-08", 100_000), rec(alphas, 1_000_000, "2024-03-09", 5),
		rec(legacy, 500, "2024-03-02", 0), rec(legacy, 500, "2024-03-09", 7),
		rec(untold, history.Unknown, "2024-03-05", 999), rec(untold, history.Unknown, "2024-03-06", 1),
		rec(strange, 0, "2024-03-07", 0),
	)
	return s
}

// corrected is world after the Hub removed downloads of three repositories: each fall is
// confirmed by an export of a later day.
func corrected(t *testing.T) *memtable.Store {
	t.Helper()
	s := world(t)
	add(t, s, "2024-03-11T18:00:00Z", rec(alpha, 10_000, "2024-03-09", 9), rec(alphas, 900_000, "2024-03-09", 5), rec(legacy, 499, "2024-03-09", 7))
	add(t, s, "2024-03-12T06:00:00Z", rec(alpha, 10_000, "2024-03-09", 9))
	add(t, s, "2024-03-12T18:00:00Z", rec(alphas, 900_000, "2024-03-09", 5))
	add(t, s, "2024-03-20T06:00:00Z", rec(legacy, 499, "2024-03-09", 7))
	return s
}

// listed is world with listings of two repositories that share a name, and of one that has
// no downloads.
func listed(t *testing.T) *memtable.Store {
	t.Helper()
	s := world(t)
	for _, asOf := range []string{"2024-03-12T06:00:00Z", "2024-03-13T06:00:00Z"} {
		at := history.AsOfTime(instant(asOf))
		n := int64(at.Time().Day())
		listing := func(r history.Repo, total, lastMonth, likes int64) history.RepoMeta {
			m := history.NewRepoMeta(r)
			m.Total, m.LastMonth, m.Likes, m.ListedAsOf = total, lastMonth, likes, at
			if total != history.Unknown {
				m.TotalAsOf = at
			}
			return m
		}
		meta := []history.RepoMeta{
			listing(alpha, 10_050+n, 87, 5), listing(alphas, 1_000_000+n, 100_005, 6+n),
			listing(untold, history.Unknown, history.Unknown, n),
		}
		if _, err := s.Append(t.Context(), history.Batch{Meta: meta}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func add(t *testing.T, s history.Appender, asOf string, records ...history.Record) {
	t.Helper()
	v := history.Version{Source: history.Published, AsOf: history.AsOfTime(instant(asOf))}
	if _, err := s.Append(t.Context(), history.Batch{Rows: history.RowsOf(v, records...)}); err != nil {
		t.Fatal(err)
	}
}

func rec(r history.Repo, total int64, day string, downloads int64) history.Record {
	return history.Record{Repo: r, Total: total, Day: history.DayOf(instant(day + "T00:00:00Z")), Downloads: downloads}
}

func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// ask has what queries of all types have.
type ask struct {
	Type      query.Type
	RefID     string
	Filter    history.Filter
	Period    query.Period
	From, To  time.Time
	Format    query.Format
	GroupBy   query.GroupBy
	Interval  query.Interval
	Sort      history.Sort
	Ascending bool
	Order     history.Order
	Limit     int
	Offset    int
	Trend     int
	Least     int64
	Values    query.Values
	Number    query.Number
	Value     query.Number
	Overlay   query.Overlay
	Smooth    query.Smooth
	Event     query.Event
	Nothing   bool
}

// query is what a is as a query of its type.
func (a ask) query() query.Query {
	c := query.Common{Type: a.Type, RefID: a.RefID, Filter: a.Filter, Period: a.Period, From: a.From, To: a.To, Nothing: a.Nothing}
	switch a.Type {
	case query.TypeOverview:
		return query.Overview{
			Common: c, Format: a.Format, GroupBy: a.GroupBy, Interval: a.Interval, Value: a.Value,
			Overlay: a.Overlay, Smooth: a.Smooth,
		}
	case query.TypeRepos:
		return query.Repos{
			Common: c, Format: a.Format, Sort: a.Sort, Ascending: a.Ascending,
			Limit: a.Limit, Offset: a.Offset, Trend: a.Trend, Interval: a.Interval, Value: a.Value,
		}
	case query.TypeExport:
		return query.Export{Common: c, Order: a.Order, Limit: a.Limit}
	case query.TypeReadings:
		return query.Readings{Common: c, Number: a.Number, Limit: a.Limit}
	case query.TypeMilestones:
		return query.Milestones{Common: c, Least: a.Least, Limit: a.Limit}
	case query.TypeForecast:
		return query.Forecast{Common: c, GroupBy: a.GroupBy, Limit: a.Limit}
	case query.TypeHighlights:
		return query.Highlights{Common: c, GroupBy: a.GroupBy, Event: a.Event, Limit: a.Limit}
	case query.TypeCorrections:
		return query.Corrections{Common: c, Limit: a.Limit, Value: a.Value}
	case query.TypeVariable:
		return query.Variable{Common: c, Values: a.Values, Sort: a.Sort, Ascending: a.Ascending, Limit: a.Limit, Offset: a.Offset}
	}
	return c
}

// between sets the time range of a query.
func between(q ask, from, to string) ask {
	q.RefID, q.Period, q.From, q.To = "A", query.TimeRange, instant(from+"T00:00:00Z"), instant(to+"T23:59:59Z")
	return q
}

func answer(t *testing.T, s history.Reader, q ask) data.Frames {
	t.Helper()
	frames, err := Answer(t.Context(), s, q.query(), hub.DefaultEndpoint)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range frames {
		if f.RefID != q.RefID {
			t.Errorf("frame %q has the RefID %q, want %q", f.Name, f.RefID, q.RefID)
		}
		if f.Meta == nil || f.Meta.Type == "" || f.Meta.TypeVersion != (data.FrameTypeVersion{0, 1}) {
			t.Errorf("frame %q declares the type %+v", f.Name, f.Meta)
		}
	}
	return frames
}

// golden compares frames with a file of testdata, as JSON, and again after they
// went the way of the wire.
func golden(t *testing.T, name string, frames data.Frames) {
	t.Helper()
	want, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Error(err)
	}
	if got := jsonOf(t, frames); got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
	sent, err := frames.MarshalArrow()
	if err != nil {
		t.Fatal(err)
	}
	came, err := data.UnmarshalArrowFrames(sent)
	if err != nil {
		t.Fatal(err)
	}
	if got := jsonOf(t, came); got != string(want) {
		t.Errorf("%s, after the wire: got\n%s\nwant\n%s", name, got, want)
	}
}

func jsonOf(t *testing.T, frames data.Frames) string {
	t.Helper()
	b, err := json.MarshalIndent(frames, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b) + "\n"
}

// noData checks that there is one frame, without fields.
func noData(t *testing.T, frames data.Frames, want data.FrameType) {
	t.Helper()
	if len(frames) != 1 || len(frames[0].Fields) != 0 || frames[0].Meta.Type != want || frames[0].Name == "" {
		t.Errorf("got %s, want one frame of the type %s with a name and without fields", jsonOf(t, frames), want)
	}
}

// field returns the values of a field.
func field[T any](t *testing.T, f *data.Frame, name string) []T {
	t.Helper()
	v, at := f.FieldByName(name)
	if at < 0 {
		t.Fatalf("frame %q has no field %s", f.Name, name)
	}
	out := make([]T, v.Len())
	for i := range out {
		out[i] = v.At(i).(T)
	}
	return out
}

func syntheticStore(t testing.TB, repos, days int) *memtable.Store {
	t.Helper()
	s := memtable.NewStore()
	if _, err := s.Append(t.Context(), history.Batch{Rows: synthetic.Rows(synthetic.Options{Repos: repos, Days: days, Seed: 3})}); err != nil {
		t.Fatal(err)
	}
	return s
}

// spy is a store that takes note of what it is asked.
type spy struct {
	history.Reader
	repos   []history.ReposQuery
	records []history.RecordsQuery
	blocks  int // handed over
}

func (s *spy) Repos(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
	s.repos = append(s.repos, q)
	return s.Reader.Repos(ctx, q)
}

func (s *spy) Records(ctx context.Context, q history.RecordsQuery) iter.Seq2[*history.Rows, error] {
	s.records = append(s.records, q)
	return func(yield func(*history.Rows, error) bool) {
		for rows, err := range s.Reader.Records(ctx, q) {
			s.blocks++
			if !yield(rows, err) {
				return
			}
		}
	}
}
