package picture

import (
	"context"
	"image/color"
	"io"
	"math"
	"slices"
	"sort"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// Frame says how a chart is drawn.
type Frame struct {
	// Title is above the chart, "" for what the chart is of.
	Title         string
	Width, Height int // in pixels
	Dark          bool
}

// barWidth is the least width of a bar and the gap after it in pixels.
const barWidth = 5

// Bars is how many bars have room in a width in pixels.
func Bars(width int) int { return min(MaxBars, width/barWidth) }

// CountChart returns the chart of the downloads of repositories in a period, of about as many
// bars at most.
func CountChart(ctx context.Context, store history.Reader, f history.Filter, p history.Period, bars int) (Chart, error) {
	o, err := store.Overview(ctx, history.OverviewQuery{Filter: f, Period: p, ByRepoType: true, Series: true})
	if err != nil {
		return Chart{}, err
	}
	if !slices.ContainsFunc(o.Groups, func(g history.Group) bool { return g.Records > 0 }) {
		o.Days = history.NoDays // unlike days without downloads
	}
	c := NewChart(o.Days, o.Recorded, o.Groups, bars)
	c.Repos = o.Sum().Repos
	return c, nil
}

// theme is the colors of a chart, those of the exporter's page.
type theme struct {
	page, edge, text, faint color.NRGBA
	types                   [6]color.NRGBA
}

var light = theme{
	rgbOf(0xffffff), rgbOf(0xd1d9e0), rgbOf(0x1f2328), rgbOf(0x59636e),
	[6]color.NRGBA{rgbOf(0x2f6fdb), rgbOf(0xd9822b), rgbOf(0x2a9d63), rgbOf(0x8b6fd1), rgbOf(0xc2528b), rgbOf(0x6e7781)},
}

var dark = theme{
	rgbOf(0x0d1117), rgbOf(0x30363d), rgbOf(0xe6edf3), rgbOf(0x9aa4ae),
	[6]color.NRGBA{rgbOf(0x5b9bff), rgbOf(0xf0a35e), rgbOf(0x52c78d), rgbOf(0xb39df0), rgbOf(0xe583b5), rgbOf(0x9aa4ae)},
}

// WriteSVG writes the chart as SVG.
func (c *Chart) WriteSVG(w io.Writer, f Frame) error {
	alt := f.title(c)
	if len(c.Bars) > 0 {
		alt += ", " + f.subtitle(c)
	}
	s := newSVG(f.Width, f.Height, alt)
	c.draw(s, f)
	_, err := w.Write(s.close())
	return err
}

// WritePNG writes the chart as PNG, with scale pixels for one.
func (c *Chart) WritePNG(w io.Writer, f Frame, scale int) error {
	return writePNG(w, f.Width, f.Height, scale, func(r *raster) { c.draw(r, f) })
}

func (f Frame) title(c *Chart) string {
	if f.Title != "" {
		return f.Title
	}
	return c.Title()
}

// subtitle is the days and their downloads.
func (f Frame) subtitle(c *Chart) string {
	by := ""
	if f.Title != "" {
		by = ", by " + c.Each // which the title does not say
	}
	return c.Range() + by + ": " + textenc.Grouped(c.Sum)
}

const (
	chartMargin = 16.0
	titleFont   = 15.0
	smallFont   = 11.0
	lineHeight  = 18.0
)

func (c *Chart) draw(to canvas, f Frame) {
	colors := light
	if f.Dark {
		colors = dark
	}
	width, height := float64(f.Width), float64(f.Height)
	to.box(0, 0, width, height, 6, colors.edge)
	to.box(1, 1, width-2, height-2, 5, colors.page)
	top := chartMargin + titleFont
	to.text(chartMargin, top-3, titleFont, start, f.fit(f.title(c), titleFont), colors.text)
	if len(c.Bars) == 0 {
		to.text(width/2, (top+height)/2, smallFont, middle, "No daily downloads", colors.faint)
		return
	}
	top += lineHeight
	to.text(chartMargin, top-3, smallFont, start, f.fit(f.subtitle(c), smallFont), colors.faint)
	if len(c.Types) > 1 {
		top += lineHeight
		c.legend(to, f, top-3, &colors)
	}
	top += 10
	scale := []int64{c.Top, c.Middle(), 0}
	left := chartMargin
	for _, n := range scale {
		left = max(left, chartMargin+textWidth(smallFont, textenc.Short(n))+6)
	}
	right, bottom := width-chartMargin, height-chartMargin-lineHeight
	for i, n := range scale {
		y := math.Round(top + (bottom-top)*float64(i)/2)
		to.text(left-6, y+4, smallFont, end, textenc.Short(n), colors.faint)
		to.box(left, y, right-left, 1, 0, colors.edge)
	}
	c.bars(to, left, top, right, bottom, &colors)
	c.labels(to, left, right, bottom+lineHeight, &colors)
}

// legend writes what the colors mean, as far as there is room.
func (c *Chart) legend(to canvas, f Frame, baseline float64, colors *theme) {
	x := chartMargin
	for i, t := range c.Types {
		name := TypeName(t)
		wide := 14 + textWidth(smallFont, name)
		if x+wide > float64(f.Width)-chartMargin {
			return
		}
		to.box(x, baseline-9, 10, 10, 2, colors.types[i%len(colors.types)])
		to.text(x+14, baseline, smallFont, start, name, colors.text)
		x += wide + 14
	}
}

func (c *Chart) bars(to canvas, left, top, right, bottom float64, colors *theme) {
	slot := (right - left) / float64(len(c.Bars))
	gap := min(slot*0.2, 4)
	for i := range c.Bars {
		b := &c.Bars[i]
		y := bottom
		for part, n := range b.Parts {
			if n == 0 {
				continue
			}
			height := float64(n) / float64(c.Top) * (bottom - top)
			y -= height
			fill := colors.types[part%len(colors.types)]
			if b.Partial {
				fill.A = 115
			}
			to.box(left+float64(i)*slot+gap/2, y, slot-gap, height, 0, fill)
		}
	}
}

// labels names as many bars as have room: the first one, the middle one and the last one.
func (c *Chart) labels(to canvas, left, right, baseline float64, colors *theme) {
	const most, gap = 3, 12
	for n := most; n > 0; n-- {
		labels := c.Labels(n)
		room := right - left
		for _, l := range labels {
			room -= textWidth(smallFont, l) + gap
		}
		if room < -gap {
			continue
		}
		for i, l := range labels {
			x, at := left, start
			if i > 0 {
				x, at = left+(right-left)*float64(i)/float64(len(labels)-1), middle
			}
			if i > 0 && i == len(labels)-1 {
				at = end
			}
			to.text(x, baseline, smallFont, at, l, colors.faint)
		}
		return
	}
}

// fit shortens text to the width of the chart.
func (f Frame) fit(text string, size float64) string {
	room := float64(f.Width) - 2*chartMargin
	if textWidth(size, text) <= room {
		return text
	}
	runes := []rune(text)
	cut := func(n int) string { return string(runes[:n]) + "…" }
	return cut(max(0, sort.Search(len(runes), func(n int) bool { return textWidth(size, cut(n)) > room })-1))
}
