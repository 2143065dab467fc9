// Package report writes what commands print of a history: for people on a terminal, as
// Markdown, as CSV and as JSON.
package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/terminal"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// Format is how a report is written.
type Format string

// The formats. Table is for a terminal.
const (
	Table    Format = "table"
	JSON     Format = "json"
	CSV      Format = "csv"
	Markdown Format = "markdown"
)

// Formats are the names of all formats.
var Formats = []string{string(Table), string(JSON), string(CSV), string(Markdown)}

// Screen says how a report is written and how many columns a line has.
type Screen struct {
	Format Format
	Width  int
}

// write writes a table as text or as Markdown.
func (s Screen) write(w io.Writer, t *terminal.Table) error {
	if s.Format == Markdown {
		return t.WriteMarkdown(w)
	}
	return t.Write(w)
}

// title writes a line above a table.
func (s Screen) title(w io.Writer, format string, args ...any) error {
	_, err := fmt.Fprintf(w, format+"\n\n", args...)
	return err
}

// noMatch is what people read if there is nothing to show.
func noMatch(w io.Writer) error {
	_, err := fmt.Fprintln(w, "No repository matches.")
	return err
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// writeCSV writes rows below a heading.
func writeCSV(w io.Writer, heading []string, rows [][]string) error {
	c := csv.NewWriter(w)
	if err := c.Write(heading); err != nil {
		return err
	}
	return c.WriteAll(rows)
}

// count writes a number for people.
func count(n int64) string {
	if n == history.Unknown {
		return "unknown"
	}
	return textenc.Grouped(n)
}

// digits writes a number for programs, "" if it is unknown.
func digits(n *int64) string {
	if n == nil || *n == history.Unknown {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

// compared is a number and what it is compared with.
type compared struct {
	Before *int64 `json:"before"`
	Change *int64 `json:"change"`
}

func compare(now, before int64, hasBefore bool) compared {
	if !hasBefore {
		return compared{}
	}
	change := now - before
	return compared{&before, &change}
}

func (c compared) cells() []string { return []string{digits(c.Before), digits(c.Change)} }
