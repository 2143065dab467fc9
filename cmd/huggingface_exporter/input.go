package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
)

// input is a CSV export to import: a file, plain or compressed, or standard
// input. Its records are published ones.
type input struct {
	name string // as messages call it
	file *os.File
	info fs.FileInfo // of a regular file, as it was when it was opened; nil for a pipe
	asOf history.AsOf
	// failed is the error that rows has ended with.
	failed error
}

// openInput opens a file by its name. Its records are as old as the file is: its
// modification time, or now if that lies in the future. So an older export that
// is imported after a newer one does not undo it. What comes through a pipe is
// of now.
func openInput(name string) (*input, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("expected a file, got the folder %s; name the files in it", name)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	in := &input{name: name, file: f, asOf: history.AsOfTime(time.Now())}
	if info.Mode().IsRegular() {
		in.info = info
		in.asOf = min(in.asOf, history.AsOfTime(info.ModTime()))
	}
	return in, nil
}

// standardInput returns standard input as an input. Its records are of now.
func standardInput(f *os.File) *input {
	return &input{name: "standard input", file: f, asOf: history.AsOfTime(time.Now())}
}

func (in *input) close() { in.file.Close() }

// size returns the number of bytes to read, -1 if it is not known.
func (in *input) size() int64 {
	if in.info == nil {
		return -1
	}
	return in.info.Size()
}

// rows reads the records, once; all that is wrong with the input is an error of
// the stream: also that there is no record in it, and that it changed while it
// was read, as a file does that is still being written.
func (in *input) rows(bar *progress) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		in.failed = in.read(bar, func(rows *history.Rows) bool { return yield(rows, nil) })
		if in.failed != nil {
			yield(nil, in.failed)
		}
	}
}

// read hands over the blocks until take has enough.
func (in *input) read(bar *progress, take func(*history.Rows) bool) error {
	text, err := decompress(in.name, bar.reader(in.file))
	if err != nil {
		return tooShort(fmt.Errorf("%s: %w", in.name, err))
	}
	defer text.Close()
	found := false
	for rows, err := range hubcsv.Read(text, hubcsv.Options{
		File:    in.name,
		Version: history.Version{Source: history.Published, AsOf: in.asOf},
	}) {
		if err != nil {
			return tooShort(err)
		}
		found = found || rows.Len() > 0
		if !take(rows) {
			return nil
		}
	}
	return in.check(found)
}

// check says what is wrong with an input that could be read to its end.
func (in *input) check(found bool) error {
	if in.info != nil {
		now, err := os.Stat(in.name)
		if err != nil || !stampOf(now).equal(stampOf(in.info)) {
			return fmt.Errorf("%s: changed while it was read", in.name)
		}
	}
	if !found {
		faults := &history.InputErrors{File: in.name}
		faults.Add(&history.InputError{Line: 1, Want: "at least one record after the header", Value: "none"})
		return faults
	}
	return nil
}

// tooShort explains the error of a compressed file that was cut off.
func tooShort(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: the compressed file ends too early", err)
	}
	return err
}

// stamp tells whether a file is still the one that it was.
type stamp struct {
	size    int64
	modTime time.Time
}

func stampOf(info fs.FileInfo) stamp { return stamp{info.Size(), info.ModTime()} }

func (s stamp) equal(t stamp) bool { return s.size == t.size && s.modTime.Equal(t.modTime) }
