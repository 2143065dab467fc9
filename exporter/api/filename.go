package api

import (
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/export"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// CSVFileName returns the name that the API gives to a file of the records that f
// selects, of those days. It can stand in a header as it is.
func CSVFileName(f history.Filter, days history.Days) string { return fileName(f, days, export.CSV) }

// fileName names an export by what it is of: the repository or organisation, if
// one is selected, and the days. It holds nothing that a header or a file
// system could take for something else.
func fileName(f history.Filter, days history.Days, format export.Format) string {
	parts := []string{"publisher-analytics"}
	subject := ""
	switch {
	case len(f.Repos) == 1:
		subject = f.Repos[0]
	case len(f.Orgs) == 1:
		subject = f.Orgs[0]
	}
	if subject = safeName(subject); subject != "" {
		parts = append(parts, subject)
	}
	if d := daysOf(days); d != nil {
		parts = append(parts, d.From.String(), d.To.String())
	}
	return strings.Join(parts, "_") + format.Extension()
}

// safeName returns s with everything but ASCII letters, digits, "-", "_" and single
// "." replaced, at most 100 bytes long.
func safeName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '_', r == '.':
			return r
		}
		return '-'
	}, s)
	for strings.Contains(s, "..") { // which no name on the Hub has
		s = strings.ReplaceAll(s, "..", ".")
	}
	return strings.Trim(s[:min(len(s), 100)], "-.")
}
