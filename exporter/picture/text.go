package picture

import (
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

const (
	// textRows is the height of a chart on a terminal.
	textRows = 10
	// scaleColumns is the most columns that its scale takes.
	scaleColumns = 7
	// leastColumns is the least room of the bars.
	leastColumns = 20
)

// TextBars is how many bars have room on a terminal of that many columns.
func TextBars(columns int) int {
	const margin = 3 // months are of unequal length
	return min(MaxBars, max(leastColumns, columns-scaleColumns)) - margin
}

// eighths are bars of a height of 0 to 8 eighths of a row.
var eighths = []rune(" ▁▂▃▄▅▆▇█")

// WriteText draws the chart for a terminal of that many columns.
func (c *Chart) WriteText(w io.Writer, columns int) error {
	if len(c.Bars) == 0 {
		_, err := fmt.Fprintln(w, "No daily downloads.")
		return err
	}
	const widest = 6 // columns of a bar
	each := min(widest, max(1, max(leastColumns, columns-scaleColumns)/len(c.Bars)))
	bar := each
	if each > 2 {
		bar-- // there is room for a gap
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s: %s\n\n", c.Title(), c.Range(), textenc.Grouped(c.Sum))
	for row := range textRows {
		label := ""
		switch row {
		case 0:
			label = textenc.Short(c.Top)
		case textRows / 2:
			label = textenc.Short(c.Middle())
		}
		var line strings.Builder
		fmt.Fprintf(&line, "%*s ", scaleColumns-2, label)
		for i := range c.Bars {
			filled := float64(c.Bars[i].Sum)/float64(c.Top)*textRows - float64(textRows-1-row)
			cell := eighths[int(math.Round(min(max(filled, 0), 1)*8))]
			line.WriteString(strings.Repeat(string(cell), bar) + strings.Repeat(" ", each-bar))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	b.WriteString(c.textLabels(len(c.Bars)*each) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// textLabels names the first bar, the middle one and the last one, as far as there is room.
func (c *Chart) textLabels(columns int) string {
	for n := 3; n > 1; n-- {
		labels := c.Labels(n)
		length := 0
		for _, l := range labels {
			length += utf8.RuneCountInString(l)
		}
		if gaps := len(labels) - 1; gaps > 0 && columns-length >= gaps {
			gap := strings.Repeat(" ", (columns-length)/gaps)
			return strings.Repeat(" ", scaleColumns-1) + strings.Join(labels, gap)
		}
	}
	return strings.Repeat(" ", scaleColumns-1) + c.Labels(1)[0]
}
