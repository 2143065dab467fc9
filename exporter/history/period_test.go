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
	// The month may be longer than the history.
	f(Period{Kind: LastMonth}, Days{2000, 2000}, Days{1971, 2000}, Days{1941, 1970})

	f(RangeOf(1200, 1209), recorded, Days{1200, 1209}, Days{1190, 1199})
	f(RangeOf(1200, 1200), recorded, Days{1200, 1200}, Days{1199, 1199})
	// A range is what was asked for, recorded or not.
	f(RangeOf(1, 3), recorded, Days{1, 3}, Days{0, 0})
	f(RangeOf(1990, 2009), recorded, Days{1990, 2009}, Days{1970, 1989})
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
	f(Period{Kind: LastMonth}, Days{0, 31}, Days{2, 31}, Days{0, 1})
	f(RangeOf(MinDay, MaxDay), recorded, Days{MinDay, MaxDay}, none)
	f(RangeOf(10, MaxDay), recorded, Days{10, MaxDay}, Days{0, 9})

	// A history without a day.
	f(Period{}, none, none, none)
	f(Period{Kind: LastMonth}, none, none, none)
	f(RangeOf(1200, NoDay), none, none, none)
	f(RangeOf(NoDay, 1200), none, none, none)
	f(RangeOf(NoDay, NoDay), none, none, none)
	f(RangeOf(1200, 1209), none, Days{1200, 1209}, none)
}
