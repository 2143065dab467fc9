package history

import (
	"slices"
	"testing"
	"time"
)

// fact is a number with its version.
type fact struct {
	version   Version
	downloads int64
}

func (f fact) beats(g fact) bool { return Beats(f.version, f.downloads, g.version, g.downloads) }

// facts are all combinations of a few values, the ends among them.
func facts() []fact {
	var out []fact
	for s := Estimated; s <= Published; s++ {
		for _, asOf := range []AsOf{-5, 0, 1, 1 << 60} {
			for _, n := range []int64{0, 1, 1<<63 - 1} {
				out = append(out, fact{Version{s, asOf}, n})
			}
		}
	}
	return out
}

func TestBeatsIsATotalOrder(t *testing.T) {
	all := facts()
	for _, a := range all {
		for _, b := range all {
			if a != b && a.beats(b) == b.beats(a) {
				t.Errorf("%+v against %+v: expected one of them to win", a, b)
			}
			if a == b && a.beats(b) {
				t.Errorf("%+v beats itself", a)
			}
			for _, c := range all {
				if a.beats(b) && b.beats(c) && !a.beats(c) {
					t.Errorf("%+v beats %+v, that beats %+v, but the first does not beat the last", a, b, c)
				}
			}
		}
	}
}

func TestBeats(t *testing.T) {
	f := func(winner, loser fact) {
		t.Helper()
		if !winner.beats(loser) || loser.beats(winner) {
			t.Errorf("expected %+v to beat %+v", winner, loser)
		}
	}
	of := func(s Source, asOf AsOf, n int64) fact { return fact{Version{s, asOf}, n} }
	// The source decides first, however old and small the number.
	f(of(Published, 1, 0), of(Observed, 9, 7))
	f(of(Observed, 1, 0), of(Estimated, 9, 7))
	f(of(Published, 1, 0), of(Estimated, 9, 7))
	// Then the newer, however small.
	f(of(Published, 2, 0), of(Published, 1, 7))
	f(of(Estimated, 2, 0), of(Estimated, 1, 7))
	// Then the larger.
	f(of(Observed, 2, 8), of(Observed, 2, 7))
}

func TestVersionCompare(t *testing.T) {
	ordered := []Version{
		{Estimated, 0}, {Estimated, 9}, {Observed, -1}, {Observed, 3}, {Published, 0}, {Published, 1},
	}
	if !slices.IsSortedFunc(ordered, Version.Compare) {
		t.Errorf("expected %v to be ascending", ordered)
	}
	for i, v := range ordered {
		if got := v.Compare(v); got != 0 {
			t.Errorf("%v against itself: got %d", v, got)
		}
		if i > 0 && v.Compare(ordered[i-1]) <= 0 {
			t.Errorf("expected %v to rank above %v", v, ordered[i-1])
		}
	}
}

func TestAsOf(t *testing.T) {
	at := time.Date(2024, 5, 6, 7, 8, 9, 123456789, time.FixedZone("", 7200))
	want := time.Date(2024, 5, 6, 5, 8, 9, 123456000, time.UTC)
	if got := AsOfTime(at).Time(); got != want {
		t.Errorf("expected %s, got %s", want, got)
	}
}
