package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// blockRows is how many rows are read at once.
const blockRows = 1024

// Parquet returns the readings of an archive in Parquet, as Text does. Of the file only the
// columns are read that say something of a reading and, with Options.Orgs, of them only
// what may be of these organizations. progress is told, with the bytes, how much of the
// file was dealt with.
func Parquet(r io.ReaderAt, size int64, file string, o Options, progress func(bytes int)) history.ReadingSeq {
	return func(yield func(history.Reading, error) bool) {
		a := newAssembler(file, "row", &o, yield)
		a.end(a.readParquet(r, size, progress))
	}
}

// isReadError reports whether err is of the operating system, and so says nothing about the
// content of the file.
func isReadError(err error) bool {
	_, ok := errors.AsType[*fs.PathError](err)
	return ok
}

func (a *assembler) readParquet(r io.ReaderAt, size int64, progress func(int)) (err error) {
	// The library panics over what it does not expect.
	defer func() {
		p := recover()
		cause, _ := p.(error)
		switch {
		case p == nil || a.left:
		case isReadError(cause):
			err = cause
		default:
			err = fmt.Errorf("expected a Parquet file, got a damaged one: %v", p)
		}
	}()
	f, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(64<<10))
	if isReadError(err) {
		return err
	}
	if err != nil {
		return fmt.Errorf("expected a Parquet file, got a damaged or truncated one: %w", err)
	}
	if a.o.Wide != "" {
		return errors.New("expected a wide CSV, got Parquet")
	}
	columns, err := a.parquetColumns(f)
	if err != nil || a.faults.Count > 0 {
		return err
	}
	first := int64(1)
	for i, group := range f.RowGroups() {
		meta := f.Metadata().RowGroups[i].Columns
		if more, err := a.rowGroup(group, meta, columns, first); err != nil || !more {
			return err
		}
		first += group.NumRows()
		bytes := int64(0)
		for _, chunk := range meta {
			bytes += chunk.MetaData.TotalCompressedSize
		}
		progress(int(bytes))
	}
	return nil
}

// parquetColumns finds the columns of a file: their places, -1 for those that it does not
// have.
func (a *assembler) parquetColumns(f *parquet.File) ([]int, error) {
	var header []string
	for _, field := range f.Schema().Fields() {
		header = append(header, field.Name())
	}
	l, want := a.o.findLong(header)
	if want != "" {
		a.fault(0, "", fmt.Sprint(header), expected{want: want})
		return nil, nil
	}
	a.names, a.shape = &l.names, l.shape
	if l.at[dayColumn] < 0 {
		if err := a.dayOfAll(); err != nil {
			return nil, err
		}
	}
	columns := slices.Repeat([]int{-1}, int(numColumns))
	for c, name := range l.names {
		if name == "" {
			continue
		}
		leaf, ok := f.Schema().Lookup(name)
		want, got := "a column of strings, numbers, or times", ""
		isText := ok && leaf.Node.Type().Kind() == parquet.ByteArray
		switch c := column(c); {
		case !ok:
			got = "a group of columns"
		case leaf.MaxRepetitionLevel > 0:
			got = "lists"
		case textOf(leaf.Node.Type()) == nil:
			got = leaf.Node.Type().String()
		case (c == repoColumn || c == orgColumn) && !isText:
			want, got = "a column of strings", leaf.Node.Type().String()
		}
		if got != "" {
			a.fault(0, name, got, expected{want: want})
			continue
		}
		columns[c] = leaf.ColumnIndex
	}
	return columns, nil
}

// rowGroup reads what is asked for of a row group, whose first row is row first of the
// file, and reports whether more is wanted.
func (a *assembler) rowGroup(group parquet.RowGroup, meta []format.ColumnChunk, columns []int, first int64) (bool, error) {
	chunks := group.ColumnChunks()
	chunk := func(c column) *parquet.FileColumnChunk { return chunks[columns[c]].(*parquet.FileColumnChunk) }
	runs := []run{{0, group.NumRows()}}
	if len(a.o.Orgs) > 0 {
		s := a.o.selectOrgs(columns[orgColumn] >= 0)
		var err error
		if runs, err = s.rows(chunk(s.column), &meta[columns[s.column]].MetaData); err != nil {
			return false, fmt.Errorf("reading column %s: %w", a.names[s.column], err)
		}
	}
	var readers [numColumns]*columnReader
	for c, at := range columns {
		if at >= 0 && len(runs) > 0 {
			readers[c] = newColumnReader(chunk(column(c)))
			defer readers[c].close()
		}
	}
	var block [numColumns][blockRows]string
	for _, run := range runs {
		for from := run.from; from < run.to; from += blockRows {
			n := min(blockRows, run.to-from)
			for c, r := range readers {
				if r == nil {
					continue
				}
				if err := r.read(from, block[c][:n]); err != nil {
					return false, fmt.Errorf("reading column %s: %w", a.names[c], err)
				}
			}
			for i := range n {
				var c cells
				for j := range c {
					c[j] = block[j][i]
				}
				if !a.row(first+from+i, &c) {
					return false, nil
				}
			}
		}
	}
	return true, nil
}
