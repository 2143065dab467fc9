// Package terminal writes for people who look at a terminal: tables, small charts and
// progress bars.
package terminal

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Table is text in columns.
type Table struct {
	right []bool
	rows  [][]string // the first is the heading
}

// NewTable returns a table with these headings, each begun by "<" for a column
// to the left or ">" for one to the right.
func NewTable(headings ...string) *Table {
	t := &Table{}
	var names []string
	for _, h := range headings {
		t.right = append(t.right, h[0] == '>')
		names = append(names, h[1:])
	}
	t.rows = append(t.rows, names)
	return t
}

// Add adds a row.
func (t *Table) Add(cells ...string) { t.rows = append(t.rows, cells) }

const gap = "  " // between two columns

func (t *Table) widths() []int {
	w := make([]int, len(t.right))
	for _, row := range t.rows {
		for i, cell := range row {
			w[i] = max(w[i], utf8.RuneCountInString(cell))
		}
	}
	return w
}

// Width returns the width of the whole table.
func (t *Table) Width() int {
	sum := len(gap) * (len(t.right) - 1)
	for _, w := range t.widths() {
		sum += w
	}
	return sum
}

// Shorten cuts the cells of a column so that the table gets no wider than width,
// but leaves it least characters.
func (t *Table) Shorten(column, width, least int) {
	most := max(least, t.widths()[column]-max(0, t.Width()-width))
	for _, row := range t.rows {
		if r := []rune(row[column]); len(r) > most {
			row[column] = string(r[:most-1]) + "…"
		}
	}
}

// Write writes the table.
func (t *Table) Write(w io.Writer) error {
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

// WriteMarkdown writes the table as Markdown.
func (t *Table) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	for i, row := range t.rows {
		for _, cell := range row {
			b.WriteString("| " + markdown.Replace(cell) + " ")
		}
		b.WriteString("|\n")
		if i > 0 {
			continue
		}
		for _, right := range t.right {
			if b.WriteString("|---"); right {
				b.WriteString(":")
			}
		}
		b.WriteString("|\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// markdown escapes what Markdown would act upon.
var markdown = strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", "&", "&amp;", "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`)

// Printable replaces what a terminal would act upon.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

// Change writes how a number changed from the one before, "-" if there is
// nothing to compare with.
func Change(now, before int64, hasBefore bool) string {
	if !hasBefore || before == 0 {
		return "-"
	}
	return fmt.Sprintf("%+.1f%%", (float64(now)/float64(before)-1)*100)
}

var blocks = []rune("▁▂▃▄▅▆▇█")

// Sparkline draws numbers as bars, the highest for the largest of them, and
// leaves a gap where a number is not known.
func Sparkline(trend []int64) string {
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
