// Package infile opens what people import: CSV exports and archives of listings, in files,
// plain or compressed, and from standard input. All that is wrong with one is an error of
// its rows or readings.
package infile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/archive"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
)

// File is a CSV export, whose records are published ones, or an archive of listings.
type File struct {
	Name string // for messages
	AsOf history.AsOf
	// Size is the number of bytes to read, -1 if it is not known.
	Size int64
	// SkipBadRows sets rows aside that cannot be understood, as long as they are few:
	// hubcsv.Options.
	SkipBadRows bool
	// Notes is what was noticed, once all rows were read without an error.
	Notes history.InputNotes

	file  *os.File
	state State // of a regular file, as it was opened; zero for a pipe
}

// Open opens a file. Its records are as old as the file is: its modification time, or now
// if that lies in the future. So an older export that is imported after a newer one does
// not undo it. What comes through a pipe is of now.
func Open(name string) (*File, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("expected a file, got the directory %s; list its files instead", name)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	f := Pipe(name, file)
	if info.Mode().IsRegular() {
		f.state, f.Size = StateOf(info), info.Size()
		f.AsOf = min(f.AsOf, history.AsOfTime(info.ModTime()))
	}
	return f, nil
}

// Pipe returns what comes through a pipe, such as standard input, as a File.
func Pipe(name string, file *os.File) *File {
	return &File{Name: name, AsOf: history.AsOfTime(time.Now()), Size: -1, file: file}
}

// Close closes the file.
func (f *File) Close() { f.file.Close() }

// Rows reads the records, once. One of a day after tomorrow is a bad row. It is an error of
// the stream, too, that the file changed while it was read, as one does that is still being
// written. wrap, if not nil, may observe what is read.
func (f *File) Rows(wrap func(io.Reader) io.Reader) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		var r io.Reader = f.file
		if wrap != nil {
			r = wrap(r)
		}
		if err := f.read(r, func(rows *history.Rows) bool { return yield(rows, nil) }); err != nil {
			yield(nil, blame(err))
		}
	}
}

// LastDay is the last day that a record or a reading can be of: tomorrow, where the clock
// that wrote it is ahead of ours.
func LastDay() history.Day { return history.DayOf(time.Now()) + 1 }

// blame returns an error as a ContentError, unless the file could not be read.
func blame(err error) error {
	if _, unreadable := errors.AsType[*fs.PathError](err); unreadable {
		return err
	}
	return &ContentError{err}
}

// read yields the blocks until yield returns false.
func (f *File) read(r io.Reader, yield func(*history.Rows) bool) error {
	text, err := decompress(f.Name, r)
	if err != nil {
		return explainCut(fmt.Errorf("%s: %w", f.Name, err))
	}
	defer text.Close()
	for rows, err := range hubcsv.Read(text, hubcsv.Options{
		File:        f.Name,
		Version:     history.Version{Source: history.Published, AsOf: f.AsOf},
		LastDay:     LastDay(),
		SkipBadRows: f.SkipBadRows,
		Notes:       &f.Notes,
	}) {
		if err != nil {
			return explainCut(err)
		}
		if !yield(rows) {
			return nil
		}
	}
	return f.unchanged()
}

// unchanged returns an error if the file is not as it was opened any more.
func (f *File) unchanged() error {
	if f.state == (State{}) {
		return nil
	}
	if info, err := os.Stat(f.Name); err != nil || StateOf(info) != f.state {
		return fmt.Errorf("%s: changed while it was read", f.Name)
	}
	return nil
}

// Readings reads an archive of listings, once, with the same errors as Rows. progress is
// told how many bytes more were dealt with.
func (f *File) Readings(o archive.Options, progress func(bytes int)) history.ReadingSeq {
	return func(yield func(history.Reading, error) bool) {
		o.LastDay, o.SkipBadRows, o.Notes = LastDay(), f.SkipBadRows, &f.Notes
		readings, done, err := f.archive(o, progress)
		if err != nil {
			yield(history.Reading{}, blame(fmt.Errorf("%s: %w", f.Name, err)))
			return
		}
		defer done()
		for r, err := range readings {
			if err != nil {
				err = blame(err)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
		if err := f.unchanged(); err != nil {
			yield(history.Reading{}, blame(err))
		}
	}
}

// archive returns the readings of the file, and what to call once they are read.
func (f *File) archive(o archive.Options, progress func(int)) (history.ReadingSeq, func(), error) {
	head := make([]byte, len(archive.ParquetMagic))
	if f.Size > 0 {
		if _, err := f.file.ReadAt(head, 0); err != nil && err != io.EOF {
			return nil, nil, err
		}
	}
	if string(head) == archive.ParquetMagic {
		return archive.Parquet(f.file, f.Size, f.Name, o, progress), func() {}, nil
	}
	text, err := decompress(f.Name, io.TeeReader(f.file, counter(progress)))
	if err != nil {
		return nil, nil, explainCut(err)
	}
	return archive.Text(unpacked{text}, f.Name, o), func() { text.Close() }, nil
}

// unpacked explains the error of a compressed file that was cut off, so that it is not
// taken for the end of a cut text.
type unpacked struct{ io.Reader }

func (u unpacked) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New(explainCut(err).Error())
	}
	return n, err
}

// counter counts the bytes that are written to it.
type counter func(bytes int)

func (c counter) Write(p []byte) (int, error) {
	c(len(p))
	return len(p), nil
}

// explainCut explains the error of a compressed file that was cut off.
func explainCut(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: the compressed file ends too early", err)
	}
	return err
}

// State is what changes with the content of a file.
type State struct{ size, modTime int64 }

// StateOf returns the State of a file.
func StateOf(info fs.FileInfo) State { return State{info.Size(), info.ModTime().UnixNano()} }

// ContentError is an error that the content of a file has caused: it could be read, and
// is not what it should be.
type ContentError struct{ error }

// Unwrap returns the error itself.
func (e *ContentError) Unwrap() error { return e.error }

// Blame returns err, the error of an append of f's rows, as a ContentError if rows of f
// contradict each other.
func (f *File) Blame(err error) error {
	if faults, ok := errors.AsType[*history.InputErrors](err); ok && faults.File == "" {
		faults.File = f.Name
		return &ContentError{err}
	}
	return err
}
