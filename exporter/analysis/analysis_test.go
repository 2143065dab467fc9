package analysis

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// randomSeries is a history with a weekly rhythm, growth, noise, days that stand out and
// days that are not recorded.
func randomSeries(seed uint64) []history.DayDownloads {
	r := rand.New(rand.NewPCG(seed, 1))
	level, growth, gaps := math.Pow(10, 6*r.Float64()), 1+r.Float64()/100, r.Float64()/2
	var series []history.DayDownloads
	for i := range r.IntN(400) {
		day := 19_000 + history.Day(i)
		level *= growth
		n := level * (1 + r.NormFloat64()/10)
		if day%7 < 2 {
			n /= 2
		}
		if r.IntN(40) == 0 {
			n *= 5 * r.Float64()
		}
		if r.Float64() >= gaps {
			series = append(series, history.DayDownloads{Day: day, Downloads: int64(max(n, 0))})
		}
	}
	return series
}

// byDay is a series as a naive computation takes it.
func byDay(series []history.DayDownloads) (days map[history.Day]float64, last history.Day) {
	days = make(map[history.Day]float64)
	for _, d := range series {
		days[d.Day] = float64(d.Downloads)
		last = d.Day
	}
	return days, last
}

func naiveMedian(numbers []float64) float64 {
	sorted := slices.Clone(numbers)
	sort.Float64s(sorted)
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b), 1) }

// TestRandomSeries compares means, records, outliers and forecasts with naive computations.
func TestRandomSeries(t *testing.T) {
	var means, records, outliers, forecasts int
	for seed := range uint64(300) {
		series := randomSeries(seed)
		days, last := byDay(series)
		gotMeans, gotRecords, gotOutliers := Means(series, 7), Records(series), Outliers(series)
		means, records, outliers = means+len(gotMeans), records+len(gotRecords), outliers+len(gotOutliers)
		for day := history.Day(19_000); day <= last; day++ {
			n, recorded := days[day]
			window := func(from, to history.Day) (numbers []float64) {
				for d := from; d <= to; d++ {
					if n, ok := days[d]; ok {
						numbers = append(numbers, n)
					}
				}
				return numbers
			}

			if week := window(day-6, day); recorded && len(week) >= 4 {
				sum := 0.0
				for _, n := range week {
					sum += n
				}
				if len(gotMeans) == 0 || gotMeans[0].Day != day || !near(gotMeans[0].Downloads, sum/float64(len(week))) {
					t.Fatalf("series %d: expected the mean %g on %s, got %v", seed, sum/float64(len(week)), day, gotMeans[:min(len(gotMeans), 1)])
				}
				gotMeans = gotMeans[1:]
			}

			if before := window(19_000, day-1); recorded && len(before) >= 28 && n > slices.Max(before) {
				if len(gotRecords) == 0 || gotRecords[0].Day != day || gotRecords[0].Downloads != int64(n) ||
					float64(gotRecords[0].Previous.Downloads) != slices.Max(before) || days[gotRecords[0].Previous.Day] != slices.Max(before) {
					t.Fatalf("series %d: expected a record on %s, got %v", seed, day, gotRecords[:min(len(gotRecords), 1)])
				}
				gotRecords = gotRecords[1:]
			}

			if z, ok := naiveScore(days, day); ok && math.Abs(z) >= 3.5 {
				if len(gotOutliers) == 0 || gotOutliers[0].Day != day || !near(gotOutliers[0].Score, z) {
					t.Fatalf("series %d: expected an outlier of %g on %s, got %v", seed, z, day, gotOutliers[:min(len(gotOutliers), 1)])
				}
				gotOutliers = gotOutliers[1:]
			}
		}
		if len(gotMeans)+len(gotRecords)+len(gotOutliers) > 0 {
			t.Fatalf("series %d: expected no more means, records or outliers, got %v, %v, %v", seed, gotMeans, gotRecords, gotOutliers)
		}
		if checkForecast(t, seed, series) {
			forecasts++
		}
	}
	if means < 10_000 || records < 300 || outliers < 300 || forecasts < 100 {
		t.Errorf("expected much to compare, got %d means, %d records, %d outliers, %d forecasts", means, records, outliers, forecasts)
	}
}

func naiveScore(days map[history.Day]float64, day history.Day) (score float64, ok bool) {
	n, recorded := days[day]
	weekday := func(day history.Day, d history.Day) (numbers []float64) {
		for back := history.Day(1); back <= 56; back++ {
			if m, ok := days[day-back]; ok && (d-(day-back))%7 == 0 {
				numbers = append(numbers, m)
			}
		}
		return numbers
	}
	same := weekday(day, day)
	if !recorded || len(same) < 4 {
		return 0, false
	}
	var deviations []float64
	for back := history.Day(1); back <= 56; back++ {
		if m, ok := days[day-back]; ok {
			deviations = append(deviations, math.Abs(m-naiveMedian(weekday(day, day-back))))
		}
	}
	expected := naiveMedian(same)
	return (n - expected) / max(1.4826*naiveMedian(deviations), math.Sqrt(expected), 1), true
}

// checkForecast walks on from the end of a series, a day at a time.
func checkForecast(t *testing.T, seed uint64, series []history.DayDownloads) bool {
	t.Helper()
	days, last := byDay(series)
	var means []float64
	for week := range history.Day(8) {
		n, sum := 0, 0.0
		for d := last - 7*week - 6; d <= last-7*week; d++ {
			if m, ok := days[d]; ok {
				n, sum = n+1, sum+m
			}
		}
		if n >= 4 {
			means = append(means, sum/float64(n))
		}
	}
	total := int64(12345)
	f, ok := NextOf(total, series, last)
	if want := len(means) >= 4; ok != want {
		t.Fatalf("series %d: expected a forecast %v, got %+v, %v", seed, want, f, ok)
	}
	if !ok {
		return false
	}
	walk := func(perDay float64) history.Day {
		for n := history.Day(1); n < 200_000; n++ {
			if float64(total)+float64(n)*perDay >= 100_000 {
				return last + n
			}
		}
		return history.NoDay
	}
	want := Forecast{100_000, naiveMedian(means), walk(naiveMedian(means)), walk(slices.Max(means)), walk(slices.Min(means))}
	for _, d := range []history.Day{f.Day, f.Earliest, f.Latest} {
		if d == history.NoDay || d > last+200_000 {
			return false // further than the walk goes
		}
	}
	if f != want {
		t.Fatalf("series %d: expected %+v, got %+v", seed, want, f)
	}
	return true
}

func TestForecast(t *testing.T) {
	last := history.Day(20_027) // 2024-10-31
	week := func(means ...int64) (series []history.DayDownloads) {
		for i, n := range means {
			for d := range 7 {
				day := last + 1 - history.Day(7*(len(means)-i)-d)
				series = append(series, history.DayDownloads{Day: day, Downloads: n})
			}
		}
		return series
	}
	f := func(total int64, series []history.DayDownloads, want string) {
		t.Helper()
		got := "none"
		if n, ok := NextOf(total, series, last); ok {
			got = fmt.Sprintf("%d at %g a day: %s, %s to %s", n.Milestone, n.PerDay, n.Day, n.Earliest, n.Latest)
		}
		if got != want {
			t.Errorf("total %d: expected %s, got %s", total, want, got)
		}
	}
	f(900, week(10, 20, 30, 40), "1000 at 25 a day: 2024-11-04, 2024-11-03 to 2024-11-10")
	f(1000, week(10, 10, 10, 10), "10000 at 10 a day: 2027-04-19, 2027-04-19 to 2027-04-19")
	f(900, week(0, 10, 10, 10), "1000 at 10 a day: 2024-11-10, 2024-11-10 to none")
	f(900, week(0, 0, 0, 0), "1000 at 0 a day: none, none to none")
	f(1, week(0, 0, 0, 1), "1000 at 0 a day: none, 2027-07-27 to none")
	f(900, week(10, 20, 30), "none")
	// The last days are absent.
	f(900, week(10, 20, 30, 40)[:25], "1000 at 25 a day: 2024-11-04, 2024-11-03 to 2024-11-10")
	f(900, week(10, 20, 30, 40)[:24], "none")
	f(900, nil, "none")
	f(history.Unknown, week(10, 20, 30, 40), "none")
	f(math.MaxInt64, week(10, 20, 30, 40), "none")
	// More than eight weeks ago counts no more.
	f(900, week(1000, 10, 10, 10, 10, 10, 10, 10, 10), "1000 at 10 a day: 2024-11-10, 2024-11-10 to 2024-11-10")
}

func TestOutliersOfCounts(t *testing.T) {
	f := func(n int64, want ...float64) {
		t.Helper()
		var series []history.DayDownloads
		for d := range history.Day(28) {
			series = append(series, history.DayDownloads{Day: d, Downloads: 100})
		}
		series = append(series, history.DayDownloads{Day: 28, Downloads: n})
		var got []float64
		for _, o := range Outliers(series) {
			got = append(got, o.Score)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d after 100 a day: expected the scores %v, got %v", n, want, got)
		}
	}
	// Even the steadiest count varies by its square root.
	f(100)
	f(134)
	f(135, 3.5)
	f(65, -3.5)
	f(0, -10)
}

func TestMilestones(t *testing.T) {
	f := func(total int64, want string, downloads ...int64) {
		t.Helper()
		var series []history.DayDownloads
		for i, n := range downloads {
			series = append(series, history.DayDownloads{Day: history.Day(i), Downloads: n})
		}
		got := ""
		for _, m := range Milestones(total, series, LeastMilestone) {
			got += fmt.Sprintf("%d on day %d with %d; ", m.Downloads, m.Day, m.Total)
		}
		if got != want {
			t.Errorf("total %d of %v: expected %q, got %q", total, downloads, want, got)
		}
	}
	f(0, "")
	f(999, "", 500, 499)
	f(1000, "1000 on day 1 with 1000; ", 500, 500)
	f(history.Unknown, "1000 on day 1 with 1000; ", 500, 500)
	f(120_000, "100000 on day 2 with 120000; 10000 on day 0 with 50000; 1000 on day 0 with 50000; ", 50_000, 10_000, 60_000)
	f(120_000, "100000 on day 1 with 120000; ", 1, 60_000) // the earlier ones were before the first day
	f(math.MaxInt64, "1000000000000000000 on day 0 with 9223372036854775807; ", math.MaxInt64-999_999_999_999_999_999)
}

func TestPasses(t *testing.T) {
	f := func(total, last int64, want bool) {
		t.Helper()
		if got := Passes(total, last, 1000); got != want {
			t.Errorf("%d with the last %d: expected %v, got %v", total, last, want, got)
		}
	}
	f(999, 999, false)
	f(1000, 1, true)
	f(1500, 500, false) // it had 1000 before
	f(1500, 501, true)
	f(12_000, 2001, true)
	f(12_000, 1999, false)
	f(history.Unknown, 5, false)
}

func TestPowers(t *testing.T) {
	f := func(total, suitable, next int64) {
		t.Helper()
		if got := SuitableMilestone(total); got != suitable {
			t.Errorf("total %d: expected milestones from %d on, got %d", total, suitable, got)
		}
		if got := nextMilestone(total); got != next {
			t.Errorf("total %d: expected the next milestone %d, got %d", total, next, got)
		}
	}
	f(history.Unknown, 1000, 1000)
	f(0, 1000, 1000)
	f(999, 1000, 1000)
	f(1000, 1000, 10_000)
	f(999_999, 1000, 1_000_000)
	f(1_000_000, 10_000, 10_000_000)
	f(1_010_550, 10_000, 10_000_000)
	f(999_999_999_999_999_999, 1_000_000_000_000_000, 1_000_000_000_000_000_000)
	f(1_000_000_000_000_000_000, 10_000_000_000_000_000, 0)
	f(math.MaxInt64, 10_000_000_000_000_000, 0)
}
