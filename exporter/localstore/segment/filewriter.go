package segment

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const (
	magic = "PAR1"
	// trailerSize is the length of what follows the footer: its own length, and
	// the magic.
	trailerSize = 8
)

// fileWriter writes a Parquet file from its first byte to its last. It needs no
// more than a writer to append to.
type fileWriter struct {
	out    *bufio.Writer
	offset int64
	sum    uint32
	meta   format.FileMetaData
}

// newFileWriter begins a file of the given columns. companion is the value of
// keyCompanion, "" for none.
func newFileWriter(w io.Writer, name string, columns []columnSpec, companion string) (*fileWriter, error) {
	f := &fileWriter{out: bufio.NewWriterSize(w, 64<<10)}
	f.meta = format.FileMetaData{
		Version:   2,
		Schema:    schemaOf(name, columns),
		RowGroups: thrift.Slice[format.RowGroup]{},
		CreatedBy: "huggingface_exporter version " + strconv.Itoa(Layout),
		KeyValueMetadata: []format.KeyValue{
			{Key: keyFormat, Value: name},
			{Key: keyLayout, Value: strconv.Itoa(Layout)},
		},
	}
	if companion != "" {
		f.meta.KeyValueMetadata = append(f.meta.KeyValueMetadata, format.KeyValue{Key: keyCompanion, Value: companion})
	}
	f.meta.KeyValueMetadata = append(f.meta.KeyValueMetadata, format.KeyValue{Key: keyChecksum, Value: blankChecksum})
	for range columns {
		f.meta.ColumnOrders = append(f.meta.ColumnOrders, format.ColumnOrder{Value: &format.TypeDefinedOrder{}})
	}
	return f, f.write([]byte(magic))
}

func (f *fileWriter) write(b []byte) error {
	f.sum = crc32.Update(f.sum, castagnoli, b)
	n, err := f.out.Write(b)
	f.offset += int64(n)
	return err
}

// maxRowGroups is how many row groups the format can number.
const maxRowGroups = 1<<15 - 1

// rowGroup writes what chunks hold as a row group and empties them.
func (f *fileWriter) rowGroup(e *encoder, chunks []*chunk) error {
	n := len(f.meta.RowGroups)
	if n == maxRowGroups {
		return fmt.Errorf("expected at most %d row groups in a file, got more: write it in parts", maxRowGroups)
	}
	g := format.RowGroup{FileOffset: f.offset, NumRows: chunks[0].rows, Ordinal: int16(n)}
	for _, c := range chunks {
		col, err := c.write(f, e)
		if err != nil {
			return err
		}
		g.Columns = append(g.Columns, col)
		g.TotalByteSize += col.MetaData.TotalUncompressedSize
		g.TotalCompressedSize += col.MetaData.TotalCompressedSize
		c.reset()
	}
	f.meta.RowGroups = append(f.meta.RowGroups, g)
	f.meta.NumRows += g.NumRows
	return nil
}

// close writes the footer with the checksum in it.
func (f *fileWriter) close() error {
	footer, err := thrift.Marshal(&protocol, &f.meta)
	if err != nil {
		return err
	}
	size := len(footer)
	footer = binary.LittleEndian.AppendUint32(footer, uint32(size))
	footer = append(footer, magic...)
	at := checksumAt(footer)
	if at < 0 {
		return fmt.Errorf("expected a place for the checksum in the footer, found none")
	}
	putChecksum(footer[at:], crc32.Update(f.sum, castagnoli, footer))
	if err := f.write(footer); err != nil {
		return err
	}
	return f.out.Flush()
}
