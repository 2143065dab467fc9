package frames

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

func TestMilestones(t *testing.T) {
	s := world(t)
	q := between(ask{Type: query.TypeMilestones, Least: 1000, Limit: 100}, "2024-03-01", "2024-03-10")
	golden(t, "milestones", answer(t, s, q))
	q.Limit = 2
	golden(t, "milestones_cut", answer(t, s, q))

	titles := func(q ask, want ...string) {
		t.Helper()
		var got []string
		if f := answer(t, s, q)[0]; len(f.Fields) > 0 {
			got = field[string](t, f, "title")
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	// Without a least one it is a hundredth of the total, which is 1,010,550 at the end.
	q.Limit, q.Least = 100, 0
	titles(between(q, "2024-03-01", "2024-03-10"), "acme/alpha passed 1M downloads", "acme/alpha passed 10k downloads")
	q.Least = 1000
	titles(between(q, "2024-03-05", "2024-03-08"), "beta/demo passed 1k downloads")
	titles(between(q, "2024-03-04", "2024-03-04"), "acme/alpha passed 10k downloads")
	large := q
	large.Least = 100_000
	titles(large, "acme/alpha passed 1M downloads")
	dataset := q
	dataset.Filter.RepoTypes = []history.RepoType{history.Dataset}
	titles(dataset, "acme/alpha passed 1M downloads")
	noData(t, answer(t, s, between(q, "2024-03-10", "2024-03-30")), data.FrameTypeTable)
	noData(t, answer(t, s, between(q, "2023-03-10", "2023-03-30")), data.FrameTypeTable)
}

// TestMilestonesOfADay passes several at once, and has a record that brings more
// than the total.
func TestMilestonesOfADay(t *testing.T) {
	s := memtable.NewStore()
	add(t, s, "2024-03-11T06:00:00Z", rec(alpha, 25_000, "2024-03-01", 1), rec(alpha, 25_000, "2024-03-02", 24_500), rec(alpha, 25_000, "2024-03-03", 1),
		rec(legacy, 1000, "2024-03-01", 5), rec(legacy, 1000, "2024-03-02", 999_999), rec(legacy, 1000, "2024-03-03", 0))
	q := between(ask{Type: query.TypeMilestones, Least: 1000}, "2024-03-01", "2024-03-10")
	f := answer(t, s, q)[0]
	got, want := field[string](t, f, "title"), []string{
		"acme/alpha passed 10k downloads", "acme/alpha passed 1k downloads", "legacy-one passed 1k downloads",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, at := range field[time.Time](t, f, "time") {
		if at != instant("2024-03-02T00:00:00Z") {
			t.Errorf("got a milestone at %s", at)
		}
	}
}

// TestMilestonesOfMany compares the milestones of a large history, with totals and
// without, with those found by walking over all records.
func TestMilestonesOfMany(t *testing.T) {
	s := syntheticStore(t, 400, 300)
	var blind []history.Record
	records, err := history.Collect(s.Records(t.Context(), history.RecordsQuery{Order: history.OrderRepo}))
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range records {
		if i%7 < 5 {
			r.Repo.Name, r.Total = strings.Replace(r.Repo.Name, "acme/", "blind/", 1), history.Unknown
			blind = append(blind, r)
		}
	}
	add(t, s, "2026-01-02T00:00:00Z", blind...)
	records = append(records, blind...)

	type milestone struct {
		day   history.Day
		value int64
		repo  history.Repo
	}
	f := func(from, to history.Day, least int64) {
		t.Helper()
		var want []milestone
		ends := make(map[history.Repo]int64)
		for _, r := range records {
			if r.Total == history.Unknown {
				ends[r.Repo] += r.Downloads
			} else {
				ends[r.Repo] = r.Total
			}
		}
		for _, r := range slices.Backward(records) {
			after := ends[r.Repo]
			ends[r.Repo] -= r.Downloads
			for p := least; p <= after; p *= 10 {
				if p > ends[r.Repo] && r.Day >= from && r.Day <= to {
					want = append(want, milestone{r.Day, p, r.Repo})
				}
			}
		}
		slices.SortFunc(want, func(a, b milestone) int {
			return cmp.Or(cmp.Compare(b.day, a.day), cmp.Compare(b.value, a.value), a.repo.Compare(b.repo))
		})
		spied := &spy{Reader: s}
		frame := answer(t, spied, ask{Type: query.TypeMilestones, Period: query.TimeRange, Least: least, From: from.Time(), To: to.Time().Add(12 * time.Hour)})[0]
		var got []milestone
		if len(frame.Fields) > 0 {
			repoTypes, repos, values := field[string](t, frame, "repo_type"), field[string](t, frame, "repo"), field[int64](t, frame, "value")
			for i, at := range field[time.Time](t, frame, "time") {
				got = append(got, milestone{history.DayOf(at), values[i], history.Repo{Type: history.RepoType(repoTypes[i]), Name: repos[i]}})
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("from %s to %s, from %d: got %d milestones, want %d\ngot  %v\nwant %v", from, to, least, len(got), len(want), got, want)
		}
		asked := 0
		for _, q := range spied.records {
			asked += len(q.Filter.Repos)
			if q.Period.From != from {
				t.Errorf("asked for records from %s, want from %s", q.Period.From, from)
			}
		}
		passed := make(map[string]bool)
		for _, m := range want {
			passed[m.repo.Name] = true
		}
		// to the end of the history, each that passed one is read, and no other
		if to == synthetic0 && asked != len(passed) {
			t.Errorf("from %s: the records of %d names were read, want those of %d", from, asked, len(passed))
		}
	}
	f(synthetic0-30, synthetic0, 1000)
	f(synthetic0-299, synthetic0, 1000)
	f(synthetic0-200, synthetic0-100, 1000)
	f(synthetic0-200, synthetic0, 100_000)
	f(synthetic0-3, synthetic0-3, 1000)
	f(synthetic0-299, synthetic0, 10_000_000_000)
}

// synthetic0 is the last day of a synthetic history.
const synthetic0 history.Day = 20453

func TestCorrections(t *testing.T) {
	s := corrected(t)
	q := between(ask{Type: query.TypeCorrections, Limit: 100}, "2024-03-12", "2024-03-13")
	golden(t, "corrections", answer(t, s, q))

	repos := func(q ask, from, to string, want ...string) {
		t.Helper()
		q.From, q.To = instant(from), instant(to)
		var got []string
		if f := answer(t, s, q)[0]; len(f.Fields) > 0 {
			got = field[string](t, f, "repo")
		}
		if !slices.Equal(got, want) {
			t.Errorf("from %s to %s: got %q, want %q", from, to, got, want)
		}
	}
	repos(q, "2024-03-12T06:00:00Z", "2024-03-12T06:00:00Z", "acme/alpha")
	repos(q, "2024-03-12T06:00:01Z", "2024-03-12T17:59:59Z")
	repos(q, "2024-03-01T00:00:00Z", "2024-03-30T00:00:00Z", "legacy-one", "acme/alpha", "acme/alpha")
	q.Limit = 1
	repos(q, "2024-03-01T00:00:00Z", "2024-03-30T00:00:00Z", "acme/alpha")
	if n := answer(t, s, between(q, "2024-03-01", "2024-03-30"))[0].Meta.Notices; len(n) != 1 || !strings.Contains(n[0].Text, "largest 1 of 3") {
		t.Errorf("got the notices %v, want one that says what is left out", n)
	}
	noData(t, answer(t, world(t), q), data.FrameTypeTable)

	// What was added for the past is there beside what was removed.
	jump := func(asOf string, total int64) {
		t.Helper()
		m := history.NewRepoMeta(legacy)
		m.Total, m.TotalAsOf, m.LastMonth = total, history.AsOfTime(instant(asOf)), 10
		m.ListedAsOf = m.TotalAsOf
		if _, err := s.Append(t.Context(), history.Batch{Meta: []history.RepoMeta{m}}); err != nil {
			t.Fatal(err)
		}
	}
	jump("2024-03-21T06:00:00Z", 5000)
	jump("2024-03-22T06:00:00Z", 5001)
	jump("2024-03-23T06:00:00Z", 5002)
	q.Limit = 100
	repos(q, "2024-03-20T00:00:00Z", "2024-03-30T00:00:00Z", "legacy-one", "legacy-one")
	added := answer(t, s, between(q, "2024-03-20", "2024-03-30"))[0]
	if got, want := field[string](t, added, "text")[0], "The Hub has added 4,491 downloads of the model legacy-one for days in the distant past so far."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := field[time.Time](t, added, "time")[0], instant("2024-03-22T06:00:00Z"); !got.Equal(want) {
		t.Errorf("got %s, want %s", got, want)
	}

	// Nobody knows when that was.
	state := history.NewRepoMeta(untold)
	state.StartTotal, state.StartDownloads, state.StartRemoved, state.StartAsOf = 10, 15, 5, 1
	if _, err := s.Append(t.Context(), history.Batch{Meta: []history.RepoMeta{state}}); err != nil {
		t.Fatal(err)
	}
	repos(q, "1969-01-01T00:00:00Z", "2024-03-30T00:00:00Z", "legacy-one", "legacy-one", "acme/alpha", "acme/alpha")
}

// TestAnnotationNames: Grafana finds time, title, text and tags of an annotation by
// the name that a field is shown under.
func TestAnnotationNames(t *testing.T) {
	q := between(ask{Type: query.TypeCorrections}, "2024-03-01", "2024-03-30")
	f := answer(t, corrected(t), q)[0]
	for _, name := range []string{"time", "title", "text", "tags"} {
		v, at := f.FieldByName(name)
		if at < 0 || !strings.EqualFold(v.Config.DisplayNameFromDS, name) {
			t.Errorf("there is no field that is shown as %s", name)
		}
	}
}
