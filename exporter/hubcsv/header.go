package hubcsv

import (
	"bytes"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// header is what the header row says.
type header struct {
	found    bool
	names    []string        // of all columns of the input
	cols     [numColumns]int // where the columns of the format are among them
	standard bool            // the columns are those of the format, in its order
}

const wantHeader = "the header " + Header

// readHeader reads the header row, which the splitter has taken apart. It
// reports whether the columns of the format are all there.
func (p *parser) readHeader(line []byte) bool {
	h := &p.header
	for _, f := range p.split.fields {
		h.names = append(h.names, string(f))
	}
	missing := 0
	for i, name := range columnNames {
		h.cols[i] = slices.Index(h.names, name)
		if h.cols[i] < 0 {
			missing++
		}
	}
	if missing == numColumns {
		if !p.separatorFault(line) {
			p.fault("", line, expected{want: wantHeader})
		}
		return false
	}
	for i, name := range columnNames {
		if h.cols[i] < 0 {
			p.fault(name, line, expected{want: "this column in the header"})
		} else if slices.Contains(h.names[h.cols[i]+1:], name) {
			p.fault(name, line, expected{want: "this column only once in the header"})
		}
	}
	h.found = p.errs.Count == 0
	h.standard = slices.Equal(h.names, columnNames[:])
	return h.found
}

// separatorFault counts the fault of a header row whose fields are separated otherwise,
// and reports whether they are.
func (p *parser) separatorFault(line []byte) bool {
	other := textenc.OtherSeparator(line)
	if other != "" {
		p.fault("", line, expected{wantHeader + ", with commas and not " + other, hintDate})
	}
	return other != ""
}

var bom = []byte("\xef\xbb\xbf")

// refuse looks at the beginning of the text before its first line is complete.
// If that cannot be a CSV of ours it counts the fault and returns true. It
// returns false as long as the text may turn out to be one.
func (p *parser) refuse(b []byte) bool {
	if len(p.carry) > 0 {
		return false // a header row that goes on
	}
	b = bytes.TrimPrefix(b, bom)
	text := bytes.TrimLeft(b, " \t\r\n")
	blank := b[:len(b)-len(text)]
	value, what := textenc.ForeignToCSV(text)
	if what == "" || !p.linesFit(blank) {
		return false
	}
	p.line += int64(bytes.Count(blank, lf))
	p.fault("", beginning(value), expected{want: wantHeader + ", not " + what})
	return true
}

// linesFit reports whether no line of b is too long: otherwise that is the
// fault, however much of the text was read at once.
func (p *parser) linesFit(b []byte) bool {
	for line := range bytes.Lines(b) {
		if len(trimLineEnd(line)) > p.MaxLineBytes {
			return false
		}
	}
	return true
}
