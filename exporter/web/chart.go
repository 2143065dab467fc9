package web

import (
	"fmt"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// The size of charts in units of their own. They are stretched to the width of the page.
const (
	chartHeight = 200
	slotWidth   = 10
	sparkWidth  = 120
	sparkHeight = 24
)

// chart is stacked bars of downloads, of days, weeks or months.
type chart struct {
	// Each is what a bar sums up: day, week or month.
	Each          string
	Width, Height int
	Bars          []bar
	Legend        []legend
	// Top and Middle are the numbers of the scale, Labels the days below it.
	Top, Middle int64
	Labels      []string
	// Partial says that the first or the last bar has fewer days than its week or month.
	Partial bool
}

// bar is a day, week or month.
type bar struct {
	X int
	// Name is that of the day, week or month, Title has the numbers too.
	Name, Title string
	Sum         int64
	Segments    []segment
	// Partial says that not all of its days are in the period or recorded yet.
	Partial bool
}

type segment struct {
	Class     string
	Y, Height string
}

type legend struct {
	Class, Text string
}

// bucket names the bar of a day: its first day and, for weeks and months, its last.
func bucket(each string, d history.Day) history.Days {
	switch each {
	case "week":
		monday := d - history.Day((int(d)+3)%7) // day 0 was a Thursday
		return history.Days{From: monday, To: monday + 6}
	case "month":
		year, month, day := d.Date()
		first := d - history.Day(day-1)
		return history.Days{From: first, To: first + history.Day(history.DaysIn(year, month)-1)}
	}
	return history.Days{From: d, To: d}
}

// newChart draws the series of groups. Bars are wide enough to be seen: of days for some
// months, of weeks for some years.
func newChart(days, recorded history.Days, groups []history.Group) chart {
	days.From, days.To = max(days.From, recorded.From), min(days.To, recorded.To)
	c := chart{Each: "day", Height: chartHeight}
	switch n := days.Len(); {
	case n == 0:
		return c
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
	sums := make([][]int64, len(buckets)) // of each group
	for i := range sums {
		sums[i] = make([]int64, len(groups))
	}
	var largest int64 = 1
	for g := range groups {
		i := 0
		for _, d := range groups[g].Series {
			for i < len(buckets)-1 && d.Day > buckets[i].To {
				i++
			}
			if buckets[i].Contains(d.Day) {
				sums[i][g] += d.Downloads
			}
		}
		c.Legend = append(c.Legend, legend{typeClass(g), typeName(groups[g].RepoType)})
	}
	for _, of := range sums {
		var sum int64
		for _, n := range of {
			sum += n
		}
		largest = max(largest, sum)
	}
	c.Top = roundUp(largest)
	c.Middle = c.Top / 2
	c.Width = len(buckets) * slotWidth
	for i, b := range buckets {
		out := bar{X: i * slotWidth, Partial: b.From < days.From || b.To > days.To}
		c.Partial = c.Partial || out.Partial
		var parts []string
		var sum int64
		y := float64(chartHeight)
		for g, n := range sums[i] {
			if n == 0 {
				continue
			}
			height := float64(n) / float64(c.Top) * chartHeight
			y -= height
			out.Segments = append(out.Segments, segment{typeClass(g), decimal(y), decimal(height)})
			parts = append(parts, fmt.Sprintf("%s %s", typeName(groups[g].RepoType), number(n)))
			sum += n
		}
		out.Name, out.Sum = bucketName(c.Each, b), sum
		out.Title = out.Name + ": " + number(sum)
		if len(groups) > 1 && len(parts) > 0 {
			out.Title += " (" + strings.Join(parts, ", ") + ")"
		}
		if out.Partial {
			out.Title += ", not all of its days"
		}
		c.Bars = append(c.Bars, out)
	}
	for _, i := range []int{0, len(buckets) / 2, len(buckets) - 1} {
		if name := bucketName(c.Each, buckets[i]); len(c.Labels) == 0 || c.Labels[len(c.Labels)-1] != name {
			c.Labels = append(c.Labels, name)
		}
	}
	return c
}

// bucketName names a bar.
func bucketName(each string, b history.Days) string {
	switch each {
	case "week":
		return "Week of " + b.From.Time().Format("Jan 2, 2006")
	case "month":
		return b.From.Time().Format("Jan 2006")
	}
	return b.From.Time().Format("Mon, Jan 2, 2006")
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

func decimal(f float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0") }

// sparkline is the path of a trend.
type sparkline struct {
	Path  string
	Title string
}

// newSparkline draws a trend. Gaps are where nothing was recorded.
func newSparkline(points []int64) sparkline {
	var largest int64
	known := 0
	for _, n := range points {
		if n != history.Unknown {
			known++
		}
		largest = max(largest, n)
	}
	if known < 2 {
		return sparkline{}
	}
	return sparkline{Path: path2d(points, sparkWidth, sparkHeight, 0, largest), Title: "Largest: " + number(largest)}
}

// path2d is the path of points over a width and a height, from the number at its foot to
// that at its top.
func path2d(points []int64, width, height int, foot, top int64) string {
	var b strings.Builder
	scale := max(float64(top)-float64(foot), 1)
	pen := "M"
	for i, n := range points {
		if n == history.Unknown {
			pen = "M"
			continue
		}
		x := float64(i) / float64(max(len(points)-1, 1)) * float64(width)
		y := 1 + (1-(float64(n)-float64(foot))/scale)*float64(height-2)
		fmt.Fprintf(&b, "%s%s %s", pen, decimal(x), decimal(y))
		pen = "L"
	}
	return b.String()
}

// line is a line chart of numbers over days.
type line struct {
	Title, Class  string
	Path          string
	Width, Height int
	Top, Foot     int64
	From, To      string
	Last          int64
}

// newLine draws numbers over the days from..to, or nothing if fewer than two are known.
func newLine(title, class string, days history.Days, at func(history.Day) int64) (l line) {
	l = line{Title: title, Class: class, Width: 600, Height: 120, Foot: history.Unknown, Last: history.Unknown}
	points := make([]int64, 0, days.Len())
	known := 0
	last := history.Unknown
	for d := days.From; d <= days.To; d++ {
		n := at(d)
		if n == history.Unknown {
			n = last // until the Hub said another number
		} else {
			known++
			l.Top = max(l.Top, n)
			if l.Foot == history.Unknown || n < l.Foot {
				l.Foot = n
			}
			last = n
		}
		points = append(points, n)
	}
	if known < 2 {
		return line{}
	}
	l.Last = last
	if l.Top == l.Foot {
		l.Foot = 0
	}
	const most = 600
	if step := (len(points) + most - 1) / most; step > 1 {
		thin := points[:0]
		for i := 0; i < len(points); i += step {
			thin = append(thin, points[i])
		}
		points = thin
	}
	l.Path = path2d(points, l.Width, l.Height, l.Foot, l.Top)
	format := func(d history.Day) string { return d.Time().Format("Jan 2, 2006") }
	l.From, l.To = format(days.From), format(days.To)
	return l
}

// asOfTime is the time of a moment, zero for none.
func asOfTime(a history.AsOf) time.Time {
	if a == 0 {
		return time.Time{}
	}
	return a.Time()
}
