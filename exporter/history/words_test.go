package history

import (
	"fmt"
	"testing"
)

// words checks that each word reads as its value and back, and that other words
// are refused with an error that quotes them.
func words[T interface {
	comparable
	fmt.Stringer
}](t *testing.T, parse func(string) (T, error), want string, values map[string]T) {
	t.Helper()
	for s, v := range values {
		if got, err := parse(s); err != nil || got != v {
			t.Errorf("%q: expected %v, got %v, %v", s, v, got, err)
		}
		if got := v.String(); got != s {
			t.Errorf("expected %q, got %q", s, got)
		}
	}
	for _, s := range []string{"", "x", "Time", "all-time", " repo"} {
		message := fmt.Sprintf("expected %s, got %q", want, s)
		if got, err := parse(s); err == nil || err.Error() != message {
			t.Errorf("%q: expected the error %q, got %v, %v", s, message, got, err)
		}
	}
}

func TestWords(t *testing.T) {
	words(t, ParsePeriodKind, "all_time, last_month or range",
		map[string]PeriodKind{"all_time": AllTime, "last_month": LastMonth, "range": Range})
	words(t, ParseSort, "downloads, total, change, name or removed", map[string]Sort{
		"downloads": SortDownloads, "total": SortTotal, "change": SortChange, "name": SortName, "removed": SortRemoved})
	words(t, ParseOrder, "time or repo", map[string]Order{"time": OrderTime, "repo": OrderRepo})
	words(t, ParseSource, "published, observed or estimated", map[string]Source{
		"published": Published, "observed": Observed, "estimated": Estimated})
}

func TestValuesWithoutAWord(t *testing.T) {
	f := func(v fmt.Stringer, want string) {
		t.Helper()
		if got := v.String(); got != want {
			t.Errorf("expected %q, got %q", want, got)
		}
	}
	f(PeriodKind(9), "PeriodKind(9)")
	f(Sort(9), "Sort(9)")
	f(Order(9), "Order(9)")
	f(Source(0), "Source(0)")
}

func TestTrendStep(t *testing.T) {
	f := func(days, points, want int) {
		t.Helper()
		if got := TrendStep(days, points); got != want {
			t.Errorf("%d days in %d points: expected a step of %d, got %d", days, points, want, got)
		}
	}
	f(30, 30, 1)
	f(30, 100, 1)
	f(31, 30, 2)
	f(30, 7, 5)
	f(1, 1, 1)
	f(365, 1, 365)
	f(30, 0, 0)
	f(30, -1, 0)
	f(0, 10, 0)
}
