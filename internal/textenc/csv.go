package textenc

import "strings"

// AppendCSV appends a field of CSV, in quotes where RFC 4180 requires it. separator
// stands between fields.
func AppendCSV(b []byte, field string, separator byte) []byte {
	if strings.IndexByte(field, separator) < 0 && !strings.ContainsAny(field, "\"\r\n") {
		return append(b, field...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(field, `"`, `""`)...)
	return append(b, '"')
}
