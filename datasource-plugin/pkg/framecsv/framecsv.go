//gosec:disable G115 -- counts and days are checked; there are fewer repositories than 2^32

// Package framecsv writes data frames as the CSV record format.
//
// A frame that has the fields repoType, repoName, total, timestamp and downloads,
// in any order and among others, becomes the rows of the same records, which
// exporter/hubcsv writes. Whose frames they are does not matter: panels, expressions
// and transformations may have turned counts into other kinds of numbers and made
// fields nullable. What is no record - a missing field, a null, half a download, a
// timestamp that is not the midnight of a UTC day - is a FrameError that names field,
// row and value.
package framecsv

import (
	"fmt"
	"io"
	"strconv"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// Write writes the header and the frames to w. An error is one of w or of the
// options, or a *FrameError; the frames before are then written.
func Write(w io.Writer, o hubcsv.WriterOptions, frames ...*data.Frame) error {
	cw := hubcsv.NewWriterOptions(w, o)
	for rows, err := range Rows(frames...) {
		if err != nil {
			if e := cw.Flush(); e != nil {
				return e
			}
			return err
		}
		if err := cw.WriteRows(rows); err != nil {
			return err
		}
	}
	return cw.Flush()
}

// blockRows is how many rows a block has.
const blockRows = 1024

// Rows returns the rows of the frames. Each frame needs the five fields of the record
// format by name, in any order, nullable or not: strings, strings, numbers, times,
// numbers. A number is of any integer type, or a whole float64, and not negative. A
// null is accepted in total alone, where it stands for a total that is not known. A
// frame without fields is one without data.
//
// An error is a *FrameError, and ends the rows.
func Rows(frames ...*data.Frame) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		d := dictionary{index: make(map[history.RepoTotal]uint32), rows: history.Rows{
			Repo: make([]uint32, blockRows), Day: make([]history.Day, blockRows), Downloads: make([]int64, blockRows),
		}}
		for _, f := range frames {
			if f == nil || len(f.Fields) == 0 {
				continue
			}
			c, err := columnsOf(f)
			for from := 0; err == nil && from < c.rows; from += blockRows {
				if err = d.fill(c, from, min(from+blockRows, c.rows)); err == nil && !yield(&d.rows, nil) {
					return
				}
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// dictionary makes blocks of rows, whose repositories it numbers.
type dictionary struct {
	rows  history.Rows
	index map[history.RepoTotal]uint32
	next  []uint32 // the repository of the row after the last row of each
	last  uint32
}

// maxSkipped is how many repositories a row may leave out and still be predicted.
const maxSkipped = 3

// fill makes rows the rows of c from from to to.
func (d *dictionary) fill(c *columns, from, to int) error {
	n := to - from
	repos, days, counts := d.rows.Repo[:n], d.rows.Day[:n], d.rows.Downloads[:n]
	d.rows.Repo, d.rows.Day, d.rows.Downloads = repos, days, counts
	for i := range n {
		row := from + i
		days[i], counts[i] = c.day(row), c.count(downloads, row)
		kind, name, sum := c.text(repoType, row), c.text(repoName, row), c.count(total, row)
		if days[i] == history.NoDay || counts[i] < 0 || sum == notACount || kind == "" || name == "" {
			return c.faultOf(row)
		}
		repos[i] = d.find(kind, name, sum)
	}
	return nil
}

// find returns the number of a repository. It is predicted by the repository that
// followed the one of the row before the last time, or soon after: some days lack
// some repositories. That holds in both orders of an export.
func (d *dictionary) find(kind, name string, total int64) uint32 {
	if len(d.next) > 0 {
		i := d.last
		for range maxSkipped + 1 {
			i = d.next[i]
			if r := &d.rows.Repos[i]; r.Total == total && r.Repo.Name == name && string(r.Repo.Type) == kind {
				d.last = i
				return i
			}
		}
	}
	r := history.RepoTotal{Repo: history.Repo{Type: history.RepoType(kind), Name: name}, Total: total}
	i, ok := d.index[r]
	if !ok {
		i = uint32(len(d.next))
		d.rows.Repos, d.next, d.index[r] = append(d.rows.Repos, r), append(d.next, i), i
	}
	d.next[d.last], d.last = i, i
	return i
}

// FrameError says why a frame cannot be written.
type FrameError struct {
	// Frame is the name of the frame, and Field the field of the record format at fault.
	Frame, Field string
	// Row is the index of the row, from 0; -1 if the whole field is at fault.
	Row int
	// Value is what was found there, and Want what was expected.
	Value, Want string
}

// Error quotes the fault: `frame "export", field downloads, row 7: expected ..., got "x"`.
func (e *FrameError) Error() string {
	where := "frame "
	if e.Frame != "" {
		where += strconv.Quote(e.Frame) + ", "
	}
	where += "field " + e.Field
	if e.Row >= 0 {
		where += fmt.Sprintf(", row %d", e.Row)
	}
	return where + ": expected " + e.Want + ", got " + textenc.Quote(e.Value)
}
