package segment

import (
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Records is an open file of records. It may be read from several goroutines.
type Records struct{ *file }

// OpenRecords opens a file of records and verifies its checksum, so it reads all
// of its bytes once. A file that is not whole, not ours or too new gives an error
// that names it and wraps ErrDamaged, ErrForeign or ErrNewer; a file that cannot
// be opened gives the error of the operating system.
func OpenRecords(name string) (*Records, error) {
	f, err := openFile(name, formatRecords, recordColumns)
	if err != nil {
		return nil, err
	}
	return &Records{f}, nil
}

// NumRecords returns the number of records in the file.
func (r *Records) NumRecords() int64 { return r.parquet.NumRows() }

// NumGroups returns the number of row groups. A file that was written grouped by
// repository has each repository in one of them alone, unless it has more than
// half a million records.
func (r *Records) NumGroups() int { return r.numGroups() }

// All returns the records of the file, with their versions and without totals.
// Where versions change from row to row the rows are regrouped to make longer
// blocks, so the order is not always that of the file.
func (r *Records) All() history.RowSeq { return r.groups(0, r.numGroups()) }

// Group returns the records of row group i, from 0, as All does. Groups may be
// read at the same time.
func (r *Records) Group(i int) history.RowSeq { return r.groups(i, i+1) }

func (r *Records) groups(from, to int) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		rr := recordReader{file: r.file, index: make(map[history.Repo]uint32)}
		for g := from; g < to; g++ {
			more, err := rr.group(g, yield)
			if err != nil {
				yield(nil, err)
				return
			}
			if !more {
				return
			}
		}
	}
}

// recordReader reads row groups of a file as one stream.
type recordReader struct {
	file *file
	cols [numRecordColumns]*cursor
	// rows is the block that is handed out, index finds a repository in its
	// dictionary.
	rows  history.Rows
	index map[history.Repo]uint32
	// pairs leads from a type and a name, by their entries in the dictionaries of
	// the row group, to the dictionary of rows; 0 is not known yet, 1 the first.
	pairs   [][]uint32
	sources []history.Source
	regroup regrouper
}

// group hands out the rows of row group g. It returns false if yield did.
func (r *recordReader) group(g int, yield func(*history.Rows, error) bool) (bool, error) {
	for i := range r.cols {
		r.cols[i] = r.file.open(i, g)
		defer r.cols[i].close()
	}
	r.pairs, r.sources = nil, nil
	for left := int(r.file.numRows(g)); left > 0; {
		n := left
		for _, c := range r.cols {
			if err := c.load(); err != nil {
				return false, err
			}
			if c.rows == 0 {
				return false, damaged(r.file.name, "column %s ends %d rows before its row group", c.spec, left)
			}
			n = min(n, c.rows)
		}
		if err := r.dictionaries(); err != nil {
			return false, err
		}
		more, err := r.stretch(n, yield)
		if err != nil || !more {
			return false, err
		}
		for _, c := range r.cols {
			c.skip(n, n)
		}
		left -= n
	}
	return true, nil
}

// dictionaries makes ready what follows from the dictionaries of the row group.
func (r *recordReader) dictionaries() error {
	if r.pairs != nil {
		return nil
	}
	r.pairs = make([][]uint32, r.cols[recType].entries)
	if n := r.cols[recSource].entries; n > int(history.Published) {
		return damaged(r.file.name, "column %s: expected three sources at most, got %d", r.cols[recSource].spec, n)
	}
	for _, s := range r.cols[recSource].strings {
		v, err := history.ParseSource(s)
		if err != nil {
			return damaged(r.file.name, "column %s: %v", r.cols[recSource].spec, err)
		}
		r.sources = append(r.sources, v)
	}
	return nil
}

// stretch hands out the next n rows of the columns.
func (r *recordReader) stretch(n int, yield func(*history.Rows, error) bool) (bool, error) {
	source, asOf := r.cols[recSource].indexes[:n], r.cols[recAsOf].indexes[:n]
	if r.regroup.sort(source, asOf, r.cols[recAsOf].numbers) {
		for run := range r.regroup.runs() {
			r.rows.Reset()
			for _, i := range run {
				r.append(int(i), int(i)+1)
			}
			i := run[0]
			if more, err := r.emit(source[i], asOf[i], yield); err != nil || !more {
				return false, err
			}
		}
		return true, nil
	}
	for i := 0; i < n; {
		j, end := i+1, min(n, i+history.BlockRows)
		for j < end && source[j] == source[i] && asOf[j] == asOf[i] {
			j++
		}
		r.rows.Reset()
		r.append(i, j)
		if more, err := r.emit(source[i], asOf[i], yield); err != nil || !more {
			return false, err
		}
		i = j
	}
	return true, nil
}

// append adds rows i..j of the columns to the block.
func (r *recordReader) append(i, j int) {
	for _, d := range r.cols[recDay].int32s[i:j] {
		r.rows.Day = append(r.rows.Day, history.Day(d))
	}
	r.rows.Downloads = append(r.rows.Downloads, r.cols[recDownloads].int64s[i:j]...)
	types, repos := r.cols[recType].indexes[i:j], r.cols[recRepo].indexes[i:j]
	for k := 0; k < len(repos); {
		t, n := types[k], repos[k]
		id := r.repo(t, n)
		for k < len(repos) && repos[k] == n && types[k] == t {
			r.rows.Repo = append(r.rows.Repo, id)
			k++
		}
	}
}

// repo returns the place in the dictionary of the block of a type and a name.
func (r *recordReader) repo(typ, name int32) uint32 {
	if r.pairs[typ] == nil {
		r.pairs[typ] = make([]uint32, r.cols[recRepo].entries)
	}
	if id := r.pairs[typ][name]; id > 0 {
		return id - 1
	}
	repo := history.Repo{
		Type: history.RepoType(r.cols[recType].strings[typ]),
		Name: r.cols[recRepo].strings[name],
	}
	id, ok := r.index[repo]
	if !ok {
		id = uint32(len(r.rows.Repos))
		r.index[repo] = id
		r.rows.Repos = append(r.rows.Repos, history.RepoTotal{Repo: repo, Total: history.Unknown})
	}
	r.pairs[typ][name] = id + 1
	return id
}

// emit checks the block and hands it out.
func (r *recordReader) emit(source, asOf int32, yield func(*history.Rows, error) bool) (bool, error) {
	for i, d := range r.rows.Day {
		if n := r.rows.Downloads[i]; n < 0 || d < history.MinDay || d > history.MaxDay {
			return false, damaged(r.file.name, "a record of %d downloads on day %d", n, int32(d))
		}
	}
	r.rows.Version = history.Version{
		Source: r.sources[source],
		AsOf:   history.AsOf(r.cols[recAsOf].numbers[asOf]),
	}
	return yield(&r.rows, nil), nil
}
