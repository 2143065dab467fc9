package hubsync

import (
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

const (
	model   = history.Model
	dataset = history.Dataset
	space   = history.Space
)

func TestListingsOverDays(t *testing.T) {
	t.Parallel()
	f := func(name string, steps ...step) {
		t.Helper()
		scenario(t, name, options{source: SourceListings}, steps...)
	}
	f("day by day",
		step{"a first listing sets the base and invents no history", 1, 6, add(model, "o/m", 100),
			"appeared o/m", "", "o/m 100"},
		step{"the day is not over", 1, 18, total(model, "o/m", 105),
			"", "", "o/m 105"},
		step{"a day later", 2, 1, total(model, "o/m", 110),
			"1 new", "o/m 1:10", "o/m 110"},
		step{"later that day", 2, 23, total(model, "o/m", 120),
			"", "o/m 1:10", "o/m 120"},
		step{"the next day", 3, 1, total(model, "o/m", 125),
			"1 new", "o/m 1:10 2:15", "o/m 125"},
		step{"a day without downloads is a zero", 4, 1, nil,
			"1 new", "o/m 1:10 2:15 3:0", "o/m 125"},
	)
	f("days without an answer",
		step{"first", 1, 6, add(model, "o/m", 100), "appeared o/m", "", "o/m 100"},
		step{"no answer on the 2nd", 2, 6, all(total(model, "o/m", 103), failing(fakehub.Models, fakehub.Status(503))),
			"failed: server", "", "o/m 100"},
		step{"a day is missing", 3, 6, total(model, "o/m", 107),
			"2 new", "o/m 1:3 2:4", "o/m 107"},
		step{"back to a day at a time", 4, 6, total(model, "o/m", 109),
			"1 new", "o/m 1:3 2:4 3:2", "o/m 109"},
		step{"three days are missing", 8, 6, total(model, "o/m", 119),
			"4 new", "o/m 1:3 2:4 3:2 4:2 5:3 6:2 7:3", "o/m 119"},
		step{"three days without a download", 12, 6, nil,
			"4 new", "o/m 1:3 2:4 3:2 4:2 5:3 6:2 7:3 8:0 9:0 10:0 11:0", "o/m 119"},
	)
	f("falls",
		step{"first", 1, 6, add(model, "o/m", 100), "appeared o/m", "", "o/m 100"},
		step{"a day", 2, 6, total(model, "o/m", 135), "1 new", "o/m 1:35", "o/m 135"},
		step{"a fall within the day waits to be confirmed", 2, 12, total(model, "o/m", 120),
			"", "o/m 1:35", "o/m 135"},
		step{"told again", 2, 18, nil,
			"", "o/m 1:35", "o/m 135"},
		step{"the downloads after the fall wait with it", 3, 1, total(model, "o/m", 128),
			"", "o/m 1:35", "o/m 135"},
		step{"another fall", 4, 1, total(model, "o/m", 100),
			"", "o/m 1:35", "o/m 135"},
		step{"the total came back, so there was no fall", 5, 1, total(model, "o/m", 140),
			"3 new", "o/m 1:35 2:1 3:2 4:2", "o/m 140"},
		step{"a fall over three days", 8, 1, total(model, "o/m", 10),
			"", "o/m 1:35 2:1 3:2 4:2", "o/m 140"},
		step{"to nothing", 8, 2, total(model, "o/m", 0),
			"", "o/m 1:35 2:1 3:2 4:2", "o/m 140"},
		step{"from nothing", 9, 1, total(model, "o/m", 4),
			"", "o/m 1:35 2:1 3:2 4:2", "o/m 140"},
		step{"the first of the falls is confirmed, the second was none", 12, 1, total(model, "o/m", 34),
			"4 new, 130 removed", "o/m 1:35 2:1 3:2 4:2 8:6 9:6 10:6 11:6", "o/m 164 -130"},
	)
}

func TestListingsFollowRepositories(t *testing.T) {
	t.Parallel()
	f := func(name string, steps ...step) {
		t.Helper()
		scenario(t, name, options{source: SourceListings, anonymous: true}, steps...)
	}
	begin := all(add(model, "o/m", 100), add(dataset, "o/m", 7), add(space, "o/s", 0))
	f("renames",
		step{"first", 1, 6, begin, "appeared o/m; appeared d:o/m; appeared s:o/s", "", lines("o/m 100", "d:o/m 7", "s:o/s")},
		step{"a day", 2, 6, total(model, "o/m", 110), "2 new", lines("o/m 1:10", "d:o/m 1:0"), lines("o/m 110", "d:o/m 7", "s:o/s")},
		step{"the history goes on under the new name", 3, 6, all(rename(model, "o/m", "o/n"), total(model, "o/n", 112)),
			"3 new; moved o/m to o/n", lines("o/n 1:10 2:2", "d:o/m 1:0 2:0"), lines("o/n 112", "d:o/m 7", "s:o/s")},
		step{"another is made under the old name", 4, 6, add(model, "o/m", 1),
			"2 new, 110 removed; appeared o/m", lines("o/m 1:10", "o/n 1:10 2:2 3:0", "d:o/m 1:0 2:0 3:0"), lines("o/m 110 -110", "o/n 112", "d:o/m 7", "s:o/s")},
		step{"it is counted by itself", 5, 6, total(model, "o/m", 5),
			"3 new", lines("o/m 1:10 4:4", "o/n 1:10 2:2 3:0 4:0", "d:o/m 1:0 2:0 3:0 4:0"), lines("o/m 114 -110 +1", "o/n 112", "d:o/m 7", "s:o/s")},
		step{"a space is renamed", 5, 7, rename(space, "o/s", "o/t"),
			"moved s:o/s to s:o/t", lines("o/m 1:10 4:4", "o/n 1:10 2:2 3:0 4:0", "d:o/m 1:0 2:0 3:0 4:0"), lines("o/m 114 -110 +1", "o/n 112", "d:o/m 7", "s:o/t")},
	)
	f("renamed and back, with falls",
		step{"first", 1, 6, add(model, "o/a", 100), "appeared o/a", "", "o/a 100"},
		step{"renamed, and the Hub took 20 back", 2, 6, all(rename(model, "o/a", "o/b"), total(model, "o/b", 80)),
			"moved o/a to o/b", "", "o/b 100"},
		step{"a day", 3, 6, total(model, "o/b", 84), "", "", "o/b 100"},
		step{"back under the first name", 4, 6, all(rename(model, "o/b", "o/a"), total(model, "o/a", 85)),
			"moved o/b to o/a", "", "o/a 100"},
		step{"and away again", 5, 6, rename(model, "o/a", "o/b"),
			"3 new, 20 removed; moved o/a to o/b", "o/b 2:4 3:1 4:0", "o/b 105 -20"},
	)
	f("deleted and made again",
		step{"first", 1, 6, all(add(model, "o/m", 100), add(dataset, "o/d", 7)), "appeared o/m; appeared d:o/d", "", lines("o/m 100", "d:o/d 7")},
		step{"a day", 2, 6, total(dataset, "o/d", 9), "2 new", lines("o/m 1:0", "d:o/d 1:2"), lines("o/m 100", "d:o/d 9")},
		step{"a deleted one is not exposed, its history stays", 3, 6, remove(dataset, "o/d"),
			"1 new; gone d:o/d", lines("o/m 1:0 2:0", "d:o/d 1:2"), "o/m 100"},
		step{"it is gone once", 3, 7, nil, "", lines("o/m 1:0 2:0", "d:o/d 1:2"), "o/m 100"},
		step{"another under the same name: the counter does not fall", 4, 6, add(dataset, "o/d", 2),
			"1 new, 9 removed; appeared d:o/d", lines("o/m 1:0 2:0 3:0", "d:o/d 1:2"), lines("o/m 100", "d:o/d 9 -9")},
		step{"it is counted from there", 5, 6, total(dataset, "o/d", 6),
			"2 new", lines("o/m 1:0 2:0 3:0 4:0", "d:o/d 1:2 4:4"), lines("o/m 100", "d:o/d 13 -9 +2")},
		step{"deleted and made again between two collections", 6, 6, all(remove(dataset, "o/d"), add(dataset, "o/d", 5)),
			"1 new, 6 removed; appeared d:o/d", lines("o/m 1:0 2:0 3:0 4:0 5:0", "d:o/d 1:2 4:4"), lines("o/m 100", "d:o/d 13 -15 +2")},
	)
	f("private and public",
		step{"a private one is not listed", 1, 6, all(add(model, "o/m", 100), add(model, "o/p", 50), private(model, "o/p", true)),
			"appeared o/m", "", "o/m 100"},
		step{"made public: a first total, and no history", 2, 6, private(model, "o/p", false),
			"1 new; appeared o/p", "o/m 1:0", lines("o/m 100", "o/p 50")},
		step{"a day", 3, 6, total(model, "o/p", 53), "2 new", lines("o/m 1:0 2:0", "o/p 2:3"), lines("o/m 100", "o/p 53")},
		step{"made private", 4, 6, all(private(model, "o/p", true), total(model, "o/p", 60)),
			"1 new; gone o/p", lines("o/m 1:0 2:0 3:0", "o/p 2:3"), "o/m 100"},
		step{"public again: the days in between share the downloads", 6, 6, private(model, "o/p", false),
			"5 new", lines("o/m 1:0 2:0 3:0 4:0 5:0", "o/p 2:3 3:2 4:2 5:3"), lines("o/m 100", "o/p 60")},
		step{"a day again", 7, 6, total(model, "o/p", 61),
			"2 new", lines("o/m 1:0 2:0 3:0 4:0 5:0 6:0", "o/p 2:3 3:2 4:2 5:3 6:1"), lines("o/m 100", "o/p 61")},
		step{"private, renamed and public again between two collections", 8, 6, rename(model, "o/p", "o/q"),
			"7 new; moved o/p to o/q", lines("o/m 1:0 2:0 3:0 4:0 5:0 6:0 7:0", "o/q 2:3 3:2 4:2 5:3 6:1 7:0"), lines("o/m 100", "o/q 61")},
		step{"private again", 9, 6, private(model, "o/q", true),
			"1 new; gone o/q", lines("o/m 1:0 2:0 3:0 4:0 5:0 6:0 7:0 8:0", "o/q 2:3 3:2 4:2 5:3 6:1 7:0"), "o/m 100"},
		step{"and back under another name: the history goes on", 10, 6, all(private(model, "o/q", false), rename(model, "o/q", "o/r"), total(model, "o/r", 90)),
			"9 new; moved o/q to o/r", lines("o/m 1:0 2:0 3:0 4:0 5:0 6:0 7:0 8:0 9:0", "o/r 2:3 3:2 4:2 5:3 6:1 7:0 8:14 9:15"), lines("o/m 100", "o/r 90")},
	)
	f("two repositories swap their names",
		step{"first", 1, 6, all(add(model, "o/a", 100), add(model, "o/b", 10)), "appeared o/a; appeared o/b", "", lines("o/a 100", "o/b 10")},
		step{"swapped", 2, 6, all(rename(model, "o/a", "o/x"), rename(model, "o/b", "o/a"), rename(model, "o/x", "o/b"), total(model, "o/b", 101)),
			"1 new, 100 removed; moved o/a to o/b; moved o/b to o/a", "o/b 1:1", lines("o/a 100 -100", "o/b 101")},
		step{"each is counted on", 3, 6, all(total(model, "o/a", 11), total(model, "o/b", 103)),
			"2 new", lines("o/a 2:1", "o/b 1:1 2:2"), lines("o/a 101 -100 +10", "o/b 103")},
	)
}

// A repository that was transferred is known by its id, whichever of the two
// organizations is collected first.
func TestTransferToAnotherOrganization(t *testing.T) {
	f := func(name string, order ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options{source: SourceListings, anonymous: true})
			w.hub.AddOrg("p", fakehub.Free)
			add(model, "o/m", 100)(w.hub)
			add(model, "o/other", 1)(w.hub)
			w.collect(1, 6)
			total(model, "o/m", 110)(w.hub)
			w.collect(2, 6)
			rename(model, "o/m", "p/m")(w.hub)
			for _, org := range order {
				w.org = org
				w.use(SourceListings)
				w.collect(3, 6)
			}
			if got := w.exposed(); got != lines("o/other 1", "p/m 110") {
				t.Errorf("exposed is\n%s", got)
			}
			o, err := w.store.Overview(t.Context(), history.OverviewQuery{})
			if err != nil || o.Groups[0].Downloads != 10 {
				t.Errorf("got %+v, %v: want each download once", o.Groups, err)
			}
		})
	}
	f("from here", "p", "o")
	f("from there", "o", "p")
}

// A listing without most of what was there is a fault of the Hub's, unless that lasts.
func TestListingsThatLostMuch(t *testing.T) {
	nothing := fakehub.Body("application/json", "[]")
	f := func(name string, models, datasets int, change func(*fakehub.Hub), refused bool, left int) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options{source: SourceListings})
			w.hub.AddOrg("o", fakehub.Free)
			for i := range models {
				add(model, "o/m"+string(rune('a'+i)), 1)(w.hub)
			}
			for i := range datasets {
				add(dataset, "o/d"+string(rune('a'+i)), 1)(w.hub)
			}
			w.collect(1, 6)
			change(w.hub)
			o := w.try(2, 6)
			if refused {
				if said(o) != "failed: implausible" || len(splitLines(w.exposed())) != models+datasets {
					t.Errorf("got %q, exposed\n%s", said(o), w.exposed())
				}
				o = w.try(3, 6)
			}
			if got := splitLines(w.exposed()); !o.OK() || len(got) != left {
				t.Errorf("got %v, %q exposed; want %d", o.Err, got, left)
			}
		})
	}
	f("all of a small organization", 2, 1, failing("", nothing), true, 0)
	f("one of two types", 12, 3, failing(fakehub.Models, nothing), true, 3)
	f("a few", 12, 3, failing(fakehub.Datasets, nothing), false, 12)
	f("nine of twelve", 12, 0, func(h *fakehub.Hub) {
		for _, r := range h.Repos("o")[:9] {
			r.Delete()
		}
	}, false, 3)
	f("ten of twelve", 12, 0, func(h *fakehub.Hub) {
		for _, r := range h.Repos("o")[:10] {
			r.Delete()
		}
	}, true, 2)
	f("ten of twelve were renamed", 12, 0, func(h *fakehub.Hub) {
		for _, r := range h.Repos("o")[:10] {
			r.Rename(r.Repo().Name + "2")
		}
	}, false, 12)
}

// Two collections at once, of the organization that a repository left and of that
// which it came to, may leave it gone here and new there. The next one mends that.
func TestARepositoryThatIsKnownTwice(t *testing.T) {
	w := newWorld(t, options{source: SourceListings, anonymous: true, org: "p"})
	w.hub.AddOrg("p", fakehub.Free)
	r := w.hub.AddRepo(model, "p/m").SetTotal(115)
	left := history.NewRepoMeta(history.Repo{Type: model, Name: "o/m"})
	left.Total, left.TotalAsOf, left.HubID, left.ListedAsOf, left.GoneAsOf = 110, at(2, 6), r.ID(), at(2, 6), at(3, 6)
	came := history.NewRepoMeta(history.Repo{Type: model, Name: "p/m"})
	came.Total, came.TotalAsOf, came.HubID, came.ListedAsOf = 111, at(3, 6), r.ID(), at(3, 6)
	rows := history.RowsOf(history.Version{Source: history.Observed, AsOf: at(2, 6)},
		history.Record{Repo: left.Repo, Total: history.Unknown, Day: march(1), Downloads: 10})
	if _, err := w.store.Append(t.Context(), history.Batch{Rows: rows, Meta: []history.RepoMeta{left, came}}); err != nil {
		t.Fatal(err)
	}
	if o := w.collect(4, 6); said(o) != "3 new; moved o/m to p/m" {
		t.Errorf("got %q", said(o))
	}
	if got := w.records(); got != lines("o/m 1:10", "p/m 1:10 2:1 3:4") || w.exposed() != "p/m 115" {
		t.Errorf("records are\n%s\nexposed is\n%s", got, w.exposed())
	}
	if o := w.collect(4, 7); said(o) != "" {
		t.Errorf("again: got %q", said(o))
	}
}
