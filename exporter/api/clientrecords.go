package api

import (
	"context"
	"fmt"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/export"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/rowstream"
)

// Records streams records from the exporter. Each walk over the stream is a
// request, and ending the walk ends it. A stream that does not arrive whole ends
// with an error; an answer that is an error is an *Error.
func (c *Client) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(nil, err)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		query := writeRecords(q)
		query.Set("format", export.Rows.String())
		body, err := c.get(ctx, recordsRoute, query, rowstream.ContentType)
		if err != nil {
			yield(nil, err)
			return
		}
		defer body.Close()
		for rows, err := range rowstream.Read(body) {
			// A stream that ctx ends has other errors, too.
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(nil, fmt.Errorf("answer of %s: %w", c.name(recordsRoute), err))
				return
			}
			if !yield(rows, nil) {
				return
			}
		}
	}
}
