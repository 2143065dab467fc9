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
		p.fault("", line, wantHeader)
		return false
	}
	for i, name := range columnNames {
		if h.cols[i] < 0 {
			p.fault(name, line, "this column in the header")
		} else if slices.Contains(h.names[h.cols[i]+1:], name) {
			p.fault(name, line, "this column once in the header")
		}
	}
	h.found = p.errs.Count == 0
	h.standard = slices.Equal(h.names, columnNames[:])
	return h.found
}

var bom = []byte("\xef\xbb\xbf")

// foreign is how texts begin that come where a CSV was expected.
var foreign = []struct{ begins, what string }{
	{"<", "an HTML or XML page"},
	{"{", "a JSON document"},
	{"[", "a JSON document"},
	{"\x1f\x8b", "compressed data (gzip)"},
	{"\x28\xb5\x2f\xfd", "compressed data (zstd)"},
	{"PK\x03\x04", "compressed data (zip)"},
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
	for _, f := range foreign {
		if bytes.HasPrefix(text, []byte(f.begins)) && p.linesFit(blank) {
			p.line += int64(bytes.Count(blank, lf))
			p.fault("", beginning(text), wantHeader+", not "+f.what)
			return true
		}
	}
	return false
}

// linesFit reports whether no line of b is too long: otherwise that is the
// fault, however much of the text was read at once.
func (p *parser) linesFit(b []byte) bool {
	for line := range bytes.Lines(b) {
		if len(trimLineEnd(line)) > p.longest {
			return false
		}
	}
	return true
}
