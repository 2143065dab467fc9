package history

import "testing"

func TestResolve(t *testing.T) {
	none := NoDays
	f := func(p Period, recorded, days, before Days) {
		t.Helper()
		gotDays, gotBefore, hasBefore := p.Resolve(recorded)
		same := func(a, b Days) bool { return a == b || a.Len() == 0 && b.Len() == 0 }
		if !same(gotDays, days) {
			t.Errorf("expected the days %v, got %v", days, gotDays)
		}
		if !same(gotBefore, before) || hasBefore != (before.Len() > 0) {
			t.Errorf("expected %v before, got %v, %v", before, gotBefore, hasBefore)
		}
	}
	recorded := Days{From: 1000, To: 2000}

	f(Period{}, recorded, recorded, none)
	f(Period{Kind: AllTime, From: 3, To: 4}, recorded, recorded, none)

	f(Period{Kind: LastMonth}, recorded, Days{1971, 2000}, Days{1941, 1970})
	// The month may be longer than the history, which then was not recorded before it.
	f(Period{Kind: LastMonth}, Days{2000, 2000}, Days{1971, 2000}, none)
	f(Period{Kind: LastMonth}, Days{1941, 2000}, Days{1971, 2000}, Days{1941, 1970})
	f(Period{Kind: LastMonth}, Days{1942, 2000}, Days{1971, 2000}, none)

	f(RangeOf(1200, 1209), recorded, Days{1200, 1209}, Days{1190, 1199})
	f(RangeOf(1200, 1200), recorded, Days{1200, 1200}, Days{1199, 1199})
	// What comes after the last recorded day is not known yet: a period and the one
	// before it have the same number of recorded days.
	f(RangeOf(1990, 2009), recorded, Days{1990, 2000}, Days{1979, 1989})
	f(RangeOf(2000, 2001), recorded, Days{2000, 2000}, Days{1999, 1999})
	f(RangeOf(2001, 2009), recorded, none, none)
	// Of the days before the first recorded one nothing is known either.
	f(RangeOf(1, 3), recorded, Days{1, 3}, none)
	f(RangeOf(990, 1009), recorded, Days{990, 1009}, none)
	f(RangeOf(1009, 1018), recorded, Days{1009, 1018}, none)
	f(RangeOf(1010, 1019), recorded, Days{1010, 1019}, Days{1000, 1009})
	f(RangeOf(1990, NoDay), recorded, Days{1990, 2000}, Days{1979, 1989})
	f(RangeOf(NoDay, 1200), recorded, Days{1000, 1200}, none)
	f(RangeOf(NoDay, NoDay), recorded, recorded, none)

	// Nothing is left of a range that ends before it begins.
	f(RangeOf(1209, 1200), recorded, none, none)
	f(RangeOf(2001, NoDay), recorded, none, none)
	f(RangeOf(NoDay, 999), recorded, none, none)

	// Nothing is looked for before the first day that a record can have.
	f(Period{Kind: LastMonth}, Days{0, 10}, Days{0, 10}, none)
	f(Period{Kind: LastMonth}, Days{0, 29}, Days{0, 29}, none)
	f(Period{Kind: LastMonth}, Days{0, 31}, Days{2, 31}, none)
	f(Period{Kind: LastMonth}, Days{0, 59}, Days{30, 59}, Days{0, 29})
	f(RangeOf(MinDay, MaxDay), recorded, Days{MinDay, 2000}, none)

	// A history without a day.
	f(Period{}, none, none, none)
	f(Period{Kind: LastMonth}, none, none, none)
	f(RangeOf(1200, NoDay), none, none, none)
	f(RangeOf(NoDay, 1200), none, none, none)
	f(RangeOf(NoDay, NoDay), none, none, none)
	f(RangeOf(1200, 1209), none, none, none)
}
