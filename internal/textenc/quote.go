package textenc

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxQuoted bounds how much of a value an error shows, in bytes.
const maxQuoted = 80

// Cut returns the beginning of s that an error may show, without half a character at its
// end.
func Cut(s string) string {
	if len(s) <= maxQuoted {
		return s
	}
	n := maxQuoted
	for n > maxQuoted-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Quote quotes s for an error, or its beginning followed by its length.
func Quote(s string) string {
	if c := Cut(s); len(c) < len(s) {
		return fmt.Sprintf("%q... (%d bytes)", c, len(s))
	}
	return strconv.Quote(s)
}

// Alternatives returns "a, b or c".
func Alternatives(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
