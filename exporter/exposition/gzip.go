package exposition

import (
	"bytes"
	"encoding/binary"

	"github.com/klauspost/compress/flate"
)

// deflateLevel is the fastest: page text is so repetitive that higher levels
// save a fifth of the bytes for twice the time.
const deflateLevel = flate.BestSpeed

// gzipHeader starts a gzip member: deflate, no flags, no time, made with the
// fastest method on no particular system.
const gzipHeader = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"

// appendGzipTrailer appends the end of a gzip member.
func appendGzipTrailer(b []byte, c checksum) []byte {
	b = binary.LittleEndian.AppendUint32(b, c.crc)
	return binary.LittleEndian.AppendUint32(b, uint32(c.size)) // modulo 2^32
}

// deflater makes raw deflate; the zero value is ready.
type deflater struct {
	w   *flate.Writer
	buf bytes.Buffer
}

func (d *deflater) reset() {
	d.buf.Reset()
	if d.w != nil {
		d.w.Reset(&d.buf)
		return
	}
	w, err := flate.NewWriter(&d.buf, deflateLevel)
	if err != nil {
		panic(err) // the level is a constant that flate knows
	}
	d.w = w
}

// part returns b compressed as segment.packed has to be.
func (d *deflater) part(b []byte) []byte {
	d.reset()
	// Writing into a bytes.Buffer does not fail.
	_, _ = d.w.Write(b)
	_ = d.w.Flush()
	return bytes.Clone(d.buf.Bytes())
}

// last returns b compressed as the end of a deflate stream, valid until the
// next call.
func (d *deflater) last(b []byte) []byte {
	d.reset()
	_, _ = d.w.Write(b)
	_ = d.w.Close()
	return d.buf.Bytes()
}
