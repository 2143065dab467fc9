package hubsync

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/plausible"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/queue"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// grow gives repositories, which it makes if there are none, ten downloads on a day.
func grow(repos, d int) func(*fakehub.Hub) {
	return func(h *fakehub.Hub) {
		for i := range repos {
			day(model, fmt.Sprintf("o/m%02d", i), d, 10)(h)
		}
	}
}

// stored is all that a world knows.
func (w *world) stored() string {
	w.Helper()
	var b strings.Builder
	for m, err := range w.store.Meta(w.Context(), history.MetaQuery{}) {
		if err != nil {
			w.Fatal(err)
		}
		fmt.Fprintf(&b, "%+v\n", m)
	}
	return w.records() + "\n" + w.exposed() + "\n" + b.String()
}

// A Hub that says something implausible for an hour, and flaps at that, leaves nothing
// behind. What it says for a day is believed, and so is what is accepted.
func TestImplausibleAnswers(t *testing.T) {
	t.Parallel()
	f := func(name string, source Source, repos int, fault fakehub.Fault, reason plausible.Reason, figures string) {
		t.Helper()
		t.Run(fmt.Sprintf("%s of %s", name, source), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{source: source, plan: fakehub.Team})
			right := newWorld(t, options{source: source, plan: fakehub.Team})
			both := func(change func(*fakehub.Hub)) {
				change(w.hub)
				change(right.hub)
			}
			collect := func(d, hour int) {
				t.Helper()
				w.collect(d, hour)
				right.collect(d, hour)
			}
			both(grow(repos, 1))
			collect(2, 6)
			both(grow(repos, 2))
			collect(3, 6)

			before := w.stored()
			for i := range 3 {
				failing("", fault)(w.hub)
				w.log.Reset()
				o := w.try(3, 7+2*i)
				if said(o) != "failed: implausible" || o.Implausible != reason || !strings.Contains(o.Err.Error(), figures) {
					t.Fatalf("got %q, %v; want %s, %s", said(o), o.Err, reason, figures)
				}
				if log := w.log.String(); !strings.Contains(log, "level=ERROR") || !strings.Contains(log, figures) {
					t.Errorf("the log is %s", log)
				}
				if got := w.stored(); got != before {
					t.Fatalf("it has changed\n%s\nto\n%s", before, got)
				}
				w.expectMetric(fmt.Sprintf(`huggingface_exporter_collection_doubted{org="o",reason=%q}`, reason), "1")
				w.expectMetric(fmt.Sprintf(`huggingface_exporter_collection_implausible_total{org="o",reason=%q}`, reason), fmt.Sprint(i+1))
				w.hub.Heal()
				collect(3, 8+2*i)
				w.expectMetric(fmt.Sprintf(`huggingface_exporter_collection_doubted{org="o",reason=%q}`, reason), "0")
				before = w.stored()
			}
			both(grow(repos, 3))
			collect(4, 6)
			if got, want := w.stored(), right.stored(); got != want {
				t.Errorf("got\n%s\nwithout the fault\n%s", got, want)
			}

			// It stays so.
			failing("", fault)(w.hub)
			for hour := 7; hour < 24; hour += 5 {
				w.try(4, hour)
			}
			if o := w.try(5, 6); said(o) != "failed: implausible" {
				t.Errorf("after 23 hours: got %q", said(o))
			}
			w.log.Reset()
			if o := w.collect(5, 7); o.Implausible != "" || !strings.Contains(w.log.String(), "Accepted an implausible response: responses have agreed for a day") {
				t.Errorf("after a day: got %+v\n%s", o, w.log.String())
			}
			w.hub.Heal()

			failing("", fault)(right.hub)
			right.try(4, 7)
			right.collector.Accept = true
			right.collect(4, 8)
			if got, want := w.exposed(), right.exposed(); got != want {
				t.Errorf("believed:\n%s\naccepted:\n%s", got, want)
			}
		})
	}
	for _, source := range []Source{SourceAnalytics, SourceListings} {
		f("zeros", source, 3, fakehub.Scaled(0), plausible.ReasonZeros, "got zeros for 3 of 3 repositories")
		f("zeros", source, 30, fakehub.Scaled(0), plausible.ReasonZeros, "expected totals of about 600 downloads, got zeros for 30 of 30 repositories")
		f("a third", source, 3, fakehub.Scaled(0.3), plausible.ReasonFalls, "got fewer downloads for 3 of 3 repositories")
		f("nine tenths", source, 30, fakehub.Scaled(0.9), plausible.ReasonFalls, "got fewer downloads for 30 of 30 repositories")
	}
	cut := func(n int) fakehub.Fault {
		return fakehub.Edit(func(s string) string { return s[:len(s)-n] })
	}
	f("an end within a number", SourceAnalytics, 3, cut(2), plausible.ReasonEnd, "expected a line ending after the last of 6 records, got none")
	f("an end within a row", SourceAnalytics, 30, cut(8), plausible.ReasonEnd, "expected a line ending after the last of 59 records, got none")
	f("zeros of one repository", SourceAnalytics, 1, fakehub.Scaled(0), plausible.ReasonZeros, "got zeros for 1 of 1 repository")
	f("nothing", SourceListings, 3, fakehub.Body("application/json", "[]"), plausible.ReasonRepos, "expected about 3 known repositories, got a response without 3 of them")
	f("nothing", SourceAnalytics, 3, fakehub.Body("text/csv", "repoType,repoName,total,timestamp,downloads\n"), plausible.ReasonRecords, "expected about the 6 records of earlier exports, got 0")
}

// What a single repository does is left to who counts its days.
func TestAFallOfOneRepositoryIsPlausible(t *testing.T) {
	w := newWorld(t, options{source: SourceListings})
	add(model, "o/large", 1_000_000)(w.hub)
	for i := range 20 {
		add(model, fmt.Sprintf("o/m%02d", i), 1)(w.hub)
	}
	w.collect(1, 6)
	total(model, "o/large", 0)(w.hub)
	if o := w.collect(2, 6); o.Implausible != "" {
		t.Errorf("got %+v", o)
	}
}

// Days on which the Hub zeroes the 30-day numbers leave them unknown; totals are believed.
func TestZeroedLastMonth(t *testing.T) {
	w := newWorld(t, options{source: SourceListings})
	lastMonth := func() (out []int64) {
		for m, err := range w.store.Meta(t.Context(), history.MetaQuery{}) {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, m.LastMonth)
		}
		return out
	}
	expect := func(d int, want ...int64) {
		t.Helper()
		o := w.collect(d, 6)
		if got := lastMonth(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("March %d: got %d, want %d", d, got, want)
		}
		zeroed := want[1] == history.Unknown
		if zeroed != (o.Implausible == plausible.ReasonLastMonth) || zeroed != strings.Contains(o.Note, "30-day numbers of 2 of 2 repositories") {
			t.Errorf("March %d: got %+v", d, o.Summary)
		}
		w.expectMetric(`huggingface_exporter_collection_doubted{org="o",reason="last_month"}`, fmt.Sprintf("%.0f", oneIf(zeroed)))
	}
	w.hub.AddRepo(model, "o/idle").SetTotal(5).SetLastMonth(0)
	grow(2, 1)(w.hub)
	expect(2, 0, 10, 10)
	failing("", fakehub.NoLastMonth())(w.hub)
	grow(2, 2)(w.hub)
	expect(3, 0, -1, -1)
	expect(4, 0, -1, -1)
	w.restart()
	grow(2, 4)(w.hub)
	expect(5, 0, -1, -1)
	w.hub.Heal()
	expect(6, 0, 30, 30)
	if got := w.exposed(); got != lines("o/idle 5", "o/m00 30", "o/m01 30") {
		t.Errorf("exposed is\n%s", got)
	}
}

// A cache that keeps an answer gives a reading of that past, and nothing newer is lost.
func TestACacheThatAnswers(t *testing.T) {
	for _, source := range []Source{SourceAnalytics, SourceListings} {
		w := newWorld(t, options{source: source, plan: fakehub.Team})
		for d := range 11 {
			grow(30, d-10)(w.hub)
		}
		cache := fakehub.Frozen()
		failing("", cache)(w.hub)
		w.collect(2, 6)
		w.hub.Heal()
		day(model, "o/m00", 2, 10)(w.hub)
		w.collect(3, 6)
		before := w.exposed()
		failing("", cache)(w.hub)
		if o := w.collect(3, 8); !o.AsOf.Equal(at(2, 6).Time()) || w.exposed() != before {
			t.Errorf("%s: dated %s, exposed is\n%s\nwas\n%s", source, o.AsOf, w.exposed(), before)
		}
	}
}

// What is doubted outlives the process where there is a folder for it, so that a command that
// a scheduler runs comes to believe, too.
func TestDoubtsOutliveTheProcess(t *testing.T) {
	w := newWorld(t, options{source: SourceListings})
	dir := t.TempDir()
	file := filepath.Join(dir, "o.doubts.json")
	restart := func() {
		t.Helper()
		w.restart()
		q, err := queue.New(dir, 1<<20, w.registry, w.logger())
		if err != nil {
			t.Fatal(err)
		}
		o := w.collector.Options
		o.Queue = q
		w.running = newRunning(Job{Org: w.org, Interval: 6 * time.Hour, Collector: NewCollector(o)})
	}
	exists := func(want bool) {
		t.Helper()
		if _, err := os.Stat(file); (err == nil) != want {
			t.Errorf("the file is there: %v, want %v", err == nil, want)
		}
	}
	restart()
	grow(3, 1)(w.hub)
	w.collect(2, 6)
	exists(false)
	failing("", fakehub.Scaled(0))(w.hub)
	w.try(3, 6)
	exists(true)
	restart()
	if o := w.try(3, 18); o.OK() {
		t.Error("it is believed after twelve hours")
	}
	restart()
	w.collect(4, 6)
	w.collect(4, 12)
	exists(false)

	// A file that says nothing is none.
	for _, text := range []string{"null", "{", `{"models":null}`} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		restart()
		w.collect(5, 6)
	}
	exists(false)
}
