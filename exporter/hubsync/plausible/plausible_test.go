package plausible

import (
	"log/slog"
	"strings"
	"testing"
	"time"
)

var start = time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)

// many are so many repositories with the same counts.
func many(n int, before, now Counts) func(*Answer) {
	return func(a *Answer) {
		for range n {
			a.Compare(before, now)
		}
	}
}

func total(n float64) Counts { return Counts{Total: n, Days: -1} }

func TestAnswer(t *testing.T) {
	f := func(a Answer, want Reason, add ...func(*Answer)) {
		t.Helper()
		for _, f := range add {
			f(&a)
		}
		var d Doubt
		var got Reason
		e := d.Judge(&a, start)
		if e != nil {
			got = e.Reason
		}
		if got != want {
			t.Errorf("%+v: got %q (%v), want %q", a, got, e, want)
		}
	}
	records := func(now, had float64) Answer { return Answer{Records: now, Had: had} }
	f(records(0, 0), "")
	f(records(10, 0), "")
	f(records(9, 10), "")
	f(records(90, 100), "")
	f(records(89, 100), ReasonRecords)
	f(records(0, 1), ReasonRecords)

	repos := func(known, missing int, empty bool) Answer {
		return Answer{Repos: known, Missing: missing, Empty: empty}
	}
	f(repos(0, 0, true), "")
	f(repos(20, 9, false), "")
	f(repos(20, 10, false), ReasonRepos)
	f(repos(21, 10, false), "")
	f(repos(9, 9, false), "")
	f(repos(9, 9, true), ReasonRepos)
	f(repos(9, 0, true), "")

	// Totals of listings. What a single repository does is no reason.
	f(Answer{}, "", many(1, total(100), total(0)))
	f(Answer{}, "", many(1, total(1e6), total(0)), many(99, total(1), total(1)))
	f(Answer{}, ReasonZeros, many(2, total(100), total(0)))
	f(Answer{}, ReasonZeros, many(2, total(100), total(0)), many(50, total(0), total(0)), many(5, total(0), total(1)))
	f(Answer{}, "", many(2, total(100), total(-1)), many(50, total(-1), total(0)))
	f(Answer{}, "", many(9, total(100), total(98)))
	f(Answer{}, ReasonFalls, many(10, total(100), total(98)))
	f(Answer{}, "", many(10, total(100), total(99)))
	f(Answer{}, ReasonFalls, many(6, total(100), total(50)), many(5, total(100), total(200)))
	f(Answer{}, "", many(5, total(100), total(50)), many(5, total(100), total(200)))
	f(Answer{}, ReasonFalls, many(2, total(100), total(49)))
	f(Answer{}, "", many(2, total(100), total(51)))
	f(Answer{}, "", many(2, total(100), total(1)), many(2, total(1), total(1))) // half, and not most

	f(Answer{Past: true}, ReasonTime, many(1, total(100), total(101)))
	f(Answer{Past: true}, ReasonTime, many(5, total(100), total(101)), many(5, total(100), total(100)))
	f(Answer{Past: true}, "", many(4, total(100), total(101)), many(5, total(100), total(100)))
	f(Answer{Past: true}, ReasonFalls, many(10, total(100), total(50)))

	f(Answer{Had: 10, Records: 10, Open: true}, ReasonEnd)
	f(Answer{Had: 10, Records: 5, Open: true}, ReasonRecords)

	// Exports have days, too.
	f(Answer{Had: 1, Records: 1}, ReasonZeros, many(1, Counts{100, 50}, Counts{0, 50}))
	f(Answer{Had: 1, Records: 1}, ReasonZeros, many(1, Counts{100, 50}, Counts{100, 0}))
	f(Answer{Had: 1, Records: 1}, "", many(1, Counts{100, 50}, Counts{50, 25}))
	f(Answer{Had: 1, Records: 1}, ReasonFalls, many(3, Counts{100, 50}, Counts{100, 20}))
	f(Answer{Had: 1, Records: 1}, ReasonFalls, many(10, Counts{100, 50}, Counts{100, 49}))
	f(Answer{Had: 1, Records: 1}, "", many(10, Counts{100, 50}, Counts{101, 51}))
}

// Answers are believed once they have said about the same for a day.
func TestDoubtLasts(t *testing.T) {
	var d Doubt
	f := func(hours float64, missing int, refused, believed bool) {
		t.Helper()
		e := d.Judge(&Answer{Repos: 100, Missing: missing}, start.Add(time.Duration(hours*float64(time.Hour))))
		if got := e != nil; got != refused || refused && e.Believed != believed {
			t.Errorf("after %g hours %d missing: got %+v", hours, missing, e)
		}
	}
	f(0, 50, true, false)
	f(0.01, 50, true, false)
	f(10, 54, true, false)
	f(23.9, 45, false, false) // plausible: it begins anew
	f(24, 50, true, false)
	f(40, 50, true, false)
	f(41, 90, true, false) // something else
	f(48, 90, true, false)
	f(64, 90, true, false)
	f(65, 90, true, true)
	f(66, 89, true, true) // it could not be stored
	f(67, 0, false, false)
	f(68, 60, true, false)
	f(50, 60, true, false) // by a clock that went back
	f(68, 60, true, false)
	f(74, 60, true, true)
	e := d.Judge(&Answer{Repos: 100, Missing: 60}, start.Add(75*time.Hour))
	for _, want := range []string{"repos", "about 100 known repositories", "without 60", "since 2026-03-03 08:00 UTC", "after 2026-03-04 08:00 UTC", "collect --accept"} {
		if !strings.Contains(e.Error(), want) {
			t.Errorf("expected %q in %s", want, e)
		}
	}
}

func TestLastMonth(t *testing.T) {
	type month struct {
		n           int
		before, now int64
	}
	f := func(want bool, all ...month) {
		t.Helper()
		var m Months
		for _, x := range all {
			for range x.n {
				m.Compare(x.before, x.now)
			}
		}
		var l Doubt
		if got := l.Zeroed(&m, start); (got != "") != want {
			t.Errorf("%v: got %q", all, got)
		}
		if got := l.Zeroed(&m, start.AddDate(0, 0, 29)); (got != "") != want {
			t.Errorf("%v, weeks later: got %q", all, got)
		}
		if got := l.Zeroed(&m, start.AddDate(0, 0, 31)); got != "" {
			t.Errorf("%v: those of a month are right, got %q", all, got)
		}
	}
	f(false)
	f(false, month{1, 40_000, 0})
	f(true, month{2, 40_000, 0})
	f(true, month{9, 50, 0}, month{1, 50, 50}, month{70, 0, 0})
	f(false, month{8, 50, 0}, month{2, 50, 50})
	f(false, month{50, 0, 0})
	f(false, month{50, 1, 0}) // the downloads of a mirror, a month ago
	f(true, month{50, -1, 0}) // taken as unknown before
	f(false, month{50, -1, 0}, month{10, -1, 5})
	f(false, month{50, 100, -1})
}

func TestClock(t *testing.T) {
	built, stored := start.AddDate(0, -1, 0), time.Time{}
	f := func(ours, said time.Time, want time.Time) {
		t.Helper()
		c := NewClock(slog.New(slog.DiscardHandler))
		c.Local, c.Built = func() time.Time { return ours }, built
		c.Set(said)
		got, e := c.Now(new(Doubt), func() time.Time { return stored })
		if wrong := want.IsZero(); wrong != (e != nil) || !wrong && !got.Equal(want) || wrong && !got.Equal(ours) {
			t.Errorf("ours is %s, the Hub's %s: got %s, %v", ours, said, got, e)
		}
	}
	const day = 24 * time.Hour
	f(start, time.Time{}, start) // no time is named
	f(start, start, start)
	f(start, start.Add(day), start.Add(day))
	f(start, start.Add(day+time.Second), time.Time{})
	f(start, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Time{})
	f(start, start.AddDate(-2, 0, 0), start.AddDate(-2, 0, 0)) // a reading of that past
	f(start, time.Date(2020, 12, 31, 0, 0, 0, 0, time.UTC), time.Time{})
	f(start, time.Unix(0, 0), time.Time{})
	// Ours is older than the program.
	f(built.Add(-time.Second), start, start)
	f(built.Add(time.Second), start, time.Time{})
	f(time.Unix(0, 0), start, start)
	f(time.Unix(0, 0), time.Unix(0, 0), time.Unix(0, 0)) // nobody knows better
	// Ours is older than what is stored.
	built, stored = time.Time{}, start
	f(start.Add(-day-time.Second), start.Add(time.Hour), start.Add(time.Hour))
	f(start.Add(-day), start.Add(time.Hour), time.Time{})
	f(start, start.Add(2*day), time.Time{})
}

func TestClockWarnsOncePerJump(t *testing.T) {
	var log strings.Builder
	c := NewClock(slog.New(slog.NewTextHandler(&log, nil)))
	c.Local = func() time.Time { return start }
	f := func(ahead time.Duration, warnings int) {
		t.Helper()
		c.Set(start.Add(ahead))
		if got := strings.Count(log.String(), "level=WARN"); got != warnings {
			t.Errorf("%v ahead: %d warnings, want %d", ahead, got, warnings)
		}
		if got, _ := c.Now(new(Doubt), nil); !got.Equal(start.Add(ahead)) {
			t.Errorf("%v ahead: it is %v", ahead, got)
		}
	}
	f(0, 0)
	f(5*time.Minute, 0)
	f(-5*time.Minute, 0)
	f(6*time.Minute, 1)
	f(time.Hour, 1)
	f(-time.Second, 1)
	f(-6*time.Minute, 2)
	c.Set(time.Time{})
	f(-6*time.Minute, 2)
}
