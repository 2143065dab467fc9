package api

import (
	"context"
	"fmt"
	"io"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/record"
)

const csvType = "text/csv"

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
		query.Set("format", "csv")
		body, err := c.get(ctx, recordsRoute, query, csvType)
		if err != nil {
			yield(nil, err)
			return
		}
		defer body.Close()
		for rows, err := range c.readRecords(body, q.Versions) {
			// What was read before the end of the context may not look like all.
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(rows, nil) {
				// First the request: record.Read waits for a read that is under way.
				cancel()
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(nil, err)
		}
	}
}

func (c *Client) readRecords(body io.Reader, versions bool) history.RowSeq {
	name := c.name(recordsRoute)
	if !versions {
		return record.Read(body, record.Options{File: name})
	}
	return func(yield func(*history.Rows, error) bool) {
		for rows, err := range readVersions(body) {
			if err != nil {
				err = fmt.Errorf("%s: %w", name, err)
			}
			if !yield(rows, err) {
				return
			}
		}
	}
}
