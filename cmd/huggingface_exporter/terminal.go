package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// table is a table of text in columns.
type table struct {
	right []bool
	rows  [][]string // the first is the heading
}

// newTable returns a table with these headings, each begun by "<" for a column
// to the left or ">" for one to the right.
func newTable(headings ...string) *table {
	t := &table{}
	var names []string
	for _, h := range headings {
		t.right = append(t.right, h[0] == '>')
		names = append(names, h[1:])
	}
	t.rows = append(t.rows, names)
	return t
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

const gap = "  " // between two columns

func (t *table) widths() []int {
	w := make([]int, len(t.right))
	for _, row := range t.rows {
		for i, cell := range row {
			w[i] = max(w[i], utf8.RuneCountInString(cell))
		}
	}
	return w
}

// width returns the width of the whole table.
func (t *table) width() int {
	sum := len(gap) * (len(t.right) - 1)
	for _, w := range t.widths() {
		sum += w
	}
	return sum
}

// shorten cuts the cells of a column so that the table gets no wider than width,
// but leaves it least characters.
func (t *table) shorten(column, width, least int) {
	most := max(least, t.widths()[column]-max(0, t.width()-width))
	for _, row := range t.rows {
		if r := []rune(row[column]); len(r) > most {
			row[column] = string(r[:most-1]) + "…"
		}
	}
}

func (t *table) write(w io.Writer) error {
	widths := t.widths()
	var b strings.Builder
	for _, row := range t.rows {
		var line strings.Builder
		for i, cell := range row {
			if i > 0 {
				line.WriteString(gap)
			}
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if t.right[i] {
				line.WriteString(pad + cell)
			} else {
				line.WriteString(cell + pad)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// printable replaces what a terminal would act upon.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

// grouped writes a number with its digits in groups of three: 4,362,460.
func grouped(n int64) string { return textenc.Grouped(n) }

// change writes how a number changed from the one before, "-" if there is
// nothing to compare with.
func change(now, before int64, hasBefore bool) string {
	if !hasBefore || before == 0 {
		return "-"
	}
	return fmt.Sprintf("%+.1f%%", (float64(now)/float64(before)-1)*100)
}

var blocks = []rune("▁▂▃▄▅▆▇█")

// sparkline draws numbers as bars, the highest for the largest of them, and
// leaves a gap where a number is not known.
func sparkline(trend []int64) string {
	if len(trend) == 0 {
		return ""
	}
	top := max(1, slices.Max(trend))
	line := make([]rune, len(trend))
	for i, v := range trend {
		if v == history.Unknown {
			line[i] = ' '
			continue
		}
		// In floating point, since the product may pass the largest int64.
		line[i] = blocks[int(float64(v)/float64(top)*float64(len(blocks)-1)+0.5)]
	}
	return string(line)
}
