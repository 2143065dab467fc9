package history

import (
	"cmp"
	"fmt"
	"strings"
)

// InputError is one fault of an input.
type InputError struct {
	// Line is where the fault is, from 1; 0 if it is of the whole input. OtherLine is the
	// line it contradicts, 0 if none. Unit is what lines are in an input that is no text,
	// as "row"; "" for lines.
	Line, OtherLine int64
	Unit            string
	// Column is the name of the column, "" if the fault is of the whole line.
	Column string
	// Value is what was found there.
	Value string
	// Want says what was expected.
	Want string
	// Hint says what may have happened to the value, "" if nothing is known of it.
	Hint string
}

// maxQuoted bounds how much of a value an error quotes, in bytes.
const maxQuoted = 80

// Error quotes the fault: "line 7, column downloads: expected ..., got "x"",
// and the hint after it.
func (e *InputError) Error() string {
	var b strings.Builder
	if e.Line > 0 {
		unit := cmp.Or(e.Unit, "line")
		fmt.Fprintf(&b, "%s %d", unit, e.Line)
		if e.OtherLine > 0 {
			fmt.Fprintf(&b, " (against %s %d)", unit, e.OtherLine)
		}
	}
	if e.Column != "" {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "column %s", e.Column)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	v := e.Value
	if len(v) > maxQuoted {
		fmt.Fprintf(&b, "expected %s, got %q... (%d bytes)", e.Want, v[:maxQuoted], len(v))
	} else {
		fmt.Fprintf(&b, "expected %s, got %q", e.Want, v)
	}
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// maxListed is how many faults of an input are listed; the rest is counted.
const maxListed = 10

// InputErrors are the faults of one input: the first ten, and how many there are.
type InputErrors struct {
	// File names the input, "" if it has no name.
	File   string
	Listed []*InputError
	Count  int64
	// Why says why the input is refused for them, "" if each is reason enough.
	Why string
}

// Add counts a fault and lists it if it is among the first ten. What e holds is
// kept, so it must not point into memory that is used again.
func (e *InputErrors) Add(fault *InputError) {
	e.Count++
	if len(e.Listed) < maxListed {
		e.Listed = append(e.Listed, fault)
	}
}

// Full reports whether further faults are only counted, so that the caller can
// spare itself the work of describing them.
func (e *InputErrors) Full() bool { return len(e.Listed) >= maxListed }

// Err returns e, or nil if no fault was added.
func (e *InputErrors) Err() error {
	if e.Count == 0 {
		return nil
	}
	return e
}

// Error lists the faults, a line each, the name of the input before each, and why they
// matter.
func (e *InputErrors) Error() string {
	var b strings.Builder
	prefix := ""
	if e.File != "" {
		prefix = e.File + ": "
	}
	for i, f := range e.Listed {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(prefix)
		b.WriteString(f.Error())
	}
	if more := e.Count - int64(len(e.Listed)); more > 0 {
		fmt.Fprintf(&b, "\n%sand %d more", prefix, more)
	}
	if e.Why != "" {
		b.WriteString("\n" + prefix + e.Why)
	}
	return b.String()
}
