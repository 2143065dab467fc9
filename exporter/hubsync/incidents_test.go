package hubsync

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/victoria"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/victoriatest"
	"github.com/huggingface-exporter/huggingface_exporter/internal/vmapi"
)

// incident is something that goes wrong at the Hub, and what is known once it is right again.
type incident struct {
	name   string
	source Source
	// anonymous asks without a token, so that private repositories are not listed.
	anonymous bool
	steps     []incidentStep
	// days and counters are those of o/m: as "1:10 2:10", and as downloads, removed,
	// backdated and the Hub's total.
	days     string
	counters string
}

// incidentStep is a collection, after a change of the Hub. refused says that the answer is
// not believed.
type incidentStep struct {
	day, hour int
	change    func(*fakehub.Hub)
	refused   bool
}

// m sets the total and the 30-day number of o/m.
func m(total, month int64) func(*fakehub.Hub) {
	return func(h *fakehub.Hub) { h.Repo(model, "o/m").SetTotal(total).SetLastMonth(month) }
}

// healed is the Hub without faults.
func healed(h *fakehub.Hub) { h.Heal() }

func incidents() []incident {
	csv := func(rows ...string) func(*fakehub.Hub) {
		return func(h *fakehub.Hub) {
			h.Heal()
			failing(fakehub.Analytics, fakehub.Body("text/csv", "repoType,repoName,total,timestamp,downloads\n"+strings.Join(rows, "")))(h)
		}
	}
	row := func(name string, total int64, day int, n int64) string {
		return fmt.Sprintf("model,%s,%d,2026-03-%02d,%d\n", name, total, day, n)
	}
	// many are the rows of repositories beside o/m, until a day.
	many := func(until int, n int64) string {
		var b strings.Builder
		for i := range 20 {
			for d := 1; d <= until; d++ {
				b.WriteString(row(fmt.Sprintf("o/n%02d", i), int64(until)*n, d, n))
			}
		}
		return b.String()
	}
	all := []incident{
		{name: "a total of 0 for an hour", source: SourceListings, steps: []incidentStep{
			{1, 6, m(1_000_000, 300_000), false}, {2, 6, m(1_010_000, 300_000), false}, {2, 7, m(0, 0), false},
			{2, 8, m(1_010_500, 300_000), false}, {3, 6, m(1_020_000, 300_000), false},
		}, days: "1:10000 2:10000", counters: "1020000 -0 +0 =1020000"},
		{name: "a total that is corrected, and grows on", source: SourceListings, steps: func() []incidentStep {
			steps := []incidentStep{{1, 6, m(1_001_000, 30_000), false}}
			for i := range 11 {
				steps = append(steps, incidentStep{2 + i, 6, m(501_000+1000*int64(i), 30_000), false})
			}
			return steps
		}(), days: "2:1000 3:1000 4:1000 5:1000 6:1000 7:1000 8:1000 9:1000 10:1000 11:1000", counters: "1011000 -500000 +0 =511000"},
		{name: "a total that jumps by more than the 30-day number", source: SourceListings, steps: []incidentStep{
			{1, 6, m(0, 0), false}, {2, 6, nil, false}, {3, 6, m(500_000, 40_000), false}, {4, 6, m(501_000, 41_000), false},
		}, days: "1:0 2:40000 3:1000", counters: "41000 -0 +460000 =501000"},
		{name: "an answer of the year 9999", source: SourceListings, steps: []incidentStep{
			{1, 6, m(100, 100), false}, {2, 6, func(h *fakehub.Hub) {
				m(110, 100)(h)
				failing("", dated("Fri, 31 Dec 9999 06:00:00 GMT"))(h)
			}, true}, {3, 6, func(h *fakehub.Hub) { healed(h); m(120, 100)(h) }, false},
		}, days: "1:10 2:10", counters: "120 -0 +0 =120"},
		{name: "a row of the year 2926", source: SourceAnalytics, steps: []incidentStep{
			{2, 6, csv(row("o/m", 10, 1, 10)), false},
			{3, 6, csv(row("o/m", 15, 1, 10), row("o/m", 15, 2, 5), "model,o/m,15,2926-03-01,7\n"), false},
		}, days: "1:10 2:5", counters: "15 -0 +0 =15"},
		{name: "an export of zeros that flaps", source: SourceAnalytics, steps: []incidentStep{
			{2, 6, csv(row("o/m", 10, 1, 10), many(1, 9)), false}, {2, 7, csv(row("o/m", 0, 1, 0), many(1, 0)), true},
			{2, 8, csv(row("o/m", 10, 1, 10), many(1, 9)), false}, {2, 9, csv(row("o/m", 0, 1, 0), many(1, 0)), true},
			{3, 6, csv(row("o/m", 15, 1, 10), row("o/m", 15, 2, 5), many(2, 9)), false},
		}, days: "1:10 2:5", counters: "15 -0 +0 =15"},
		{name: "half an export", source: SourceAnalytics, steps: []incidentStep{
			{3, 6, csv(row("o/m", 15, 1, 10), row("o/m", 15, 2, 5), many(2, 9)), false},
			{3, 7, csv(many(1, 9)), true}, {3, 8, csv(many(1, 9)), true},
			{4, 6, csv(row("o/m", 16, 1, 10), row("o/m", 16, 2, 5), row("o/m", 16, 3, 1), many(3, 9)), false},
		}, days: "1:10 2:5 3:1", counters: "16 -0 +0 =16"},
		{name: "an export that is cut in a number", source: SourceAnalytics, steps: []incidentStep{
			{2, 6, csv(row("o/m", 10, 1, 10)), false},
			{3, 6, csv("model,o/m,1234,2026-03-01,10\nmodel,o/m,1234,2026-03-02,12"), true},
			{4, 6, csv(row("o/m", 1234, 1, 10), row("o/m", 1234, 2, 1224)), false},
		}, days: "1:10 2:1224", counters: "1234 -0 +0 =1234"},
		{name: "totals that differ from row to row", source: SourceAnalytics, steps: []incidentStep{
			{3, 6, csv(row("o/m", 10, 1, 10), row("o/m", 15, 2, 5)), false},
			{4, 6, csv(row("o/m", 15, 2, 5), row("o/m", 18, 3, 3), row("o/m", 10, 1, 10)), false},
		}, days: "1:10 2:5 3:3", counters: "18 -0 +0 =18"},
		{name: "half of the repositories", source: SourceListings, anonymous: true, steps: []incidentStep{
			{1, 6, m(100, 100), false}, {2, 6, func(h *fakehub.Hub) {
				m(110, 100)(h)
				for _, r := range h.Repos("o")[:12] {
					r.SetPrivate(true)
				}
			}, true}, {3, 6, func(h *fakehub.Hub) {
				m(120, 100)(h)
				for _, r := range h.Repos("o") {
					r.SetPrivate(false)
				}
			}, false},
		}, days: "1:10 2:10", counters: "120 -0 +0 =120"},
		{name: "totals of everything 0 for some hours", source: SourceListings, steps: []incidentStep{
			{1, 6, m(100, 100), false}, {2, 6, func(h *fakehub.Hub) {
				for _, r := range h.Repos("o") {
					r.SetTotal(0).SetLastMonth(0)
				}
			}, true}, {2, 12, func(h *fakehub.Hub) {
				for _, r := range h.Repos("o") {
					r.SetTotal(1000).SetLastMonth(1000)
				}
				m(110, 100)(h)
			}, false}, {3, 6, m(120, 100), false},
		}, days: "1:10 2:10", counters: "120 -0 +0 =120"},
		{name: "counts of some days come late, all at once", source: SourceListings, steps: []incidentStep{
			{1, 6, m(100, 100), false}, {2, 6, nil, false}, {3, 6, nil, false}, {4, 6, m(140, 140), false}, {5, 6, m(150, 150), false},
		}, days: "1:0 2:0 3:40 4:10", counters: "150 -0 +0 =150"},
		{name: "a counting rule that is applied to the past", source: SourceListings, steps: []incidentStep{
			{1, 6, m(1000, 300), false}, {2, 6, m(1010, 310), false}, {3, 6, m(9020, 320), false}, {4, 6, m(9030, 330), false},
		}, days: "1:10 2:320 3:10", counters: "1340 -0 +7690 =9030"},
		{name: "a cache that answers with an old state", source: SourceListings, steps: []incidentStep{
			{1, 6, m(100, 100), false}, {2, 6, m(110, 100), false}, {2, 12, m(100, 100), false}, {2, 18, m(112, 100), false}, {3, 6, m(120, 100), false},
		}, days: "1:10 2:10", counters: "120 -0 +0 =120"},
	}
	return all
}

// TestIncidents has the Hub misbehave in each way that is known of it or of other
// registries. The history is right once the Hub is right again.
func TestIncidents(t *testing.T) {
	t.Parallel()
	for _, engine := range []options{{}, {durable: true}} {
		for _, i := range incidents() {
			t.Run(fmt.Sprintf("%s/durable=%t", i.name, engine.durable), func(t *testing.T) {
				o := engine
				o.source, o.plan, o.anonymous = i.source, fakehub.Team, i.anonymous
				checkIncident(newWorld(t, o), i)
			})
		}
	}
}

// TestIncidentsInVictoriaMetrics is TestIncidents with the history in a VictoriaMetrics.
func TestIncidentsInVictoriaMetrics(t *testing.T) {
	t.Parallel()
	n, err := victoriatest.NewSingle(t, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Stop)
	all := incidents()
	if testing.Short() {
		all = all[:3]
	}
	for k, i := range all {
		t.Run(i.name, func(t *testing.T) {
			u := victoriatest.URL(n.URL)
			s, err := victoria.New(victoria.Options{
				Options:  vmapi.Options{InsertURL: u, SelectURL: u, FlushURLs: []*url.URL{u.JoinPath("/internal/force_flush")}},
				History:  fmt.Sprint("incident ", k),
				KeepMeta: true,
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			checkIncident(newWorld(t, options{source: i.source, plan: fakehub.Team, anonymous: i.anonymous, engine: s}), i)
		})
	}
}

func checkIncident(w *world, i incident) {
	w.Helper()
	for n := range 20 {
		w.hub.AddRepo(model, fmt.Sprintf("o/other%02d", n)).SetTotal(1000)
	}
	w.hub.AddRepo(model, "o/m")
	for _, s := range i.steps {
		if s.change != nil {
			s.change(w.hub)
		}
		if r := w.try(s.day, s.hour); r.OK() == s.refused {
			w.Fatalf("March %d at %d: refused %t, expected %t: %v", s.day, s.hour, !r.OK(), s.refused, r.Err)
		}
		if w.durable {
			w.restart()
		}
	}
	only := history.Filter{Repos: []string{"o/m"}}
	var days []string
	for rows, err := range w.store.Records(context.Background(), history.RecordsQuery{Filter: only, Order: history.OrderRepo}) {
		if err != nil {
			w.Fatal(err)
		}
		for k := range rows.Len() {
			days = append(days, fmt.Sprintf("%d:%d", rows.Day[k]-march(1)+1, rows.Downloads[k]))
		}
	}
	if got := strings.Join(days, " "); got != i.days {
		w.Errorf("the days are %s, want %s", got, i.days)
	}
	for c, err := range w.store.Counts(context.Background(), only) {
		if err != nil {
			w.Fatal(err)
		}
		if got := fmt.Sprintf("%d -%d +%d =%d", c.Downloads, c.Removed, c.Backdated, c.AllTime); got != i.counters {
			w.Errorf("the counters are %s, want %s", got, i.counters)
		}
	}
}
