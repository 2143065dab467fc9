package segment

import (
	"fmt"
	"io"
	"math"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// WriteRecords writes a stream of records to w as one file and returns how many
// they were. Each record needs its version (history.RecordsQuery.Stored). Any
// order will do; grouped by repository (history.OrderRepo) the file is smallest
// and is read fastest. Memory does not grow beyond an encoded row group.
//
// An error of the stream is returned as it came. What was written to w before an
// error is of no use.
//
// replaces are the names of the files that it takes the place of.
func WriteRecords(w io.Writer, rows history.RowSeq, replaces ...string) (int64, error) {
	f, err := newFileWriter(w, formatRecords, recordColumns, "", replaces)
	if err != nil {
		return 0, err
	}
	rw := recordWriter{fileWriter: f, last: math.MaxUint32}
	for r, err := range rows {
		if err != nil {
			return 0, err
		}
		if err := rw.add(r); err != nil {
			return 0, err
		}
	}
	if err := rw.endGroup(); err != nil {
		return 0, err
	}
	return f.meta.NumRows, f.close()
}

// recordWriter turns blocks into pages and pages into row groups.
type recordWriter struct {
	*fileWriter
	// last is the repository of the last row, source its source.
	last   uint32
	source history.Source
}

func (w *recordWriter) add(r *history.Rows) error {
	v := r.Version
	if v.Source < history.Estimated || v.Source > history.Published {
		return fmt.Errorf("expected records with their versions, got the version %s", v.Source)
	}
	days, downloads := w.chunks[recDay], w.chunks[recDownloads]
	types, names, sources, ages := w.chunks[recType], w.chunks[recRepo], w.chunks[recSource], w.chunks[recAsOf]
	n := r.Len()
	for i := 0; i < n; {
		repo := r.Repo[i]
		if err := w.makeRoom(repo); err != nil {
			return err
		}
		j, end := i+1, min(n, i+pageRows-len(days.int32s))
		for j < end && r.Repo[j] == repo {
			j++
		}
		for _, d := range r.Day[i:j] {
			days.int32s = append(days.int32s, int32(d))
		}
		downloads.int64s = append(downloads.int64s, r.Downloads[i:j]...)
		if w.rows == 0 || repo != w.last {
			types.dict.text(string(r.Repos[repo].Repo.Type))
			names.dict.text(r.Repos[repo].Repo.Name)
		}
		if w.rows == 0 || v.Source != w.source {
			sources.dict.text(v.Source.String())
		}
		ages.dict.number(int64(v.AsOf))
		for _, c := range [...]*chunk{types, names, sources, ages} {
			c.repeatLast(j - i)
		}
		w.rows += j - i
		w.last, w.source = repo, v.Source
		i = j
	}
	return nil
}

// makeRoom ends the page if it is full, and the row group if it is, too.
func (w *recordWriter) makeRoom(repo uint32) error {
	full := w.rows >= groupRows && repo != w.last ||
		w.rows >= 2*groupRows || len(w.chunks[recRepo].dict.plain) >= maxDictionary
	if full {
		return w.endGroup()
	}
	if len(w.chunks[recDay].int32s) == pageRows {
		return w.endPage()
	}
	return nil
}

func (w *recordWriter) endPage() error {
	if len(w.chunks[recDay].int32s) == 0 {
		return nil
	}
	if err := w.fileWriter.endPage(); err != nil {
		return err
	}
	if err := w.chunks[recDay].check(int64(history.MinDay), int64(history.MaxDay)); err != nil {
		return err
	}
	return w.chunks[recDownloads].check(0, math.MaxInt64)
}

func (w *recordWriter) endGroup() error {
	if err := w.endPage(); err != nil {
		return err
	}
	return w.fileWriter.endGroup()
}
