package picture

import (
	"math/rand/v2"
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
