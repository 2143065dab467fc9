package differ

import (
	"slices"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// at returns an instant of a day in March 2026.
func at(day, hour int) history.AsOf {
	return history.AsOfTime(time.Date(2026, 3, day, hour, 0, 0, 0, time.UTC))
}

func march(day int) history.Day { return history.DayOf(time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC)) }

func TestBetween(t *testing.T) {
	state := func(total int64, totalAt history.AsOf, base int64, baseAt history.AsOf) history.RepoMeta {
		s := history.NewRepoMeta(history.Repo{Type: history.Model, Name: "o/m"})
		s.Total, s.TotalAsOf, s.Base, s.BaseAsOf = total, totalAt, base, baseAt
		return s
	}
	f := func(name string, old history.RepoMeta, now reading, source history.Source, base reading, days ...dayCount) {
		t.Helper()
		d := between(old, now)
		if !slices.Equal(d.days, days) || d.base != base || len(days) > 0 && d.source != source {
			t.Errorf("%s: got %+v, want source %v, base %+v, days %+v", name, d, source, base, days)
		}
	}
	f("a first listing sets the base", history.NewRepoMeta(history.Repo{}), reading{100, at(1, 6)}, 0, reading{100, at(1, 6)})
	f("later that day", state(100, at(1, 6), 100, at(1, 6)), reading{104, at(1, 12)}, 0, reading{100, at(1, 6)})
	f("a day later", state(104, at(1, 12), 100, at(1, 6)), reading{110, at(2, 0)}, history.Observed, reading{110, at(2, 0)}, dayCount{march(1), 10})
	f("nothing happened", state(100, at(1, 6), 100, at(1, 6)), reading{100, at(2, 6)}, history.Observed, reading{100, at(2, 6)}, dayCount{march(1), 0})
	f("three days later", state(100, at(1, 6), 100, at(1, 6)), reading{111, at(4, 6)}, history.Estimated, reading{111, at(4, 6)},
		dayCount{march(1), 3}, dayCount{march(2), 4}, dayCount{march(3), 4})
	f("a fall within the day", state(110, at(1, 9), 100, at(1, 6)), reading{95, at(1, 12)}, 0, reading{85, at(1, 12)})
	f("after that fall", state(95, at(1, 12), 85, at(1, 12)), reading{99, at(2, 6)}, history.Observed, reading{99, at(2, 6)}, dayCount{march(1), 14})
	f("a fall overnight, nothing else known", state(100, at(1, 6), 100, at(1, 6)), reading{90, at(2, 6)}, 0, reading{90, at(2, 6)})
	f("a fall overnight, seven were seen", state(107, at(1, 18), 100, at(1, 6)), reading{90, at(2, 6)}, history.Observed, reading{90, at(2, 6)}, dayCount{march(1), 7})
	f("the clock went back", state(100, at(5, 6), 100, at(5, 6)), reading{120, at(2, 6)}, 0, reading{100, at(5, 6)})
	f("told again", state(100, at(5, 6), 100, at(5, 6)), reading{100, at(5, 6)}, 0, reading{100, at(5, 6)})
}

func TestSpreadKeepsTheSum(t *testing.T) {
	f := func(sum int64, n int, want ...int64) {
		t.Helper()
		got := spread(sum, n)
		if want != nil && !slices.Equal(got, want) {
			t.Errorf("spread(%d, %d): got %v, want %v", sum, n, got, want)
		}
		var all int64
		for _, v := range got {
			all += v
		}
		if len(got) != n || all != sum || slices.Max(got)-slices.Min(got) > 1 {
			t.Errorf("spread(%d, %d): got %v: want %d numbers that differ by one at the most and sum up to %d", sum, n, got, n, sum)
		}
	}
	f(0, 3, 0, 0, 0)
	f(1, 3, 0, 0, 1)
	f(10, 1, 10)
	f(10, 4, 2, 3, 2, 3)
	f(1<<62, 7)
	for n := 1; n < 40; n++ {
		f(int64(n*n+3), n)
	}
}
