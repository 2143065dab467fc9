package frames

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// randomHistory is a history of some repositories with days that are not recorded: it ends
// on synthetic0.
func randomHistory(t *testing.T, seed uint64, days int) (*memtable.Store, []history.Record) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 2))
	gaps := r.Float64() / 2
	var records []history.Record
	for _, repo := range []history.Repo{alpha, legacy, alphas, untold} {
		total := int64(r.IntN(100_000))
		release := r.IntN(days / 2)
		level := 1 + 2000*r.Float64()
		for i := release; i < days; i++ {
			if r.Float64() >= gaps {
				n := int64(level * (0.5 + r.Float64()))
				if r.IntN(40) == 0 {
					n *= 10
				}
				total += n
				records = append(records, history.Record{Repo: repo, Day: synthetic0 - history.Day(days-1-i), Downloads: n})
			}
		}
		for i := range records {
			if records[i].Repo == repo {
				records[i].Total = total
			}
		}
	}
	records = append(records, history.Record{Repo: strange, Total: 0, Day: synthetic0})
	s := memtable.NewStore()
	add(t, s, "2026-01-02T00:00:00Z", records...)
	return s, records
}

// points are those of the frames of an answer, whole and partial ones, by their label and
// the time that they are at.
func points(t *testing.T, frames data.Frames, label string) map[string]float64 {
	t.Helper()
	out := make(map[string]float64)
	for _, f := range frames {
		if len(f.Fields) == 0 {
			continue
		}
		labels := f.Fields[1].Labels
		kind := labels["overlay"] + labels["smooth"]
		for i, at := range field[time.Time](t, f, "time") {
			v, err := f.Fields[1].FloatAt(i)
			if err != nil {
				t.Fatal(err)
			}
			key := kind + " " + labels[label] + " " + at.Format(time.DateOnly)
			if _, ok := out[key]; ok {
				t.Errorf("got two points for %s", key)
			}
			out[key] = v
		}
	}
	return out
}

// TestOverlays compares what is drawn over series of random histories with naive sums.
func TestOverlays(t *testing.T) {
	compared := map[string]int{}
	for seed := range uint64(20) {
		s, records := randomHistory(t, seed, 60+int(seed)*80)
		f := func(interval query.Interval, overlay query.Overlay, from, to history.Day) {
			t.Helper()
			q := ask{
				Type: query.TypeOverview, Format: query.TimeSeries, GroupBy: query.GroupByRepoType, Period: query.TimeRange,
				Interval: interval, Overlay: overlay, Smooth: query.SevenDays, From: from.Time(), To: to.Time().Add(13 * time.Hour),
			}
			want := naiveOverlays(records, q, from, min(to, synthetic0))
			got := points(t, answer(t, s, q), "repo_type")
			if !maps.EqualFunc(got, want, func(a, b float64) bool { return a-b < 1e-6 && b-a < 1e-6 }) {
				t.Errorf("history %d, %s, %s from %s to %s:\ngot  %v\nwant %v", seed, interval, overlay, from, to, got, want)
			}
			for key := range want {
				kind, _, _ := strings.Cut(key, " ")
				compared[kind]++
			}
		}
		for _, overlay := range []query.Overlay{"", query.PreviousPeriod, query.PreviousYear} {
			f(query.Daily, overlay, synthetic0-29, synthetic0)
			f(query.Daily, overlay, synthetic0-3, synthetic0+1) // today, which the Hub has not published yet
			f(query.Week, overlay, synthetic0-59, synthetic0-2)
			f(query.Month, overlay, synthetic0-370, synthetic0)
			f(query.Month, overlay, history.DayOf(instant("2024-01-31T00:00:00Z")), history.DayOf(instant("2025-03-30T00:00:00Z")))
			f(query.Daily, overlay, synthetic0-3000, synthetic0)
			f(query.Daily, overlay, synthetic0+1, synthetic0+9)
		}
	}
	for _, kind := range []string{"", "7d", "previous_period", "previous_year"} {
		if compared[kind] < 1000 {
			t.Errorf("expected many points of the kind %q to compare, got %d", kind, compared[kind])
		}
	}
}

func naiveOverlays(records []history.Record, q ask, from, to history.Day) map[string]float64 {
	out := make(map[string]float64)
	days := make(map[string]float64) // by type and day
	recorded := func(repoType history.RepoType, d history.Day) (float64, bool) {
		n, ok := days[fmt.Sprint(repoType, d)]
		return n, ok
	}
	for _, r := range records {
		days[fmt.Sprint(r.Repo.Type, r.Day)] += float64(r.Downloads)
	}
	first := func(d history.Day) string {
		at := d.Time()
		switch q.Interval {
		case query.Week:
			for at.Weekday() != time.Monday {
				at = at.AddDate(0, 0, -1)
			}
		case query.Month:
			at = at.AddDate(0, 0, 1-at.Day())
		}
		return at.Format(time.DateOnly)
	}
	for _, repoType := range []history.RepoType{history.Model, history.Dataset, history.Space, "kernel"} {
		for d := from; d <= to; d++ {
			if n, ok := recorded(repoType, d); ok {
				out[" "+string(repoType)+" "+first(d)] += n
				sum, count := 0.0, 0.0
				for e := d - 6; e <= d; e++ {
					if n, ok := recorded(repoType, e); ok {
						sum, count = sum+n, count+1
					}
				}
				if count >= 4 && q.Interval == query.Daily {
					out["7d "+string(repoType)+" "+first(d)] = sum / count
				}
			}
			var sources []history.Day
			switch {
			case q.Overlay == query.PreviousPeriod:
				sources = []history.Day{d - (to - from + 1)}
			case q.Overlay == query.PreviousYear && q.Interval != query.Month:
				sources = []history.Day{d - 364}
			case q.Overlay == query.PreviousYear:
				at := d.Time()
				if source := at.AddDate(-1, 0, 0); source.Day() == at.Day() {
					sources = append(sources, history.DayOf(source))
				}
				// The leap day of the year before counts with the last day of February.
				if leap := at.AddDate(-1, 0, 1); at.Month() == time.February && at.Day() == 28 && leap.Day() == 29 {
					sources = append(sources, history.DayOf(leap))
				}
			}
			for _, source := range sources {
				if n, ok := recorded(repoType, source); ok {
					out[string(q.Overlay)+" "+string(repoType)+" "+first(d)] += n
				}
			}
		}
	}
	return out
}

func TestOverlayFrames(t *testing.T) {
	s, _ := randomHistory(t, 1, 900)
	q := ask{
		Type: query.TypeOverview, Format: query.TimeSeries, GroupBy: query.GroupByNone, Interval: query.Daily, Period: query.LastMonth,
		Overlay: query.PreviousYear, Smooth: query.SevenDays,
	}
	var got []string
	for _, f := range answer(t, s, q) {
		got = append(got, f.Fields[1].Config.DisplayNameFromDS+" "+f.Fields[1].Labels.String())
		if schema := f.TimeSeriesSchema(); schema.Type != data.TimeSeriesTypeWide {
			t.Errorf("the frame of %v is of type %s, want wide", f.Fields[1].Labels, schema.Type)
		}
	}
	want := "Downloads , Downloads (7-day mean) smooth=7d, Downloads (previous year) overlay=previous_year"
	if strings.Join(got, ", ") != want {
		t.Errorf("got %q, want %q", strings.Join(got, ", "), want)
	}
	q.Period, q.Overlay, q.Smooth = query.AllTime, query.PreviousPeriod, ""
	frames := answer(t, s, q)
	if n := frames[0].Meta.Notices; len(frames) != 1 || len(n) != 1 || !strings.Contains(n[0].Text, "no previous period") {
		t.Errorf("all time: expected one series and a notice, got %d and %v", len(frames), n)
	}
}
