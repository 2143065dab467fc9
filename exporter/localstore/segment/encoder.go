package segment

import (
	"bytes"
	"hash/crc32"

	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

var protocol thrift.CompactProtocol

// codec compresses pages. It keeps its encoders, which are large, for the next file.
var codec = zstd.Codec{Level: zstd.SpeedFastest}

// encoder holds the encodings and the memory that all columns of a writer share.
type encoder struct {
	dictionary rle.DictionaryEncoding
	levels     rle.Encoding
	delta      delta.BinaryPackedEncoding
	header     bytes.Buffer
	thrift     *thrift.Encoder
	// values are those of the page at hand as encoded, body is all of the page,
	// packed its compressed form.
	values, body, packed []byte
}

func newEncoder() *encoder {
	e := &encoder{levels: rle.Encoding{BitWidth: 1}}
	e.thrift = thrift.NewEncoder(protocol.NewWriter(&e.header))
	return e
}

// appendPage appends the page that is in e.body to dst, after its header, which it
// completes. raw grows by what the page takes without compression.
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
