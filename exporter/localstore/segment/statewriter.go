package segment

import (
	"io"
	"iter"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// WriteStates writes states to w as one file and returns how many they were.
// companionOf is what States.CompanionOf will tell, "" for nothing.
func WriteStates(w io.Writer, states iter.Seq[history.RepoMeta], companionOf string) (int64, error) {
	f, err := newFileWriter(w, formatStates, stateColumns, companionOf)
	if err != nil {
		return 0, err
	}
	sw := stateWriter{file: f, enc: newEncoder()}
	for i := range stateColumns {
		sw.cols[i].chunk = newChunk(&stateColumns[i])
	}
	var n int64
	for s := range states {
		if err := sw.state(&s); err != nil {
			return 0, err
		}
		n++
	}
	if err := sw.endGroup(); err != nil {
		return 0, err
	}
	if err := f.close(); err != nil {
		return 0, err
	}
	return n, nil
}

// parts are the things that a row can tell of a repository.
type parts uint8

const (
	partTotal parts = 1 << iota
	partListing
	partBase
	partGone
	allParts parts = 1<<iota - 1
)

func knownListing(s *history.RepoMeta) bool {
	return s.LastMonth != history.Unknown || s.Likes != history.Unknown || s.HubID != ""
}

// stateWriter turns states into rows.
type stateWriter struct {
	file *fileWriter
	enc  *encoder
	cols [numStateColumns]statePage
	rows int
}

// statePage is a column of the page in the making. Which of its slices is used
// depends on the column.
type statePage struct {
	chunk   *chunk
	indexes []int32
	values  []int64
	levels  []uint8
}

// state adds the rows of a state.
func (w *stateWriter) state(s *history.RepoMeta) error {
	type row struct {
		parts parts
		asOf  history.AsOf
	}
	var buf [4]row
	rows := buf[:0]
	put := func(part parts, asOf history.AsOf) {
		for i := range rows {
			if rows[i].asOf == asOf {
				rows[i].parts |= part
				return
			}
		}
		rows = append(rows, row{part, asOf})
	}
	if s.Total != history.Unknown || s.TotalAsOf != 0 || s.Highest != history.Unknown || s.Corrected != 0 || s.CorrectedAsOf != 0 {
		put(partTotal, s.TotalAsOf)
	}
	if s.Base != history.Unknown || s.BaseAsOf != 0 {
		put(partBase, s.BaseAsOf)
	}
	if s.MovedTo != "" || s.GoneAsOf != 0 {
		put(partGone, s.GoneAsOf)
	}
	switch {
	case knownListing(s):
		put(partListing, s.ListedAsOf)
	case s.ListedAsOf != 0:
		// A listing that told nothing shows only in a row of its own.
		rows = append(rows, row{partListing, s.ListedAsOf})
	case len(rows) == 0:
		// Nothing but the name is known.
		put(partTotal, 0)
	}
	for _, r := range rows {
		if err := w.row(s, r.parts, r.asOf); err != nil {
			return err
		}
	}
	return nil
}

func (w *stateWriter) row(s *history.RepoMeta, p parts, asOf history.AsOf) error {
	total, listing := p&partTotal != 0, p&partListing != 0
	w.cols[stType].text(string(s.Repo.Type), true)
	w.cols[stRepo].text(s.Repo.Name, true)
	w.cols[stHubID].text(s.HubID, listing && s.HubID != "")
	w.cols[stTotal].number(s.Total, total && s.Total != history.Unknown)
	w.cols[stLastMonth].number(s.LastMonth, listing && s.LastMonth != history.Unknown)
	w.cols[stLikes].number(s.Likes, listing && s.Likes != history.Unknown)
	w.cols[stHighest].number(s.Highest, total && s.Highest != history.Unknown)
	w.cols[stCorrected].number(s.Corrected, total)
	w.cols[stCorrectedAsOf].number(int64(s.CorrectedAsOf), total && s.CorrectedAsOf != 0)
	w.cols[stBase].number(s.Base, p&partBase != 0)
	w.cols[stMovedTo].text(s.MovedTo, p&partGone != 0)
	w.cols[stAsOf].number(int64(asOf), true)
	w.rows++
	if w.rows >= groupRows || len(w.cols[stRepo].chunk.dict.plain) >= maxDictionary {
		return w.endGroup()
	}
	if len(w.cols[stAsOf].indexes) == pageRows {
		return w.endPage()
	}
	return nil
}

func (p *statePage) told(ok bool) bool {
	if p.chunk.spec.optional {
		level := uint8(0)
		if ok {
			level = 1
		}
		p.levels = append(p.levels, level)
	}
	return ok
}

func (p *statePage) text(s string, ok bool) {
	if p.told(ok) {
		p.indexes = append(p.indexes, p.chunk.dict.text(s))
	}
}

func (p *statePage) number(v int64, ok bool) {
	switch {
	case !p.told(ok):
	case p.chunk.spec.dict:
		p.indexes = append(p.indexes, p.chunk.dict.number(v))
	default:
		p.values = append(p.values, v)
	}
}

func (w *stateWriter) endPage() error {
	if len(w.cols[stAsOf].indexes) == 0 {
		return nil
	}
	for i := range w.cols {
		p := &w.cols[i]
		var err error
		if p.chunk.spec.dict {
			err = p.chunk.indexes(w.enc, p.indexes, p.levels)
		} else {
			err = p.chunk.int64s(w.enc, p.values, p.levels)
		}
		if err != nil {
			return err
		}
		p.indexes, p.values, p.levels = p.indexes[:0], p.values[:0], p.levels[:0]
	}
	return nil
}

func (w *stateWriter) endGroup() error {
	if err := w.endPage(); err != nil || w.rows == 0 {
		return err
	}
	w.rows = 0
	var chunks []*chunk
	for i := range w.cols {
		chunks = append(chunks, w.cols[i].chunk)
	}
	return w.file.rowGroup(w.enc, chunks)
}
