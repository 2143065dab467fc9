// Package format names the formats of records, apart from the code that writes
// them: a client of the API links none of that.
package format

import (
	"fmt"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/rowstream"
)

// Format is a way to write records. The zero value is none.
type Format uint8

const (
	// CSV is the Hub's own record format, byte for byte.
	CSV Format = iota + 1
	// JSONL is a JSON object a line.
	JSONL
	// Parquet is a Parquet file.
	Parquet
	// Rows is what programs of this project exchange, no format of files: see
	// rowstream. It always has versions.
	Rows
)

// names has the name of each format, its media type and other names of that.
var names = [...]struct {
	name, contentType string
	mediaTypes        []string
}{
	CSV:     {"csv", hubcsv.ContentType, []string{"text/csv"}},
	JSONL:   {"jsonl", "application/x-ndjson; charset=utf-8", []string{"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}},
	Parquet: {"parquet", "application/vnd.apache.parquet", []string{"application/vnd.apache.parquet", "application/x-parquet"}},
	Rows:    {"rows", rowstream.ContentType, []string{rowstream.ContentType}},
}

// Files lists the formats of files, the default first.
func Files() []Format { return []Format{CSV, JSONL, Parquet} }

// Parse reads the name of a format of files: csv, jsonl or parquet.
func Parse(s string) (Format, error) {
	for _, f := range Files() {
		if s == f.String() {
			return f, nil
		}
	}
	return 0, fmt.Errorf("expected csv, jsonl or parquet, got %q", s)
}

// String returns csv, jsonl, parquet or rows.
func (f Format) String() string {
	if f < CSV || f > Rows {
		return fmt.Sprintf("Format(%d)", uint8(f))
	}
	return names[f].name
}

// ContentType returns the media type, with its character set where it is text.
func (f Format) ContentType() string { return names[f].contentType }

// MediaTypes returns the names that clients may use for the media type.
func (f Format) MediaTypes() []string { return names[f].mediaTypes }

// FileName names a file of the records that filter selects, of those days: by the
// repository, group or organization and the repo type, if one is selected, and the days. It has nothing
// that a header or a file system could take for something else.
func (f Format) FileName(filter history.Filter, days history.Days) string {
	parts := []string{"publisher-analytics"}
	subject := ""
	switch {
	case len(filter.Repos) == 1:
		subject = filter.Repos[0]
	case len(filter.Groups) == 1:
		subject = filter.Groups[0]
	case len(filter.Orgs) == 1:
		subject = filter.Orgs[0]
	}
	if subject = safeName(subject); subject != "" {
		parts = append(parts, subject)
	}
	if len(filter.RepoTypes) == 1 {
		if repoType := safeName(string(filter.RepoTypes[0])); repoType != "" {
			parts = append(parts, repoType)
		}
	}
	if days.Len() > 0 {
		parts = append(parts, days.From.String(), days.To.String())
	}
	return strings.Join(parts, "_") + "." + f.String()
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
