package plausible

import "testing"

func TestRefusesExport(t *testing.T) {
	var d Doubt
	f := func(records, before int64, want bool) {
		t.Helper()
		if got := d.RefusesExport(records, before); got != want {
			t.Errorf("%d records after %d: got %v", records, before, got)
		}
	}
	f(0, 0, false)
	f(10, 0, false)
	f(9, 10, false)
	f(90, 100, false)
	f(89, 100, true)
	f(88, 100, true) // even less
	f(88, 100, false)
	f(88, 100, false) // the store did not take it
	f(70, 88, true)
	f(100, 100, false)
	f(88, 100, true) // anew
	f(90, 100, false)
	f(0, 100, true)
}

func TestRefusesListing(t *testing.T) {
	f := func(before, missing int, empty, want bool) {
		t.Helper()
		var d Doubt
		if got := d.RefusesListing(before, missing, empty); got != want {
			t.Errorf("%d of %d missing, empty %v: got %v", missing, before, empty, got)
		}
		if d.RefusesListing(before, missing, empty) {
			t.Errorf("%d of %d missing, empty %v: refused twice", missing, before, empty)
		}
	}
	f(0, 0, true, false)
	f(20, 9, false, false)
	f(20, 10, false, true)
	f(21, 10, false, false)
	f(9, 9, false, false)
	f(9, 9, true, true)
	f(9, 0, true, false)
}
