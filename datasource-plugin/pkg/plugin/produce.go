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

// produce streams the records as CSV from a goroutine of its own, so that
// reading and writing overlap with sending. The channel is closed at the end, after
// an error, and when ctx ends. The first chunk comes as soon as the store has
// given records, or its end; it begins with the header.
func produce(ctx context.Context, store history.Store, q history.RecordsQuery, csv *framecsv.Writer) <-chan chunk {
	out := make(chan chunk, chunksAhead)
	put := func(c chunk) bool {
		select {
		case out <- c:
			return true
		case <-ctx.Done():
			return false
		}
	}
	go func() {
		defer close(out)
		err := guard(ctx, "an export", func() error { return writeChunks(ctx, store, q, csv, put) })
		if err != nil {
			put(chunk{err: err})
		}
	}()
	return out
}

// writeChunks hands the text to put, piece by piece, until that returns false.
func writeChunks(ctx context.Context, store history.Store, q history.RecordsQuery, csv *framecsv.Writer, put func(chunk) bool) error {
	c := chunk{text: csv.AppendHeader(nil)}
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
			if !put(c) {
				return nil
			}
			// What was sent is not written to again: who sends it may still hold it.
			// The next one will be about as long.
			size := len(c.text) + len(c.text)/8
			c, first = chunk{text: make([]byte, 0, size)}, false
		}
	}
	if first || len(c.text) > 0 {
		put(c)
	}
	return nil
}
