package plugin

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/framecsv"
	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/frames"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

const (
	// chunkBytes is how much text is sent at once: with less, what a message
	// costs shows; with more, memory does.
	chunkBytes = 256 << 10
	// chunksAhead is how many chunks may wait to be sent.
	chunksAhead = 2
)

// chunk is a piece of a download, or the error that ends it.
type chunk struct {
	text    []byte
	records int64
	err     error
}

// producer makes chunks from a goroutine of its own, so that reading and writing
// overlap with sending.
type producer struct {
	// chunks is closed at the end, after an error, and when the context ends.
	chunks chan chunk
	// free has the memory of chunks that were sent: an export has thousands.
	free chan []byte
}

// produce streams the records as CSV. The first chunk comes as soon as the store has
// given records, or its end; it begins with the header.
func produce(ctx context.Context, store history.Reader, q history.RecordsQuery, csv *framecsv.Writer) *producer {
	p := &producer{chunks: make(chan chunk, chunksAhead), free: make(chan []byte, chunksAhead+2)}
	go func() {
		defer close(p.chunks)
		err := guard(ctx, "an export", func() error { return p.write(ctx, store, q, csv) })
		if err != nil {
			p.put(ctx, chunk{err: err})
		}
	}()
	return p
}

// put hands a chunk on, and returns false if nobody wants it any more.
func (p *producer) put(ctx context.Context, c chunk) bool {
	select {
	case p.chunks <- c:
		return true
	case <-ctx.Done():
		return false
	}
}

// recycle takes back the memory of a chunk that nobody reads any more.
func (p *producer) recycle(c chunk) {
	select {
	case p.free <- c.text[:0]:
	default:
	}
}

// empty returns memory for a chunk.
func (p *producer) empty() []byte {
	select {
	case b := <-p.free:
		return b
	default:
		return make([]byte, 0, chunkBytes+chunkBytes/2) // and the rows that pass the mark
	}
}

// write hands on the text, piece by piece.
func (p *producer) write(ctx context.Context, store history.Reader, q history.RecordsQuery, csv *framecsv.Writer) error {
	c := chunk{text: csv.AppendHeader(p.empty())}
	first := true
	for f, err := range frames.Records(ctx, store, q) {
		if err != nil {
			return err
		}
		if c.text, err = csv.AppendFrame(c.text, f); err != nil {
			return backend.PluginError(err) // the frame is our own
		}
		c.records += int64(f.Rows())
		if first || len(c.text) >= chunkBytes {
			if !p.put(ctx, c) {
				return nil
			}
			c, first = chunk{text: p.empty()}, false
		}
	}
	if first || len(c.text) > 0 {
		p.put(ctx, c)
	}
	return nil
}
