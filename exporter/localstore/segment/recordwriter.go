package segment

import (
	"fmt"
	"io"
	"math"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// WriteRecords writes a stream of records to w as one file and returns how many
// they were. Each record needs its version (history.RecordsQuery.Versions). Any
// order will do; grouped by repository (history.OrderRepo) the file is smallest
// and is read fastest. Memory does not grow beyond an encoded row group.
//
// An error of the stream is returned as it came. What was written to w before an
// error is of no use.
func WriteRecords(w io.Writer, rows history.RowSeq) (int64, error) {
	f, err := newFileWriter(w, formatRecords, recordColumns, "")
	if err != nil {
		return 0, err
	}
	rw := recordWriter{fileWriter: f, group: 1, last: math.MaxUint32}
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
	// repos has for each repository of the stream its indexes in the dictionaries of
	// row group number group.
	repos []localRepo
	group uint32
	// last is the repository of the last row, version its version.
	last    uint32
	version localVersion
}

type localRepo struct {
	typ, repo int32
	group     uint32
}

type localVersion struct {
	history.Version
	source, asOf int32
	group        uint32
}

func (w *recordWriter) add(r *history.Rows) error {
	v := r.Version
	if v.Source < history.Estimated || v.Source > history.Published {
		return fmt.Errorf("expected records with their versions, got the version %s", v.Source)
	}
	for len(w.repos) < len(r.Repos) {
		w.repos = append(w.repos, localRepo{})
	}
	days, downloads := w.chunks[recDay], w.chunks[recDownloads]
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
		at := w.local(repo, r.Repos)
		w.useVersion(v)
		w.repeat(recType, at.typ, j-i)
		w.repeat(recRepo, at.repo, j-i)
		w.repeat(recSource, w.version.source, j-i)
		w.repeat(recAsOf, w.version.asOf, j-i)
		w.rows += j - i
		w.last = repo
		i = j
	}
	return nil
}

// repeat adds an entry of the dictionary of a column n times.
func (w *recordWriter) repeat(column int, index int32, n int) {
	s := w.chunks[column].int32s
	for range n {
		s = append(s, index)
	}
	w.chunks[column].int32s = s
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

// local returns the indexes of a repository in the dictionaries of the row group.
func (w *recordWriter) local(repo uint32, repos []history.RepoTotal) localRepo {
	at := &w.repos[repo]
	if at.group != w.group {
		r := repos[repo].Repo
		*at = localRepo{
			typ:   w.chunks[recType].dict.text(string(r.Type)),
			repo:  w.chunks[recRepo].dict.text(r.Name),
			group: w.group,
		}
	}
	return *at
}

// useVersion finds the indexes of a version in the dictionaries of the row group.
func (w *recordWriter) useVersion(v history.Version) {
	if w.version.Version == v && w.version.group == w.group {
		return
	}
	if w.version.Source != v.Source || w.version.group != w.group {
		w.version.source = w.chunks[recSource].dict.text(v.Source.String())
	}
	w.version.asOf = w.chunks[recAsOf].dict.number(int64(v.AsOf))
	w.version.Version, w.version.group = v, w.group
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
	w.group++
	return w.fileWriter.endGroup()
}
