// Package framecsv writes data frames as the CSV record format.
//
// A frame that has the fields repoType, repoName, total, timestamp and downloads,
// in any order and among others, becomes the rows that exporter/record writes of
// the same records, byte for byte:
//
//	repoType,repoName,total,timestamp,downloads
//	model,org/name,4362460,2021-01-22T00:00:00.000Z,4
//
// Whose frames they are does not matter: panels, expressions and transformations
// may have turned counts into other kinds of numbers and made fields nullable. What
// is no record - a missing field, a null, half a download, a timestamp that is not
// the midnight of a UTC day - is a FrameError that names field, row and value.
//
// Writing costs no memory a row. The text that rows of a repository begin with is
// made once and found again by the repository that came next the last time, which
// foresees both orders of an export.
package framecsv

import (
	"fmt"
	"io"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
)

// Options may be left zero: the record format itself, byte for byte.
type Options struct {
	// Separator stands between fields: ',' (0 stands for it), ';' or tab.
	Separator rune
	// Spreadsheet begins the file with a byte order mark, by which spreadsheets
	// know UTF-8, and puts an apostrophe before types and names that begin with
	// = + - @ tab or CR, which spreadsheets would run as a formula. Numbers and
	// timestamps never begin like that, and stay what they are.
	Spreadsheet bool
}

// Validate says whether a Writer can be made of o.
func (o Options) Validate() error {
	switch o.Separator {
	case 0, ',', ';', '\t':
		return nil
	}
	return fmt.Errorf("CSV separator: expected a comma, a semicolon or a tab, got %q", o.Separator)
}

// byteOrderMark is that of UTF-8.
const byteOrderMark = "\ufeff"

// Writer appends frames as CSV. It remembers the repositories it has met, in a
// bounded memory, so that one Writer for all frames of an export is faster than one
// for each. It may not be used from several goroutines at once.
type Writer struct {
	options  Options
	err      error // of the options
	prefixes prefixes
	calendar calendar
}

// NewWriter returns a writer. With options that are not valid every AppendFrame
// returns the error of Options.Validate.
func NewWriter(o Options) *Writer {
	err := o.Validate()
	if o.Separator == 0 || err != nil {
		o.Separator = ','
	}
	return &Writer{options: o, err: err, prefixes: newPrefixes(o), calendar: newCalendar(byte(o.Separator))}
}

// AppendHeader appends the header row, after the byte order mark if there is one.
func (w *Writer) AppendHeader(b []byte) []byte {
	if w.options.Spreadsheet {
		b = append(b, byteOrderMark...)
	}
	for i, name := range fieldNames {
		if i > 0 {
			b = append(b, byte(w.options.Separator))
		}
		b = append(b, name...)
	}
	return append(b, '\n')
}

// AppendFrame appends the rows of a frame. The frame needs the five fields of the
// record format by name, in any order, nullable or not: strings, strings, numbers,
// times, numbers. A number is of any integer type, or a whole float64, and not
// negative. A null is let through in total alone, where it stands for a total that
// was never told. A frame without fields is one without data.
//
// An error is a *FrameError, or that of the options; nothing is appended then.
func (w *Writer) AppendFrame(b []byte, f *data.Frame) ([]byte, error) {
	if w.err != nil {
		return b, w.err
	}
	if f == nil || len(f.Fields) == 0 {
		return b, nil
	}
	c, err := layoutOf(f)
	if err != nil {
		return b, err
	}
	out, err := w.appendRows(b, &c)
	if err != nil {
		return b, err
	}
	return out, nil
}

// ContentType is the media type of what a Writer writes.
const ContentType = hubcsv.ContentType

// Write writes the header and the frames to w, frame by frame. An error is one of w,
// or as that of Writer.AppendFrame; the frames before are then written.
func Write(w io.Writer, o Options, frames ...*data.Frame) error {
	if err := o.Validate(); err != nil {
		return err
	}
	cw := NewWriter(o)
	b := cw.AppendHeader(nil)
	for _, f := range frames {
		var err error
		if b, err = cw.AppendFrame(b, f); err != nil {
			return err
		}
		if err := writeAll(w, b); err != nil {
			return err
		}
		b = b[:0]
	}
	return writeAll(w, b)
}

func writeAll(w io.Writer, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	n, err := w.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return err
}
