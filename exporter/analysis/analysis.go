//gosec:disable G115 -- numbers of days are small

// Package analysis computes what a series of daily downloads shows: means, records, days
// that stand out, milestones, and the day of the next one. A series has recorded days alone,
// in their order. Absent days stay absent: they are not days without downloads.
package analysis

import (
	"math"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

const daysPerWeek = 7

// mostly reports whether so many recorded days say something about a run of days: more
// than half of them.
func mostly(recorded, days int) bool { return 2*recorded > days }

// Mean is the mean of the days that end with a day.
type Mean struct {
	Day       history.Day
	Downloads float64
}

// Means returns, for each recorded day, the mean of the recorded ones among the days that
// end with it. A day has none if half of its days or more are not recorded.
func Means(series []history.DayDownloads, days int) []Mean {
	var out []Mean
	first := 0
	for i, d := range series {
		for series[first].Day <= d.Day-history.Day(days) {
			first++
		}
		window := series[first : i+1]
		if !mostly(len(window), days) {
			continue
		}
		sum := 0.0 // the sum of int64 may not fit one
		for _, w := range window {
			sum += float64(w.Downloads)
		}
		out = append(out, Mean{d.Day, sum / float64(len(window))})
	}
	return out
}

// recordsFrom is how many recorded days there are before one can be a record: the best of
// few days is none.
const recordsFrom = 28

// Record is a day with more downloads than each day before.
type Record struct {
	history.DayDownloads
	// Previous is the best day until then.
	Previous history.DayDownloads
}

// Records returns the days of a complete history with more downloads than each day before,
// from the 29th recorded day on.
func Records(series []history.DayDownloads) []Record {
	var out []Record
	var best history.DayDownloads
	for i, d := range series {
		if i > 0 && d.Downloads <= best.Downloads {
			continue
		}
		if i >= recordsFrom {
			out = append(out, Record{d, best})
		}
		best = d
	}
	return out
}

const (
	// OutlierDays is how many days a day is compared with: eight of each weekday.
	OutlierDays = 8 * daysPerWeek
	// leastOfWeekday is how many recorded days of the same weekday must be among them.
	leastOfWeekday = 4
	// outlierScore is the score from which a day stands out, as Iglewicz and Hoaglin
	// recommend for the modified z-score.
	outlierScore = 3.5
	// madToDeviation makes the median absolute deviation of normally distributed numbers
	// their standard deviation.
	madToDeviation = 1.4826
)

// Outlier is a day that stands out from the eight weeks before it.
type Outlier struct {
	Day       history.Day
	Downloads int64
	// Expected is the median of the same weekday in these weeks.
	Expected float64
	// Score is the robust z-score: how far the downloads are from what is expected, in
	// deviations of the days from the medians of their weekdays. Negative for too few.
	Score float64
}

// Outliers returns the days of a series that stand out: the robust z-score of their
// downloads is 3.5 or more, in either direction.
//
// A day is compared with the 56 days before it. Each of these deviates from the median of its weekday;
// the median of the absolute deviations, times 1.4826, is the scale. The scale is at least
// the square root of what is expected, and 1: counts vary at least as much. Days
// with fewer than four recorded days of their weekday before them are not judged.
func Outliers(series []history.DayDownloads) []Outlier {
	var out []Outlier
	first := 0
	for i, d := range series {
		for series[first].Day < d.Day-OutlierDays {
			first++
		}
		if o, ok := judge(d, series[first:i]); ok && math.Abs(o.Score) >= outlierScore {
			out = append(out, o)
		}
	}
	return out
}

// judge compares a day with those before it.
func judge(d history.DayDownloads, before []history.DayDownloads) (o Outlier, ok bool) {
	var ofWeekday [daysPerWeek][]float64
	for _, b := range before {
		w := b.Day % daysPerWeek
		ofWeekday[w] = append(ofWeekday[w], float64(b.Downloads))
	}
	if len(ofWeekday[d.Day%daysPerWeek]) < leastOfWeekday {
		return Outlier{}, false
	}
	var deviations []float64
	var expected float64
	for w, downloads := range ofWeekday {
		if len(downloads) == 0 {
			continue
		}
		m := median(downloads)
		if history.Day(w) == d.Day%daysPerWeek {
			expected = m
		}
		for _, n := range downloads {
			deviations = append(deviations, math.Abs(n-m))
		}
	}
	scale := max(madToDeviation*median(deviations), math.Sqrt(expected), 1)
	return Outlier{d.Day, d.Downloads, expected, (float64(d.Downloads) - expected) / scale}, true
}

// median returns the median of numbers, of which there is one at least, and sorts them.
func median(numbers []float64) float64 {
	slices.Sort(numbers)
	half := len(numbers) / 2
	if len(numbers)%2 == 1 {
		return numbers[half]
	}
	return (numbers[half-1] + numbers[half]) / 2
}
