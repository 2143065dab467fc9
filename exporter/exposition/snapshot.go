package exposition

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"iter"
	"slices"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/prometheus/common/expfmt"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/parallel"
)

// snapshot is a rendered page. It never changes once it is made, so any number
// of readers, however slow, may write from it.
type snapshot struct {
	text, openMetrics *form
	// protobuf makes its form at the first call.
	protobuf func() *form
	over     int // repositories left out by the limit

	// readers is how many scrapes write from it; Page.reading guards it. They end with
	// dropped.
	readers int
	dropped context.Context
	drop    func()
}

// size returns about how many bytes of memory the page takes.
func (p *snapshot) size() (n int64) {
	for _, part := range p.text.parts {
		n += int64(len(part.body.packed))
	}
	return n + p.text.sum.size
}

// newSnapshot renders the page of counts. It packs the text formats at once and
// not when the first client asks for gzip: that takes about as long as rendering
// them, most clients do ask, and so none has to wait. It keeps counts to make
// the protobuf form from when someone asks for it.
func newSnapshot(counts iter.Seq[history.Counts], stored Stored, s *settings) *snapshot {
	selected := func() selection {
		sel := s.selectCounts(counts)
		sel.stored = stored
		return sel
	}
	sel := selected()
	p := &snapshot{over: sel.over}
	p.dropped, p.drop = context.WithCancel(context.Background())
	p.text, p.openMetrics = renderText(sel, s)
	pack(p.text, p.openMetrics)
	p.protobuf = sync.OnceValue(func() *form { return renderProtobuf(selected(), s) })
	return p
}

// in returns the page in a negotiated format.
func (p *snapshot) in(f expfmt.Format) *form {
	switch f.FormatType() {
	case expfmt.TypeOpenMetrics:
		return p.openMetrics
	case expfmt.TypeProtoDelim:
		return p.protobuf()
	default:
		return p.text
	}
}

// form is the page in one format.
type form struct {
	parts []part
	sum   checksum // of the plain page
}

// part is a rendered metric family, with at least one sample: what introduces
// it, and its samples, which the text formats share.
type part struct {
	name       string
	head, body *segment
}

// segment is a piece of the page in blocks, and the same compressed, in one piece: a
// scrape writes few pieces. It is raw deflate that ends on a byte boundary, is not the
// last of its stream and refers to nothing before it, so that segments can be put
// together freely.
type segment struct {
	plain  [][]byte
	packed []byte
}

func newSegment(b []byte) *segment { return &segment{plain: [][]byte{b}} }

// checksum is what a gzip member ends with.
type checksum struct {
	crc  uint32
	size int64
}

func (c checksum) add(b []byte) checksum {
	return checksum{crc: crc32.Update(c.crc, crc32.IEEETable, b), size: c.size + int64(len(b))}
}

// newForm returns the page of the given parts.
func newForm(parts []part) *form {
	f := &form{parts: parts}
	for b := range f.plain() {
		f.sum = f.sum.add(b)
	}
	return f
}

// plain returns the page as it is.
func (f *form) plain() iter.Seq[[]byte] {
	return f.pieces(func(s *segment) [][]byte { return s.plain })
}

// packed returns the page compressed.
func (f *form) packed() iter.Seq[[]byte] {
	return f.pieces(func(s *segment) [][]byte { return [][]byte{s.packed} })
}

func (f *form) pieces(choose func(*segment) [][]byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, p := range f.parts {
			for _, s := range []*segment{p.head, p.body} {
				for _, b := range choose(s) {
					if !yield(b) {
						return
					}
				}
			}
		}
	}
}

// only returns the page reduced to the families of the given names.
func (f *form) only(names []string) *form {
	var parts []part
	for _, p := range f.parts {
		if slices.Contains(names, p.name) {
			parts = append(parts, p)
		}
	}
	return newForm(parts)
}

// pack compresses the segments of forms, block by block.
func pack(forms ...*form) {
	type block struct {
		segment *segment
		at      int
	}
	var blocks []block
	packed := make(map[*segment][][]byte)
	for _, f := range forms {
		for _, p := range f.parts {
			for _, s := range []*segment{p.head, p.body} {
				if packed[s] != nil {
					continue // forms share it
				}
				packed[s] = make([][]byte, len(s.plain))
				for i := range s.plain {
					blocks = append(blocks, block{s, i})
				}
			}
		}
	}
	parallel.Run(len(blocks), 1, func(parts iter.Seq2[int, int]) {
		var d deflater
		for i := range parts {
			b := blocks[i]
			packed[b.segment][b.at] = d.part(b.segment.plain[b.at])
		}
	})
	for s, blocks := range packed {
		s.packed = slices.Concat(blocks...)
	}
}

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
