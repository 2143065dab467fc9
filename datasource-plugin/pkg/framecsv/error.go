package framecsv

import (
	"fmt"
	"strings"
)

// FrameError says why a frame cannot be written.
type FrameError struct {
	// Frame is the name of the frame, "" if it has none.
	Frame string
	// Field is the field of the record format that is at fault.
	Field string
	// Row is the index of the row, from 0; -1 if the whole field is at fault.
	Row int
	// Value is what was found there, and Want what was expected.
	Value, Want string
}

// maxQuoted bounds how much of a value an error quotes, in bytes.
const maxQuoted = 80

// Error quotes the fault: `frame "export", field downloads, row 7: expected ..., got "x"`.
func (e *FrameError) Error() string {
	var b strings.Builder
	b.WriteString("frame ")
	if e.Frame != "" {
		fmt.Fprintf(&b, "%q, ", e.Frame)
	}
	fmt.Fprintf(&b, "field %s", e.Field)
	if e.Row >= 0 {
		fmt.Fprintf(&b, ", row %d", e.Row)
	}
	fmt.Fprintf(&b, ": expected %s, got ", e.Want)
	if len(e.Value) > maxQuoted {
		fmt.Fprintf(&b, "%q... (%d bytes)", strings.ToValidUTF8(e.Value[:maxQuoted], ""), len(e.Value))
	} else {
		fmt.Fprintf(&b, "%q", e.Value)
	}
	return b.String()
}
