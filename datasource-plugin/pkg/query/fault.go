package query

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// maxQuoted is how much of a value, or of the name of a field, an error shows, in bytes.
const maxQuoted = 80

// Error says what is wrong with a query.
type Error struct {
	// Field is the member of the query or the parameter of the URL, an item of
	// a list with its index as in "orgs[3]". It is "" if the fault is of the whole.
	Field string
	// Message says what was expected and quotes what came, without the field.
	Message string
}

// Error returns the fault with its field.
func (e *Error) Error() string {
	if e.Field == "" {
		return "query: " + e.Message
	}
	return "query field " + e.Field + ": " + e.Message
}

func bad(field, format string, args ...any) *Error {
	return &Error{Field: cut(field), Message: fmt.Sprintf(format, args...)}
}

// cut shortens s to what an error shows of it.
func cut(s string) string {
	if len(s) > maxQuoted {
		// Half a character may be left at the end.
		s = strings.ToValidUTF8(s[:maxQuoted], "")
	}
	return s
}

// quote returns s in quotation marks, shortened if it is long.
func quote(s string) string {
	if c := cut(s); len(c) < len(s) {
		return fmt.Sprintf("%q... (%d bytes)", c, len(s))
	}
	return strconv.Quote(s)
}

// show returns a JSON value as it came, shortened if it is long.
func show(raw []byte) string {
	s := string(raw)
	if c := cut(s); len(c) < len(s) {
		return fmt.Sprintf("%s... (%d bytes)", c, len(s))
	}
	return s
}

// orWords returns "a, b or c".
func orWords[T ~string](words []T) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(string(w))
	}
	return b.String()
}

// variable matches the three ways to write a dashboard variable.
var variable = regexp.MustCompile(`\$\w+|\$\{[^}]*\}|\[\[[^\]]*\]\]`)

// hint explains a value that is still the variable that should have been
// replaced by one, and is "" for every other value.
func hint(value string) string {
	if !variable.MatchString(value) {
		return ""
	}
	return ": nothing has put a value in the place of this variable; alert rules have no dashboard variables"
}
