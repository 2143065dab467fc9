package analysis

import (
	"math"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// LeastMilestone is the smallest milestone.
const LeastMilestone = 1000

// Milestone is a power of ten that a cumulative number of downloads has passed.
type Milestone struct {
	Downloads int64
	Day       history.Day
	Total     int64 // at the end of the day
}

// Milestones returns the powers of ten from least on that were passed on the days of a
// series, the newest first. The total at the end of a day is the Hub's total, which counts
// downloads before the first record too, without the downloads of the days after it. If the
// total is Unknown, it is the sum of the series.
func Milestones(total int64, series []history.DayDownloads, least int64) []Milestone {
	if total == history.Unknown {
		total = 0
		for _, d := range series {
			total = history.SaturatingAdd(total, d.Downloads)
		}
	}
	var out []Milestone
	for _, d := range slices.Backward(series) {
		before := total - d.Downloads
		for power := powerUpTo(total); power >= least && power > before; power /= 10 {
			out = append(out, Milestone{power, d.Day, total})
		}
		total = before
	}
	return out
}

// Passes reports whether the last downloads of a total have passed a power of ten from
// least on.
func Passes(total, last, least int64) bool {
	power := powerUpTo(total)
	return power >= least && power > total-last
}

// SuitableMilestone returns the smallest milestone that is worth mentioning of
// repositories with a common total: the largest power of ten up to a hundredth of it.
func SuitableMilestone(total int64) int64 { return max(powerUpTo(total/100), LeastMilestone) }

// nextMilestone returns the smallest milestone above a total, 0 if it does not fit an int64.
func nextMilestone(total int64) int64 {
	power := max(powerUpTo(total), LeastMilestone/10)
	if power > math.MaxInt64/10 {
		return 0
	}
	return power * 10
}

// powerUpTo returns the largest power of ten up to n, 0 if n is not positive.
func powerUpTo(n int64) int64 {
	if n < 1 {
		return 0
	}
	power := int64(1)
	for power <= n/10 {
		power *= 10
	}
	return power
}

// A forecast looks at the last weeks, and needs some of them.
const (
	forecastWeeks = 8
	leastWeeks    = 4
	// ForecastDays is how many days a forecast looks at.
	ForecastDays = forecastWeeks * daysPerWeek
)

// Forecast is when a total will pass its next milestone, if downloads continue as in the
// weeks before.
type Forecast struct {
	Milestone int64
	// PerDay is the median of the means of the weeks, in downloads a day.
	PerDay float64
	// Day follows from PerDay. Earliest and Latest follow from the strongest and the
	// weakest of the weeks. NoDay stands for never.
	Day, Earliest, Latest history.Day
}

// NextOf forecasts when a total passes its next milestone. The weeks are the eight runs of
// seven days that end with last, the last recorded day of the history; those with four
// recorded days or more count. There is no forecast (ok false) without four such weeks,
// without a total, or without a next milestone.
func NextOf(total int64, series []history.DayDownloads, last history.Day) (f Forecast, ok bool) {
	if total == history.Unknown {
		return Forecast{}, false
	}
	var sums [forecastWeeks]float64
	var days [forecastWeeks]int
	for _, d := range slices.Backward(series) {
		week := int(last-d.Day) / daysPerWeek
		if week >= forecastWeeks {
			break
		}
		sums[week] += float64(d.Downloads)
		days[week]++
	}
	var means []float64
	for week, n := range days {
		if mostly(n, daysPerWeek) {
			means = append(means, sums[week]/float64(n))
		}
	}
	f.Milestone = nextMilestone(total)
	if len(means) < leastWeeks || f.Milestone == 0 {
		return f, false
	}
	missing := float64(f.Milestone - total)
	passed := func(perDay float64) history.Day {
		days := math.Ceil(missing / perDay) // infinite without downloads
		if days > float64(history.MaxDay-last) {
			return history.NoDay
		}
		return last + history.Day(days)
	}
	f.PerDay = median(means)
	f.Day, f.Earliest, f.Latest = passed(f.PerDay), passed(slices.Max(means)), passed(slices.Min(means))
	return f, true
}
