package hubcsv

import (
	"bytes"
	"slices"
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
			p.fault(name, line, expected{want: "this column once in the header"})
		}
	}
	h.found = p.errs.Count == 0
	h.standard = slices.Equal(h.names, columnNames[:])
	return h.found
}

// otherSeparators are what others put between the fields of a line.
var otherSeparators = []struct{ separator, what string }{
	{";", "semicolons"},
	{"\t", "tabs"},
	{"|", "vertical bars"},
}

// separatorFault counts the fault of a header row whose fields are separated otherwise,
// and reports whether they are.
func (p *parser) separatorFault(line []byte) bool {
	for _, s := range otherSeparators {
		if bytes.Contains(line, []byte(s.separator)) && !bytes.Contains(line, []byte(",")) {
			p.fault("", line, expected{wantHeader + ", with commas and not " + s.what, hintDate})
			return true
		}
	}
	return false
}

var bom = []byte("\xef\xbb\xbf")

// foreign is how texts begin that come where a CSV was expected.
var foreign = []struct{ begins, what string }{
	{"<", "an HTML or XML page"},
	{"{", "a JSON document"},
	{"[", "a JSON document"},
	{"\x1f\x8b", "compressed data (gzip)"},
	{"\x28\xb5\x2f\xfd", "compressed data (zstd)"},
	{"\xfd7zXZ\x00", "compressed data (xz): unpack it first"},
	{"BZh", "compressed data (bzip2): unpack it first"},
	{"PK\x03\x04", "compressed data (zip), or a workbook of a spreadsheet"},
	{"PAR1", "a Parquet file"},
	{"\xff\xfe", "text in UTF-16"},
	{"\xfe\xff", "text in UTF-16"},
}

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
	value, what := foreignTo(text)
	if what == "" || !p.linesFit(blank) {
		return false
	}
	p.line += int64(bytes.Count(blank, lf))
	p.fault("", beginning(value), expected{want: wantHeader + ", not " + what})
	return true
}

// foreignTo says what a text is that cannot be a CSV of ours, with the piece of it that
// shows it, or "" if it may be one.
func foreignTo(text []byte) (value []byte, what string) {
	for _, f := range foreign {
		if bytes.HasPrefix(text, []byte(f.begins)) {
			return text, f.what
		}
	}
	if len(text) > 1 && (text[0] == 0) != (text[1] == 0) {
		return text, "text in UTF-16"
	}
	line, _, _ := bytes.Cut(text, lf)
	line, more, cr := bytes.Cut(line, []byte("\r"))
	if cr && len(more) > 0 && bytes.Count(line, []byte(`"`))%2 == 0 {
		return line, "lines that end with CR alone"
	}
	return nil, ""
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
