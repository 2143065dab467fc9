package segment

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const (
	magic = "PAR1"
	// trailerSize is the length of what follows the footer: its own length, and
	// the magic.
	trailerSize = 8

	// groupRows is the number of rows after which a row group ends, as soon as
	// the repository changes: row groups are read by several processors at once,
	// and share no repository if the records are grouped by it.
	groupRows = 1 << 19
	// pageRows is the number of rows of a page, and so of what a writer or a
	// reader holds at a time.
	pageRows = 1 << 16
	// maxDictionary bounds the dictionary of a row group, in bytes.
	maxDictionary = 64 << 20
	// maxRowGroups is how many row groups the format can number.
	maxRowGroups = 1<<15 - 1
)

// fileWriter writes a Parquet file from its first byte to its last. It needs no
// more than a writer to append to.
type fileWriter struct {
	out    *bufio.Writer
	offset int64
	sum    uint32
	meta   format.FileMetaData
	enc    encoder

	// chunks are the columns of the row group in the making, rows its rows.
	chunks []*chunk
	rows   int
}

// newFileWriter starts a file of the given columns. companion is the value of
// keyCompanion, "" for none, replaces that of keyReplaces.
func newFileWriter(w io.Writer, name string, columns []columnSpec, companion string, replaces []string) (*fileWriter, error) {
	f := &fileWriter{out: bufio.NewWriterSize(w, 64<<10)}
	f.enc.levels.BitWidth = 1
	f.enc.thrift = thrift.NewEncoder(protocol.NewWriter(&f.enc.header))
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
	if len(replaces) > 0 {
		f.meta.KeyValueMetadata = append(f.meta.KeyValueMetadata, format.KeyValue{Key: keyReplaces, Value: strings.Join(replaces, " ")})
	}
	f.meta.KeyValueMetadata = append(f.meta.KeyValueMetadata, format.KeyValue{Key: keyChecksum, Value: blankChecksum})
	for i := range columns {
		f.meta.ColumnOrders = append(f.meta.ColumnOrders, format.ColumnOrder{Value: &format.TypeDefinedOrder{}})
		f.chunks = append(f.chunks, newChunk(&columns[i]))
	}
	return f, f.write([]byte(magic))
}

func (f *fileWriter) write(b []byte) error {
	f.sum = crc32.Update(f.sum, castagnoli, b)
	n, err := f.out.Write(b)
	f.offset += int64(n)
	return err
}

// endPage ends the page in the making, which has rows.
func (f *fileWriter) endPage() error {
	for _, c := range f.chunks {
		if err := c.endPage(&f.enc); err != nil {
			return err
		}
	}
	return nil
}

// endGroup writes the row group in the making, if it has rows, and starts the next.
func (f *fileWriter) endGroup() error {
	if f.rows == 0 {
		return nil
	}
	n := len(f.meta.RowGroups)
	if n == maxRowGroups {
		return fmt.Errorf("expected at most %d row groups in a file, got more: write it in parts", maxRowGroups)
	}
	g := format.RowGroup{FileOffset: f.offset, NumRows: f.chunks[0].rows, Ordinal: int16(n)}
	for _, c := range f.chunks {
		col, err := c.write(f)
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
	f.rows = 0
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
		return errors.New("expected a place for the checksum in the footer, found none")
	}
	putChecksum(footer[at:], crc32.Update(f.sum, castagnoli, footer))
	if err := f.write(footer); err != nil {
		return err
	}
	return f.out.Flush()
}

var protocol thrift.CompactProtocol

// codec compresses pages. It keeps its encoders, which are large, for the next file.
var codec = zstd.Codec{Level: zstd.SpeedFastest}

// encoder holds the encodings and the memory that all columns of a file share.
type encoder struct {
	dictionary rle.DictionaryEncoding
	levels     rle.Encoding
	delta      delta.BinaryPackedEncoding
	header     bytes.Buffer
	thrift     *thrift.Encoder
	// values are the encoded values of the page at hand, body is all of the page,
	// packed its compressed form.
	values, body, packed []byte
}

// appendPage appends the page that is in e.body to dst, after its header, which it
// completes. raw grows by the size of the page without compression.
func (e *encoder) appendPage(dst []byte, raw int64, h *format.PageHeader, compress bool) ([]byte, int64, error) {
	body := e.body
	if compress {
		var err error
		if e.packed, err = codec.Encode(e.packed, e.body); err != nil {
			return nil, 0, err
		}
		body = e.packed
	}
	h.UncompressedPageSize = int32(len(e.body))
	h.CompressedPageSize = int32(len(body))
	h.CRC = int32(crc32.ChecksumIEEE(body))
	e.header.Reset()
	if err := e.thrift.Encode(h); err != nil {
		return nil, 0, err
	}
	dst = append(dst, e.header.Bytes()...)
	dst = append(dst, body...)
	return dst, raw + int64(e.header.Len()+len(e.body)), nil
}
