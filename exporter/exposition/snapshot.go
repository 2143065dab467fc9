package exposition

import (
	"hash/crc32"
	"iter"
	"slices"
	"sync"

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
}

// newSnapshot renders the page of counts. It packs the text formats at once and
// not when the first client asks for gzip: that takes about as long as rendering
// them, most clients do ask, and so none has to wait. It keeps counts to make
// the protobuf form from when someone asks for it.
func newSnapshot(counts iter.Seq[history.Counts], s *settings) *snapshot {
	sel := s.selectCounts(counts)
	p := &snapshot{over: sel.over}
	p.text, p.openMetrics = renderText(sel, s)
	pack(p.text, p.openMetrics)
	p.protobuf = sync.OnceValue(func() *form { return renderProtobuf(s.selectCounts(counts), s) })
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

// segment is a piece of the page, and the same piece compressed.
type segment struct {
	plain [][]byte // in blocks
	// packed is raw deflate that ends on a byte boundary, is not the last of its
	// stream and refers to nothing before it: segments can be put together freely.
	packed []byte
}

// checksum is what the end of a gzip member tells of its content.
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

// segments returns the pieces of the page in their order.
func (f *form) segments() iter.Seq[*segment] {
	return func(yield func(*segment) bool) {
		for _, p := range f.parts {
			if !yield(p.head) || !yield(p.body) {
				return
			}
		}
	}
}

// plain returns the page as it is.
func (f *form) plain() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for s := range f.segments() {
			for _, b := range s.plain {
				if !yield(b) {
					return
				}
			}
		}
	}
}

// packed returns the page compressed.
func (f *form) packed() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for s := range f.segments() {
			if !yield(s.packed) {
				return
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
		of            *segment
		plain, packed []byte
	}
	var blocks []block
	seen := make(map[*segment]bool) // shared by forms
	for _, f := range forms {
		for s := range f.segments() {
			if seen[s] {
				continue
			}
			seen[s] = true
			for _, b := range s.plain {
				blocks = append(blocks, block{of: s, plain: b})
			}
		}
	}
	parallel.Run(len(blocks), 1, func(parts iter.Seq2[int, int]) {
		var d deflater
		for i := range parts {
			blocks[i].packed = d.part(blocks[i].plain)
		}
	})
	// A segment in one piece takes fewer writes to send.
	for len(blocks) > 0 {
		s := blocks[0].of
		var pieces [][]byte
		for len(blocks) > 0 && blocks[0].of == s {
			pieces = append(pieces, blocks[0].packed)
			blocks = blocks[1:]
		}
		s.packed = slices.Concat(pieces...)
	}
}
