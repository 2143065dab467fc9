package hubsync

import (
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

func TestAnalytics(t *testing.T) {
	t.Parallel()
	f := func(name string, steps ...step) {
		t.Helper()
		scenario(t, name, options{plan: fakehub.Team, source: SourceAnalytics}, steps...)
	}
	begin := all(day(model, "o/m", 1, 10), day(model, "o/m", 2, 20), day(dataset, "o/d", 2, 5))
	f("corrections",
		step{"the published history", 3, 6, begin,
			"3 new; appeared o/m; appeared d:o/d", lines("o/m 1:10p 2:20p", "d:o/d 2:5p"), lines("o/m 30", "d:o/d 5")},
		step{"told again", 3, 12, nil,
			"", lines("o/m 1:10p 2:20p", "d:o/d 2:5p"), lines("o/m 30", "d:o/d 5")},
		step{"an old day is lowered, a new one comes", 4, 6, all(day(model, "o/m", 1, 4), day(model, "o/m", 3, 1)),
			"1 new, 1 changed", lines("o/m 1:4p 2:20p 3:1p", "d:o/d 2:5p"), lines("o/m 30", "d:o/d 5")},
		step{"told again, it is still to be confirmed", 4, 12, nil,
			"", lines("o/m 1:4p 2:20p 3:1p", "d:o/d 2:5p"), lines("o/m 30", "d:o/d 5")},
		step{"an old day is raised: the total did not fall", 5, 6, day(model, "o/m", 1, 40),
			"1 changed", lines("o/m 1:40p 2:20p 3:1p", "d:o/d 2:5p"), lines("o/m 61", "d:o/d 5")},
		step{"a day comes in between", 6, 6, day(dataset, "o/d", 1, 2),
			"1 new", lines("o/m 1:40p 2:20p 3:1p", "d:o/d 1:2p 2:5p"), lines("o/m 61", "d:o/d 7")},
		step{"the total falls, the days do not", 7, 6, total(model, "o/m", 51),
			"", lines("o/m 1:40p 2:20p 3:1p", "d:o/d 1:2p 2:5p"), lines("o/m 61", "d:o/d 7")},
		step{"no answer", 8, 6, failing(fakehub.Analytics, fakehub.Status(502)),
			"failed: server", lines("o/m 1:40p 2:20p 3:1p", "d:o/d 1:2p 2:5p"), lines("o/m 61", "d:o/d 7")},
		step{"the next export confirms it, and nothing is estimated", 11, 6, all(day(model, "o/m", 8, 2), day(model, "o/m", 10, 2)),
			"2 new, 10 removed", lines("o/m 1:40p 2:20p 3:1p 8:2p 10:2p", "d:o/d 1:2p 2:5p"), lines("o/m 65 -10", "d:o/d 7")},
	)
	many := func(h *fakehub.Hub) {
		for d := range 20 {
			day(model, "o/big", d+1, 1)(h)
		}
	}
	big := "o/big 1:1p 2:1p 3:1p 4:1p 5:1p 6:1p 7:1p 8:1p 9:1p 10:1p 11:1p 12:1p 13:1p 14:1p 15:1p 16:1p 17:1p 18:1p 19:1p 20:1p"
	f("renames and deletions",
		step{"first", 21, 6, all(many, day(model, "o/m", 1, 10), day(dataset, "o/m", 1, 10), add(model, "o/idle", 0)),
			"22 new; appeared o/big; appeared o/m; appeared d:o/m", lines(big, "o/m 1:10p", "d:o/m 1:10p"), lines("o/big 20", "o/m 10", "d:o/m 10")},
		step{"the one with the same history is the same", 22, 6, all(rename(model, "o/m", "o/n"), day(model, "o/n", 21, 2), day(model, "o/other", 1, 11)),
			"3 new; appeared o/other; moved o/m to o/n",
			lines(big, "o/m 1:10p", "o/n 1:10p 21:2p", "o/other 1:11p", "d:o/m 1:10p"), lines("o/big 20", "o/n 12", "o/other 11", "d:o/m 10")},
		step{"deleted", 23, 6, remove(model, "o/other"),
			"gone o/other",
			lines(big, "o/m 1:10p", "o/n 1:10p 21:2p", "o/other 1:11p", "d:o/m 1:10p"), lines("o/big 20", "o/n 12", "d:o/m 10")},
		step{"made again", 24, 6, day(model, "o/other", 23, 3),
			"1 new; appeared o/other",
			lines(big, "o/m 1:10p", "o/n 1:10p 21:2p", "o/other 1:11p 23:3p", "d:o/m 1:10p"), lines("o/big 20", "o/n 12", "o/other 11", "d:o/m 10")},
		step{"renamed back, with a correction", 25, 6, all(rename(model, "o/n", "o/m"), total(model, "o/m", 11)),
			"1 new, 8 removed; moved o/n to o/m",
			lines(big, "o/m 1:10p 21:2p", "o/n 1:10p 21:2p", "o/other 1:11p 23:3p", "d:o/m 1:10p"), lines("o/big 20", "o/m 12", "o/other 11 -8", "d:o/m 10")},
	)
	f("histories that are alike",
		step{"first", 21, 6, all(many, day(model, "o/a", 1, 5), day(model, "o/a", 2, 6), day(model, "o/zero", 1, 0)),
			"23 new; appeared o/a; appeared o/big; appeared o/zero", lines("o/a 1:5p 2:6p", big, "o/zero 1:0p"), lines("o/a 11", "o/big 20", "o/zero 0")},
		step{"another begins like it", 22, 6, all(remove(model, "o/a"), day(model, "o/b", 1, 5), day(model, "o/b", 2, 7)),
			"2 new; appeared o/b; gone o/a", lines("o/a 1:5p 2:6p", "o/b 1:5p 2:7p", big, "o/zero 1:0p"), lines("o/b 12", "o/big 20", "o/zero 0")},
		step{"its twin comes", 23, 6, all(day(model, "o/c", 1, 5), day(model, "o/c", 2, 7)),
			"2 new; appeared o/c", lines("o/a 1:5p 2:6p", "o/b 1:5p 2:7p", big, "o/c 1:5p 2:7p", "o/zero 1:0p"), lines("o/b 12", "o/big 20", "o/c 12", "o/zero 0")},
		step{"each twin has one name afterwards", 24, 6, all(rename(model, "o/b", "o/d"), rename(model, "o/c", "o/e")),
			"4 new; moved o/b to o/d; moved o/c to o/e",
			lines("o/a 1:5p 2:6p", "o/b 1:5p 2:7p", big, "o/c 1:5p 2:7p", "o/d 1:5p 2:7p", "o/e 1:5p 2:7p", "o/zero 1:0p"), lines("o/big 20", "o/d 12", "o/e 12", "o/zero 0")},
	)
	f("days of zeros are no likeness",
		step{"first", 21, 6, all(many, day(model, "o/z", 1, 0), total(model, "o/z", 9)),
			"21 new; appeared o/big; appeared o/z", lines(big, "o/z 1:0p"), lines("o/big 20", "o/z 9")},
		step{"deleted, another appears", 22, 6, all(remove(model, "o/z"), day(model, "o/y", 1, 0), total(model, "o/y", 9)),
			"1 new; appeared o/y; gone o/z", lines(big, "o/y 1:0p", "o/z 1:0p"), lines("o/big 20", "o/y 9")},
	)
}

// What has no row in an export need not be gone: it may have no download.
func TestAnalyticsWithoutRowsOfSome(t *testing.T) {
	team := func(h *fakehub.Hub) { h.AddOrg("o", fakehub.Team) }
	listed := all(add(model, "o/m", 10), add(model, "o/idle", 0), add(space, "o/s", 0))
	scenario(t, "some", options{plan: fakehub.Free, source: SourceAuto},
		step{"listed", 2, 6, listed, "appeared o/idle; appeared o/m; appeared s:o/s", "", lines("o/idle 0", "o/m 10", "s:o/s")},
		step{"published", 3, 6, all(team, day(model, "o/m", 1, 10), total(model, "o/m", 10)), "1 new", "o/m 1:10p", lines("o/idle 0", "o/m 10", "s:o/s")},
	)
	scenario(t, "all", options{plan: fakehub.Free, source: SourceAuto},
		step{"listed", 2, 6, listed, "appeared o/idle; appeared o/m; appeared s:o/s", "", lines("o/idle 0", "o/m 10", "s:o/s")},
		step{"an export without rows", 3, 6, team, "", "", lines("o/idle 0", "o/m 10", "s:o/s")},
	)
}

// An export of an organization of which much is missing is believed if the next ones
// are like it for a day.
func TestAnalyticsThatLostMuch(t *testing.T) {
	w := newWorld(t, options{plan: fakehub.Team, source: SourceAnalytics})
	for i := range 10 {
		day(model, "o/m"+string(rune('0'+i)), 1, int64(i+1))(w.hub)
	}
	w.collect(2, 6)
	shown := func() int { return len(splitLines(w.exposed())) }
	// Rows of whole repositories are missing: the text is as good as any other.
	cut := fakehub.Edit(func(s string) string { return s[:strings.Index(s, "model,o/m5")] })
	failing(fakehub.Analytics, cut)(w.hub)
	o := w.try(3, 6)
	if said(o) != "failed: implausible" || !strings.Contains(o.Err.Error(), "expected about the 10 records of earlier exports, got 5") || shown() != 10 {
		t.Errorf("a cut export: got %q, %v, %d exposed", said(o), o.Err, shown())
	}
	w.hub.Heal()
	if o := w.collect(3, 7); said(o) != "" || shown() != 10 {
		t.Errorf("the next whole one: got %q, %d exposed", said(o), shown())
	}
	failing(fakehub.Analytics, cut)(w.hub)
	if o := w.try(3, 8); said(o) != "failed: implausible" || shown() != 10 {
		t.Errorf("cut again, after a whole one: got %q, %d exposed", said(o), shown())
	}
	if o := w.collect(4, 8); said(o) != "gone o/m5; gone o/m6; gone o/m7; gone o/m8; gone o/m9" || shown() != 5 {
		t.Errorf("it stays so: got %q, %d exposed", said(o), shown())
	}
	w.hub.Heal()
	remove(model, "o/m0")(w.hub)
	if o := w.collect(5, 6); shown() != 9 {
		t.Errorf("one of ten is no reason to doubt: got %q, %d exposed", said(o), shown())
	}
}

// Days without downloads that listings told are not in an export, and that is no
// reason to take it for cut.
func TestAnalyticsAfterListings(t *testing.T) {
	w := newWorld(t, options{plan: fakehub.Free, source: SourceAuto})
	add(model, "o/m", 100)(w.hub)
	w.collect(1, 6)
	for d := 2; d < 12; d++ {
		w.collect(d, 6)
	}
	w.hub.AddOrg("o", fakehub.Team)
	w.hub.Repo(model, "o/m").SetDay(march(1), 100).SetTotal(100)
	if o := w.collect(12, 6); o.Source != SourceAnalytics {
		t.Errorf("collected from %s", o.Source)
	}
	if got := w.records(); got != "o/m 1:100p 2:0 3:0 4:0 5:0 6:0 7:0 8:0 9:0 10:0" {
		t.Errorf("records are\n%s", got)
	}
}

// What an organization is collected from may change at any time, and nothing is
// counted twice.
func TestAuto(t *testing.T) {
	t.Parallel()
	forbid := func(h *fakehub.Hub) { h.ForbidToken(token, true) }
	allow := func(h *fakehub.Hub) { h.ForbidToken(token, false) }
	scenario(t, "there and back", options{plan: fakehub.Team, source: SourceAuto},
		step{"published", 2, 6, day(model, "o/m", 1, 10), "1 new; appeared o/m", "o/m 1:10p", "o/m 10"},
		step{"refused: the listing sets a base", 3, 6, all(forbid, day(model, "o/m", 2, 5)), "", "o/m 1:10p", "o/m 15"},
		step{"observed", 4, 6, day(model, "o/m", 3, 7), "1 new", "o/m 1:10p 3:7", "o/m 22"},
		step{"published beats observed", 5, 6, all(allow, day(model, "o/m", 3, 8), day(model, "o/m", 4, 1)),
			"3 new", "o/m 1:10p 2:5p 3:8p 4:1p", "o/m 24"},
		step{"refused again: what the published days do not have of the totals is of the others", 6, 6, all(forbid, day(model, "o/m", 5, 4)),
			"1 new", "o/m 1:10p 2:5p 3:8p 4:1p 5:5", "o/m 28"},
		step{"a rename seen in the listing", 7, 6, rename(model, "o/m", "o/n"),
			"6 new; moved o/m to o/n", lines("o/m 1:10p 2:5p 3:8p 4:1p", "o/n 1:10p 2:5p 3:8p 4:1p 5:5 6:0"), "o/n 28"},
		step{"and in the export", 8, 6, allow,
			"1 new", lines("o/m 1:10p 2:5p 3:8p 4:1p", "o/n 1:10p 2:5p 3:8p 4:1p 5:4p 6:0"), "o/n 28"},
	)
}

// A repository that was renamed while its export was refused is found again by its
// history.
func TestAutoWithARenameMeanwhile(t *testing.T) {
	scenario(t, "rename", options{plan: fakehub.Team, source: SourceAuto},
		step{"published", 2, 6, day(model, "o/m", 1, 10), "1 new; appeared o/m", "o/m 1:10p", "o/m 10"},
		step{"listed under another name, with an id that is not known yet", 3, 6,
			all(func(h *fakehub.Hub) { h.ForbidToken(token, true) }, rename(model, "o/m", "o/n")),
			"appeared o/n", "o/m 1:10p", lines("o/m 10", "o/n 10")},
		step{"published again", 4, 6, func(h *fakehub.Hub) { h.ForbidToken(token, false) },
			"1 new; moved o/m to o/n", lines("o/m 1:10p", "o/n 1:10p"), "o/n 10"},
	)
}

func TestAutoSaysWhatItDoes(t *testing.T) {
	w := newWorld(t, options{plan: fakehub.Free, source: SourceAuto})
	day(model, "o/m", 1, 10)(w.hub)
	count := func(what string, want int) {
		t.Helper()
		if n := strings.Count(w.log.String(), what); n != want {
			t.Errorf("the log says %q %d times, want %d:\n%s", what, n, want, w.log.String())
		}
	}
	source := func(want Source) {
		t.Helper()
		for _, s := range []Source{SourceAnalytics, SourceListings} {
			v := "0"
			if s == want {
				v = "1"
			}
			w.expectMetric(`huggingface_exporter_collection_source{org="o",source="`+string(s)+`"}`, v)
		}
	}
	for hour := range 3 {
		w.collect(2, hour)
		source(SourceListings)
	}
	count(`msg="The Hub refuses the publisher analytics: collecting from the public listings, which have no history" org=o reason=forbidden`, 1)
	w.hub.AddOrg("o", fakehub.Team)
	w.collect(3, 1)
	source(SourceAnalytics)
	count("The Hub provides the publisher analytics again", 1)
	w.collect(3, 2)
	w.hub.AddOrg("o", fakehub.Free)
	w.collect(3, 3)
	source(SourceListings)
	count("The Hub provides the publisher analytics again", 1)
	count("reason=forbidden", 2)

	// Asking failed, which is no refusal.
	w.hub.AddOrg("o", fakehub.Team)
	failing(fakehub.Analytics, fakehub.Status(500))(w.hub)
	if o := w.try(3, 4); o.Source != SourceAnalytics || o.Reason != hub.KindServer {
		t.Errorf("a fault of the Hub: collected from %s, %v", o.Source, o.Err)
	}
}

func TestAutoWithoutToken(t *testing.T) {
	w := newWorld(t, options{plan: fakehub.Team, source: SourceAuto, anonymous: true})
	add(model, "o/m", 10)(w.hub)
	if o := w.collect(1, 6); o.Source != SourceListings || w.exposed() != "o/m 10" {
		t.Errorf("collected from %s, exposed %q", o.Source, w.exposed())
	}
}

func TestAnOrganizationThatDoesNotExistIsAFailure(t *testing.T) {
	for _, source := range []Source{SourceAuto, SourceAnalytics, SourceListings} {
		for _, anonymous := range []bool{false, true} {
			w := newWorld(t, options{plan: fakehub.Team, source: source, org: "nosuch", anonymous: anonymous})
			want := hub.KindNotFound
			if anonymous && source == SourceAnalytics {
				want = hub.KindAuth
			}
			if o := w.try(1, 6); o.Reason != want {
				t.Errorf("%s, anonymous %v: got reason %q, error %v; want %s", source, anonymous, o.Reason, o.Err, want)
			}
		}
	}
	w := newWorld(t, options{plan: fakehub.Free, source: SourceListings})
	if o := w.try(1, 6); o.Err != nil {
		t.Errorf("an organization without repositories: %v", o.Err)
	}
}

// A token that the Hub does not know is refused on every route: auto says so
// instead of collecting nothing.
func TestAnUnknownTokenIsAFailure(t *testing.T) {
	for _, source := range []Source{SourceAuto, SourceAnalytics, SourceListings} {
		w := newWorld(t, options{plan: fakehub.Team, source: source})
		day(model, "o/m", 1, 10)(w.hub)
		w.collect(2, 6)
		w.hub.RevokeToken(token)
		if o := w.try(3, 6); o.Reason != hub.KindAuth || w.exposed() != "o/m 10" {
			t.Errorf("%s: got reason %q, exposed %q", source, o.Reason, w.exposed())
		}
	}
}

// The Hub takes the name of an organization in any case of letters.
func TestOrganizationInOtherLetters(t *testing.T) {
	w := newWorld(t, options{plan: fakehub.Team, source: SourceAnalytics, org: "O"})
	w.hub.AddOrg("O", fakehub.Team)
	w.hub.AddToken(token, "o", "O")
	answer := "repoType,repoName,total,timestamp,downloads\nmodel,o/m,10,2026-03-01,10\nmodel,legacy,3,2026-03-01,3\n"
	failing(fakehub.Analytics, fakehub.Body("text/csv", answer+"model,o/n,1,2026-03-01,1\n"))(w.hub)
	w.collect(2, 6)
	w.hub.Heal()
	failing(fakehub.Analytics, fakehub.Body("text/csv", answer))(w.hub)
	if o := w.collect(3, 6); said(o) != "gone o/n" || w.exposed() != lines("legacy 3", "o/m 10") {
		t.Errorf("got %q, exposed\n%s", said(o), w.exposed())
	}
}

// The Hub may say that nothing changed. What it offered for that is kept once the
// answer it belongs to is stored.
func TestNotModified(t *testing.T) {
	w := newWorld(t, options{plan: fakehub.Team, source: SourceAnalytics, hub: fakehub.Options{Validators: fakehub.ETag}})
	day(model, "o/m", 1, 10)(w.hub)
	failing(fakehub.Analytics, fakehub.Half())(w.hub)
	w.try(2, 5)
	w.hub.Heal()
	if o := w.collect(2, 6); o.NotModified {
		t.Error("an answer that was refused counts as known")
	}
	if o := w.collect(2, 7); !o.NotModified {
		t.Errorf("got %+v, want not modified", o)
	}
	w.expectMetric(`huggingface_exporter_collection_success{org="o"}`, "1")
	w.expectMetric(`huggingface_exporter_collection_repos{org="o"}`, "1")
	day(model, "o/m", 2, 4)(w.hub)
	if o := w.collect(3, 6); o.NotModified || w.exposed() != "o/m 14" {
		t.Errorf("after a change: got %+v, exposed %q", o, w.exposed())
	}
}

// The counters of a renamed repository and its history are there once.
func TestOverviewCountsARenamedRepositoryOnce(t *testing.T) {
	w := newWorld(t, options{plan: fakehub.Team, source: SourceAnalytics})
	day(model, "o/m", 1, 10)(w.hub)
	w.collect(2, 6)
	rename(model, "o/m", "o/n")(w.hub)
	w.collect(3, 6)
	o, err := w.store.Overview(t.Context(), history.OverviewQuery{})
	if err != nil || o.Groups[0].Downloads != 10 || o.Groups[0].Repos != 1 {
		t.Errorf("got %+v, %v", o.Groups, err)
	}
}
