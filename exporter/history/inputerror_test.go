package history

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestInputError(t *testing.T) {
	f := func(e InputError, want string) {
		t.Helper()
		if got := e.Error(); got != want {
			t.Errorf("expected %s\ngot      %s", want, got)
		}
	}
	f(InputError{Line: 7, Column: "downloads", Value: "x", Want: "a whole number"},
		`line 7, column downloads: expected a whole number, got "x"`)
	f(InputError{Line: 9, OtherLine: 2, Column: "downloads", Value: "4", Want: "the number of line 2, 3"},
		`line 9 (against line 2), column downloads: expected the number of line 2, 3, got "4"`)
	f(InputError{Unit: "row", Line: 9, OtherLine: 2, Value: "4", Want: "3"}, `row 9 (against row 2): expected 3, got "4"`)
	f(InputError{Line: 3, Value: "a,b", Want: "5 fields"}, `line 3: expected 5 fields, got "a,b"`)
	f(InputError{Column: "total", Value: "-1", Want: "a number from 0 up"},
		`column total: expected a number from 0 up, got "-1"`)
	f(InputError{Want: "a header row"}, `expected a header row, got ""`)
	// Without a line there is none to be against.
	f(InputError{OtherLine: 4, Value: "1", Want: "2"}, `expected 2, got "1"`)
	// Values are quoted, so that they cannot break a line of a log.
	f(InputError{Line: 1, Value: "<html>\n\x00", Want: "a header row"},
		`line 1: expected a header row, got "<html>\n\x00"`)
	f(InputError{Line: 1, Value: strings.Repeat("y", 80), Want: "z"},
		`line 1: expected z, got "`+strings.Repeat("y", 80)+`"`)
	f(InputError{Line: 1, Value: strings.Repeat("y", 1000), Want: "z"},
		`line 1: expected z, got "`+strings.Repeat("y", 80)+`"... (1000 bytes)`)
}

func TestInputErrors(t *testing.T) {
	f := func(file string, faults int, listed int, last string) {
		t.Helper()
		e := &InputErrors{File: file}
		for i := range faults {
			if full := i >= 10; e.Full() != full {
				t.Errorf("after %d faults: expected Full %v", i, full)
			}
			e.Add(&InputError{Line: int64(i + 1), Value: "v", Want: "w"})
		}
		if len(e.Listed) != listed || e.Count != int64(faults) {
			t.Errorf("expected %d of %d faults listed, got %d of %d", listed, faults, len(e.Listed), e.Count)
		}
		lines := strings.Split(e.Error(), "\n")
		if got := lines[len(lines)-1]; got != last {
			t.Errorf("expected the last line %q, got %q", last, got)
		}
		for i, line := range lines[:listed] {
			prefix := ""
			if file != "" {
				prefix = file + ": "
			}
			if want := fmt.Sprintf(`%sline %d: expected w, got "v"`, prefix, i+1); line != want {
				t.Errorf("expected %q, got %q", want, line)
			}
		}
	}
	f("", 1, 1, `line 1: expected w, got "v"`)
	f("x.csv", 1, 1, `x.csv: line 1: expected w, got "v"`)
	f("x.csv", 10, 10, `x.csv: line 10: expected w, got "v"`)
	f("x.csv", 11, 10, "x.csv: and 1 more")
	f("", 5000, 10, "and 4990 more")
}

func TestErrOfNoFaults(t *testing.T) {
	var e InputErrors
	if err := e.Err(); err != nil {
		t.Errorf("expected no error, got %v", err)
	}
	e.Add(&InputError{Line: 1, Want: "w"})
	err := fmt.Errorf("import: %w", e.Err())
	var back *InputErrors
	if !errors.As(err, &back) || back != &e {
		t.Errorf("expected to find the faults in %v", err)
	}
}
