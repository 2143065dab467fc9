package soak

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/localstore"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// days are the downloads of a repository.
type days map[history.Day]int64

// told is what a Hub told on one of its days.
type told struct {
	day history.Day
	// names, totals and days are of the repositories by the Hub's id.
	names  map[string]history.Repo
	totals map[string]int64
	days   map[string]days
	// text is the export as it came, by day.
	text string
}

// tell asks a Hub for the export of an organization and for its totals.
func tell(t *testing.T, h *fakehub.Hub, org string, today history.Day) *told {
	t.Helper()
	now := &told{day: today, names: make(map[string]history.Repo), totals: make(map[string]int64), days: make(map[string]days)}
	ids := make(map[history.Repo]string)
	for _, r := range sorted(h.Repos(org)) {
		now.names[r.ID()], now.totals[r.ID()], now.days[r.ID()] = r.Repo(), r.Total(), make(days)
		ids[r.Repo()] = r.ID()
	}
	request := httptest.NewRequest(http.MethodGet, "/organizations/"+org+"/settings/publisher-analytics/download-breakdown", nil)
	request.Header.Set("Authorization", "Bearer "+hubToken)
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, request)
	if answer.Code != http.StatusOK {
		return now // without an export
	}
	now.text = answer.Body.String()
	for rows, err := range hubcsv.Read(strings.NewReader(now.text), hubcsv.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows.Len() {
			r := rows.Record(i)
			now.days[ids[r.Repo]][r.Day] = r.Downloads
		}
	}
	return now
}

// stored is what a store holds of an organization: shown repositories alone.
type stored struct {
	states map[history.Repo]history.RepoMeta
	days   map[history.Repo]days
}

// storedOf reads a store, and checks that its sums are those of its records.
func storedOf(t *testing.T, l *localstore.Ledger, org string) stored {
	t.Helper()
	s := stored{states: make(map[history.Repo]history.RepoMeta), days: make(map[history.Repo]days)}
	for st := range l.Table().Meta() {
		if st.Repo.Org() == org && st.Repo.Type != history.Space && !st.Moved() {
			s.states[st.Repo], s.days[st.Repo] = st, make(days)
		}
	}
	filter := history.Filter{Orgs: []string{org}}
	var sum, n int64
	for rows, err := range l.Records(context.Background(), history.RecordsQuery{Filter: filter, Order: history.OrderRepo}) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows.Len() {
			r := rows.Record(i)
			if _, twice := s.days[r.Repo][r.Day]; twice {
				t.Fatalf("%s has two records of %s", r.Repo, r.Day)
			}
			s.days[r.Repo][r.Day] = r.Downloads
			sum, n = sum+r.Downloads, n+1
		}
	}
	o, err := l.Overview(context.Background(), history.OverviewQuery{Filter: filter})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range o.Groups {
		if g.Downloads != sum || g.Records != n {
			t.Fatalf("the overview of %s has %d downloads in %d records, its records are %d in %d", org, g.Downloads, g.Records, sum, n)
		}
	}
	return s
}

// differs says how what is stored differs from what was told, "" if it does not.
func (s stored) differs(now *told) string {
	if len(s.states) != len(now.names) {
		return fmt.Sprintf("%d repositories are stored, %d were told", len(s.states), len(now.names))
	}
	for id, repo := range now.names {
		if !maps.Equal(s.days[repo], now.days[id]) {
			return fmt.Sprintf("%s has %d records, told were %d, or others", repo, len(s.days[repo]), len(now.days[id]))
		}
	}
	return ""
}

// counters follows what the counters have to be, by the Hub's id.
type counters struct {
	last     *told
	readings map[string][]history.Reading
}

// follow takes what was stored next.
func (c *counters) follow(now *told) {
	if c.last == now {
		return
	}
	if c.last == nil {
		c.readings = make(map[string][]history.Reading)
	}
	for id, total := range now.totals {
		month := int64(0)
		for day, n := range now.days[id] {
			if now.day-30 <= day && day <= now.day {
				month += n
			}
		}
		if month == 0 {
			month = history.Unknown
		}
		asOf := history.AsOfTime(now.day.Time())
		c.readings[id] = append(c.readings[id], history.NewReading(now.names[id], asOf, history.Export, total, month, history.Unknown))
	}
	c.last = now
}

// check compares them with what is stored.
func (c *counters) check(t *testing.T, s stored) {
	t.Helper()
	var wrong []string
	for id, repo := range c.last.names {
		var d history.Derivation
		d.Read(c.readings[id], nil, func(history.Day, int64, history.Source) {}, nil)
		want, got := d.Counters(), s.states[repo].Counters
		// The program dates answers by its own clock and the Hub's, to the microsecond.
		for _, c := range []*history.Counters{&want, &got} {
			c.RemovedAsOf, c.BackdatedAsOf = history.AsOf(c.RemovedAsOf.Day()), history.AsOf(c.BackdatedAsOf.Day())
		}
		if got != want {
			wrong = append(wrong, fmt.Sprintf("%s: the counters are %+v, expected %+v", repo, got, want))
		}
	}
	if len(wrong) > 0 {
		t.Fatal(strings.Join(wrong, "\n"))
	}
}
