package archive

import (
	"bytes"
	"io"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// selection finds the rows of a row group that may be of the organizations asked for, by
// one of its columns.
type selection struct {
	column column
	// ranges are where the values lie, first and last, that may be of the organizations.
	ranges  [][2]string
	matches func(value []byte) bool
}

// run is a run of rows, to excluded.
type run struct{ from, to int64 }

// selectOrgs returns the selection by the column of organizations, or else by that of the
// names.
func (o *Options) selectOrgs(byOrg bool) *selection {
	if byOrg {
		s := &selection{column: orgColumn, matches: func(v []byte) bool { return o.hasOrg(string(bytes.TrimSpace(v))) }}
		for _, org := range o.Orgs {
			s.ranges = append(s.ranges, [2]string{strings.ToUpper(org), strings.ToLower(org)})
		}
		return s
	}
	s := &selection{column: repoColumn, matches: func(v []byte) bool {
		_, name, _ := parseRepo(string(bytes.TrimSpace(v)))
		return o.hasOrg(history.Repo{Name: name}.Org())
	}}
	for _, org := range o.Orgs {
		s.ranges = append(s.ranges, [2]string{strings.ToUpper(org) + "/", strings.ToLower(org) + "0"})
	}
	for _, address := range []string{"http", "models/", "datasets/", "spaces/"} {
		s.ranges = append(s.ranges, [2]string{address, address + "\xff"})
	}
	return s
}

// rows returns the rows of a chunk that may match, none after a look at its statistics or
// its dictionary if these tell.
func (s *selection) rows(chunk *parquet.FileColumnChunk, meta *format.ColumnMetaData) ([]run, error) {
	if s.outside(chunk) {
		return nil, nil
	}
	pages := chunk.PagesFrom(chunk.File())
	defer pages.Close()
	if without, err := s.notInDictionary(chunk, meta, pages); without || err != nil {
		return nil, err
	}
	var runs []run
	var values [blockRows]parquet.Value
	row := int64(0)
	for {
		page, err := pages.ReadPage()
		if err == io.EOF {
			return runs, nil
		}
		if err != nil {
			return nil, err
		}
		for r := page.Values(); err == nil; {
			var n int
			n, err = r.ReadValues(values[:])
			for _, v := range values[:n] {
				if v.IsNull() || s.matches(v.ByteArray()) {
					if last := len(runs) - 1; last >= 0 && runs[last].to == row {
						runs[last].to++
					} else {
						runs = append(runs, run{row, row + 1})
					}
				}
				row++
			}
		}
		parquet.Release(page)
		if err != io.EOF {
			return nil, err
		}
	}
}

// outside reports whether the statistics of a chunk say that no value in it matches. A row
// without a value may be of any organization.
func (s *selection) outside(chunk *parquet.FileColumnChunk) bool {
	least, greatest, ok := chunk.Bounds()
	if !ok || chunk.NullCount() > 0 {
		return false
	}
	for _, r := range s.ranges {
		if string(least.ByteArray()) <= r[1] && string(greatest.ByteArray()) >= r[0] {
			return false
		}
	}
	return true
}

// notInDictionary reports whether a chunk has all its values in a dictionary, and none in
// there matches.
func (s *selection) notInDictionary(chunk *parquet.FileColumnChunk, meta *format.ColumnMetaData, pages *parquet.FilePages) (bool, error) {
	if _, _, counted := chunk.Bounds(); !counted || chunk.NullCount() > 0 || !allInDictionary(meta.EncodingStats) {
		return false, nil
	}
	d, err := pages.ReadDictionary()
	if err != nil || d == nil {
		return false, err
	}
	for i := range d.Len() {
		if s.matches(d.Index(int32(i)).ByteArray()) {
			return false, nil
		}
	}
	return true, nil
}

// allInDictionary reports whether no page of a chunk has values of its own, as those have
// for which the dictionary grew too large.
func allInDictionary(stats []format.PageEncodingStats) bool {
	for _, s := range stats {
		if s.PageType != format.DictionaryPage && s.Encoding != format.RLEDictionary {
			return false
		}
	}
	return len(stats) > 0
}
