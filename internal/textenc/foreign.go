package textenc

import "bytes"

// foreign is how content begins that comes where CSV was expected.
var foreign = []struct{ begins, what string }{
	{"<", "an HTML or XML page"},
	{"{", "a JSON document"},
	{"[", "a JSON document"},
	{"\x1f\x8b", "compressed data (gzip)"},
	{"\x28\xb5\x2f\xfd", "compressed data (zstd)"},
	{"\xfd7zXZ\x00", "compressed data (xz): decompress it first"},
	{"BZh", "compressed data (bzip2): decompress it first"},
	{"PK\x03\x04", "compressed data (zip), or a workbook of a spreadsheet"},
	{"PAR1", "a Parquet file"},
	{"\xff\xfe", "text in UTF-16"},
	{"\xfe\xff", "text in UTF-16"},
}

// ForeignToCSV says what content is that cannot be CSV by its beginning, with the piece of
// it that shows it, or "" if it may be CSV.
func ForeignToCSV(text []byte) (value []byte, what string) {
	for _, f := range foreign {
		if bytes.HasPrefix(text, []byte(f.begins)) {
			return text, f.what
		}
	}
	if len(text) > 1 && (text[0] == 0) != (text[1] == 0) {
		return text, "text in UTF-16"
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	line, more, cr := bytes.Cut(line, []byte("\r"))
	if cr && len(more) > 0 && bytes.Count(line, []byte(`"`))%2 == 0 {
		return line, "lines that end with only CR"
	}
	return nil, ""
}

// OtherSeparator says what stands between the fields of a header row in place of commas,
// "" if that is nothing known.
func OtherSeparator(line []byte) string {
	if bytes.Contains(line, []byte(",")) {
		return ""
	}
	for _, s := range []struct{ separator, what string }{{";", "semicolons"}, {"\t", "tabs"}, {"|", "vertical bars"}} {
		if bytes.Contains(line, []byte(s.separator)) {
			return s.what
		}
	}
	return ""
}
