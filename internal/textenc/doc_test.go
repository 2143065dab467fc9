package textenc

import (
	"math"
	"testing"
)

func TestGrouped(t *testing.T) {
	f := func(n int64, want string) {
		t.Helper()
		if got := Grouped(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
	f(0, "0")
	f(999, "999")
	f(1000, "1,000")
	f(123456, "123,456")
	f(4362460, "4,362,460")
	f(-1234, "-1,234")
	f(math.MaxInt64, "9,223,372,036,854,775,807")
}

func TestPlural(t *testing.T) {
	f := func(n int, want string) {
		t.Helper()
		if got := Repositories(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
	f(0, "0 repositories")
	f(1, "1 repository")
	f(2, "2 repositories")
	f(1000, "1,000 repositories")
}
