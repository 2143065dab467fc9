package web

import (
	"fmt"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/picture"
)

// The size of charts in units of their own. They are stretched to the width of the page.
const (
	chartHeight = 200
	slotWidth   = 10
	sparkWidth  = 120
	sparkHeight = 24
)

// chart is where the bars of a chart are on the page.
type chart struct {
	picture.Chart
	Width, Height int
	Bars          []bar
	Legend        []legend
}

type bar struct {
	picture.Bar
	X        int
	Segments []segment
}

type segment struct {
	Class     string
	Y, Height string
}

type legend struct {
	Class, Text string
}

// newChart draws the series of groups.
func newChart(days, recorded history.Days, groups []history.Group) chart {
	c := chart{Chart: picture.NewChart(days, recorded, groups, picture.MaxBars), Height: chartHeight}
	for i, t := range c.Types {
		c.Legend = append(c.Legend, legend{typeClass(i), picture.TypeName(t)})
	}
	c.Width = len(c.Chart.Bars) * slotWidth
	for i, b := range c.Chart.Bars {
		out := bar{Bar: b, X: i * slotWidth}
		y := float64(chartHeight)
		for g, n := range b.Parts {
			if n > 0 {
				height := float64(n) / float64(c.Top) * chartHeight
				y -= height
				out.Segments = append(out.Segments, segment{typeClass(g), decimal(y), decimal(height)})
			}
		}
		c.Bars = append(c.Bars, out)
	}
	return c
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
