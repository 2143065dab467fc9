package picture

import (
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// Chart is stacked bars of downloads, of days, weeks, months or years.
type Chart struct {
	// Each is what a bar sums up: day, week, month or year.
	Each string
	// Types are what the parts of each bar are of.
	Types []history.RepoType
	Bars  []Bar
	// Top is a round number that no bar exceeds.
	Top int64
	// Days are those of the bars, Sum their downloads.
	Days history.Days
	Sum  int64
	// Repos is how many repositories the downloads are of, if the chart was counted.
	Repos int
	// Partial says that the first or the last bar has fewer days than its week, month or year.
	Partial bool
}

// Bar is a day, week, month or year.
type Bar struct {
	// Name is that of the day, week, month or year, Title has the numbers too.
	Name, Title string
	From        history.Day
	Sum         int64
	Parts       []int64 // of the types
	// Partial says that not all of its days are in the period or recorded yet.
	Partial bool
}

// MaxBars is the most bars of a chart that has all the room it wants.
const MaxBars = 160

// NewChart makes a chart of the series of groups by repository type, of at most about as many
// bars: bars are of days for some months, of weeks for some years.
func NewChart(days, recorded history.Days, groups []history.Group, bars int) Chart {
	days.From, days.To = max(days.From, recorded.From), min(days.To, recorded.To)
	c := Chart{Each: "day", Days: days}
	if days.Len() == 0 {
		return c
	}
	switch n := days.Len() * MaxBars / max(bars, 1); {
	case n > MaxBars*31:
		c.Each = "year"
	case n > 3*366:
		c.Each = "month"
	case n > 120:
		c.Each = "week"
	}
	var buckets []history.Days
	for d := days.From; d <= days.To; {
		b := bucket(c.Each, d)
		buckets = append(buckets, b)
		d = b.To + 1
	}
	c.Bars = make([]Bar, len(buckets))
	for i, b := range buckets {
		c.Bars[i] = Bar{Name: bucketName(c.Each, b), From: b.From, Parts: make([]int64, len(groups)), Partial: b.From < days.From || b.To > days.To}
		c.Partial = c.Partial || c.Bars[i].Partial
	}
	for g := range groups {
		c.Types = append(c.Types, groups[g].RepoType)
		i := 0
		for _, d := range groups[g].Series {
			for i < len(buckets)-1 && d.Day > buckets[i].To {
				i++
			}
			if buckets[i].Contains(d.Day) {
				b := &c.Bars[i]
				b.Parts[g] = history.SaturatingAdd(b.Parts[g], d.Downloads)
				b.Sum = history.SaturatingAdd(b.Sum, d.Downloads)
				c.Sum = history.SaturatingAdd(c.Sum, d.Downloads)
			}
		}
	}
	var largest int64 = 1
	for i := range c.Bars {
		c.Bars[i].Title = c.title(&c.Bars[i])
		largest = max(largest, c.Bars[i].Sum)
	}
	c.Top = roundUp(largest)
	return c
}

// Labels returns at most n names of bars from the first to the last, evenly spaced.
func (c *Chart) Labels(n int) (labels []string) {
	n = min(n, len(c.Bars))
	for i := range n {
		labels = append(labels, startName(c.Each, c.Bars[i*(len(c.Bars)-1)/max(n-1, 1)].From))
	}
	return labels
}

// title is the name of a bar and its numbers.
func (c *Chart) title(b *Bar) string {
	title := b.Name + ": " + textenc.Grouped(b.Sum)
	if len(c.Types) > 1 && b.Sum > 0 {
		var parts []string
		for i, n := range b.Parts {
			if n > 0 {
				parts = append(parts, TypeName(c.Types[i])+" "+textenc.Grouped(n))
			}
		}
		title += " (" + strings.Join(parts, ", ") + ")"
	}
	if b.Partial {
		title += ", not all of its days"
	}
	return title
}

// Title says what the chart is of.
func (c *Chart) Title() string { return "Downloads by " + c.Each }

// Middle is the number in the middle of the scale.
func (c *Chart) Middle() int64 { return c.Top / 2 }

// Range says which days the chart is of.
func (c *Chart) Range() string {
	const day = "Jan 2, 2006"
	if c.Days.From == c.Days.To {
		return c.Days.From.Time().Format(day)
	}
	return c.Days.From.Time().Format(day) + " to " + c.Days.To.Time().Format(day)
}

// TypeName is the name of the repositories of a type.
func TypeName(t history.RepoType) string {
	if t == "" {
		return "All"
	}
	s := string(t)
	return strings.ToUpper(s[:1]) + s[1:] + "s"
}

// bucket returns the days of the bar that has a day.
func bucket(each string, d history.Day) history.Days {
	switch year, month, day := d.Date(); each {
	case "week":
		monday := d - history.Day((int(d)+3)%7) // day 0 was a Thursday
		return history.Days{From: monday, To: monday + 6}
	case "month":
		first := d - history.Day(day-1)
		return history.Days{From: first, To: first + history.Day(history.DaysIn(year, month)-1)}
	case "year":
		first := d - history.Day(d.Time().YearDay()-1)
		length := 337 // without February
		return history.Days{From: first, To: first + history.Day(length+history.DaysIn(year, 2)-1)}
	}
	return history.Days{From: d, To: d}
}

// bucketName names a bar.
func bucketName(each string, b history.Days) string {
	name := startName(each, b.From)
	switch each {
	case "day":
		return b.From.Time().Format("Mon, ") + name
	case "week":
		return "Week of " + name
	}
	return name
}

// startName is the first day of a bar, as far as it matters.
func startName(each string, d history.Day) string {
	layout := "Jan 2, 2006"
	switch each {
	case "month":
		layout = "Jan 2006"
	case "year":
		layout = "2006"
	}
	return d.Time().Format(layout)
}

// roundUp returns the next even number of one digit and zeros, or of 15, 25 and zeros.
func roundUp(n int64) int64 {
	if n <= 2 {
		return 2
	}
	var power int64 = 1
	for n/10 >= power {
		power *= 10
	}
	for _, tenths := range []int64{10, 12, 16, 20, 30, 40, 50, 60, 80, 100} {
		if top := power / 10 * tenths; power >= 10 && top >= n {
			return top
		}
	}
	if power == 1 {
		return (n + 1) / 2 * 2
	}
	return n
}
