package segment

import (
	"fmt"
	"io"
	"math"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

const (
	// groupRows is the number of records after which a row group ends, as soon as
	// the repository changes: row groups are read by several processors at once,
	// and share no repository if the records are grouped by it.
	groupRows = 1 << 19
	// pageRows is the number of rows of a page, and so of what a writer or a
	// reader holds at a time.
	pageRows = 1 << 16
	// maxDictionary bounds the dictionary of a row group, in bytes.
	maxDictionary = 64 << 20
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
	rw := newRecordWriter(f)
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
	if err := f.close(); err != nil {
		return 0, err
	}
	return f.meta.NumRows, nil
}

// recordWriter turns blocks into pages and pages into row groups.
type recordWriter struct {
	file   *fileWriter
	enc    *encoder
	chunks []*chunk

	// The page in the making: indexes into the dictionaries of the row group, and
	// values.
	typ, repo, source, asOf, day []int32
	downloads                    []int64

	// rows counts those of the row group, repos has for each repository of the
	// stream its indexes in the dictionaries of row group number group.
	rows  int
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

func newRecordWriter(f *fileWriter) *recordWriter {
	w := &recordWriter{file: f, enc: newEncoder(), group: 1, last: math.MaxUint32}
	for i := range recordColumns {
		w.chunks = append(w.chunks, newChunk(&recordColumns[i]))
	}
	return w
}

func (w *recordWriter) add(r *history.Rows) error {
	v := r.Version
	if v.Source < history.Estimated || v.Source > history.Published {
		return fmt.Errorf("expected records with their versions, got the version %s", v.Source)
	}
	for len(w.repos) < len(r.Repos) {
		w.repos = append(w.repos, localRepo{})
	}
	n := r.Len()
	for i := 0; i < n; {
		repo := r.Repo[i]
		if err := w.makeRoom(repo); err != nil {
			return err
		}
		j, end := i+1, min(n, i+pageRows-len(w.day))
		for j < end && r.Repo[j] == repo {
			j++
		}
		at := w.local(repo, r.Repos)
		w.typ = appendSame(w.typ, at.typ, j-i)
		w.repo = appendSame(w.repo, at.repo, j-i)
		for _, d := range r.Day[i:j] {
			w.day = append(w.day, int32(d))
		}
		w.downloads = append(w.downloads, r.Downloads[i:j]...)
		w.useVersion(v)
		w.source = appendSame(w.source, w.version.source, j-i)
		w.asOf = appendSame(w.asOf, w.version.asOf, j-i)
		w.rows += j - i
		w.last = repo
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
	if len(w.day) == pageRows {
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

func appendSame(s []int32, v int32, n int) []int32 {
	for range n {
		s = append(s, v)
	}
	return s
}

func (w *recordWriter) endPage() error {
	if len(w.day) == 0 {
		return nil
	}
	for i, p := range [...]*[]int32{recType: &w.typ, recRepo: &w.repo, recSource: &w.source, recAsOf: &w.asOf, recDay: &w.day} {
		if p == nil {
			continue
		}
		var err error
		if i == recDay {
			err = w.chunks[i].int32s(w.enc, *p)
		} else {
			err = w.chunks[i].indexes(w.enc, *p, nil)
		}
		if err != nil {
			return err
		}
		*p = (*p)[:0]
	}
	if err := w.chunks[recDownloads].int64s(w.enc, w.downloads, nil); err != nil {
		return err
	}
	w.downloads = w.downloads[:0]
	if err := w.chunks[recDay].within(int64(history.MinDay), int64(history.MaxDay)); err != nil {
		return err
	}
	return w.chunks[recDownloads].within(0, math.MaxInt64)
}

func (w *recordWriter) endGroup() error {
	if err := w.endPage(); err != nil || w.rows == 0 {
		return err
	}
	w.rows = 0
	w.group++
	return w.file.rowGroup(w.enc, w.chunks)
}
