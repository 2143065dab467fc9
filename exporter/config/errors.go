package config

import (
	"fmt"
	"strings"
)

// Error is one fault of a configuration file.
type Error struct {
	File string
	// Line is where the fault is, from 1; for a missing field, that of the
	// section it belongs into.
	Line int
	// Field is the path of the field, as in "metrics.include[1]"; "" for a
	// fault of the file as a whole.
	Field string
	// Message says what was expected and quotes what came.
	Message string
}

// Error returns "file:line: field: message".
func (e Error) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
	}
	return fmt.Sprintf("%s:%d: %s: %s", e.File, e.Line, e.Field, e.Message)
}

// Errors are all faults of a configuration file, in the order of its lines. It
// is never empty.
type Errors []Error

// Error lists the faults, a line each.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, fault := range e {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}
