package picture

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// TestChart compares the bars of random series with sums over their days.
func TestChart(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		from := history.Day(18000 + rng.IntN(1000))
		days := history.Days{From: from, To: from + history.Day(rng.IntN(2500))}
		groups := make([]history.Group, 1+rng.IntN(3))
		sums := make(map[string]int64)
		each := map[bool]string{true: "day"}[days.Len() <= 120]
		if each == "" {
			each = map[bool]string{true: "month", false: "week"}[days.Len() > 3*366]
		}
		for g := range groups {
			groups[g].RepoType = history.RepoType(rune('a' + g))
			for d := days.From; d <= days.To; d++ {
				if rng.IntN(10) > 0 {
					n := rng.Int64N(1000)
					groups[g].Series = append(groups[g].Series, history.DayDownloads{Day: d, Downloads: n})
					name := d.Time().Format("Mon, Jan 2, 2006")
					switch each {
					case "week":
						monday := d.Time()
						for monday.Weekday() != 1 {
							monday = monday.AddDate(0, 0, -1)
						}
						name = monday.Format("Week of Jan 2, 2006")
					case "month":
						name = d.Time().Format("Jan 2006")
					}
					sums[name] += n
				}
			}
		}
		c := NewChart(days, days, groups, MaxBars)
		if c.Each != each || len(c.Bars) > 170 && each != "month" {
			t.Fatalf("seed %d: %d bars of a %s over %d days", seed, len(c.Bars), c.Each, days.Len())
		}
		for i, b := range c.Bars {
			if b.Sum != sums[b.Name] || b.Sum > c.Top {
				t.Fatalf("seed %d, %s: got %d, want %d, top %d", seed, b.Name, b.Sum, sums[b.Name], c.Top)
			}
			delete(sums, b.Name)
			if b.Partial && i > 0 && i < len(c.Bars)-1 {
				t.Fatalf("seed %d: %s is not at an end", seed, b.Name)
			}
		}
		for name, n := range sums {
			if n != 0 {
				t.Fatalf("seed %d: no bar for %s", seed, name)
			}
		}
	}
}

func TestRoundUp(t *testing.T) {
	t.Parallel()
	f := func(n, want int64) {
		t.Helper()
		if got := roundUp(n); got != want {
			t.Errorf("roundUp(%d): got %d, want %d", n, got, want)
		}
	}
	f(1, 2)
	f(2, 2)
	f(3, 4)
	f(9, 10)
	f(10, 10)
	f(11, 12)
	f(247_000, 300_000)
	f(1_000_001, 1_200_000)
	f(9_223_372_036_854_775_807, 9_223_372_036_854_775_807)
}

// The bars are as many as there is room for, and no more.
func TestBarsForTheRoom(t *testing.T) {
	t.Parallel()
	f := func(length, bars int, each string, atMost int, labels string) {
		t.Helper()
		span := history.Days{From: 19723, To: history.Day(19723 + length - 1)} // from Monday, 2024-01-01
		c := NewChart(span, span, []history.Group{{RepoType: history.Model}}, bars)
		if got := strings.Join(c.Labels(3), ", "); c.Each != each || len(c.Bars) > atMost || got != labels {
			t.Errorf("%d days, %d bars: got %d of a %s, %s; want at most %d of a %s, %s", length, bars, len(c.Bars), c.Each, got, atMost, each, labels)
		}
	}
	f(1, MaxBars, "day", 1, "Jan 1, 2024")
	f(2, MaxBars, "day", 2, "Jan 1, 2024, Jan 2, 2024")
	f(120, MaxBars, "day", 120, "Jan 1, 2024, Feb 29, 2024, Apr 29, 2024")
	f(121, MaxBars, "week", 18, "Jan 1, 2024, Feb 26, 2024, Apr 29, 2024")
	f(1098, MaxBars, "week", 157, "Jan 1, 2024, Jun 30, 2025, Dec 28, 2026")
	f(1099, MaxBars, "month", 37, "Jan 2024, Jul 2025, Jan 2027")
	f(4960, MaxBars, "month", 164, "Jan 2024, Oct 2030, Jul 2037")
	f(4961, MaxBars, "year", 14, "2024, 2030, 2037")
	f(30, 20, "week", 6, "Jan 1, 2024, Jan 15, 2024, Jan 29, 2024")
	f(366, 20, "month", 12, "Jan 2024, Jun 2024, Dec 2024")
	f(731, 20, "year", 2, "2024, 2025")
}
