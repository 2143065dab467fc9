package plugin

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"go.opentelemetry.io/otel/attribute"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/export/format"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

// sendFunc sends a part of a response. The first part brings status and headers. Its
// body is the sender's again once it returns: gRPC has made its message of it.
type sendFunc func(*backend.CallResourceResponse) error

// pieceBytes is how much text is sent at once. gRPC takes, and clears, 1 MiB for every
// message of more than 32 KiB, in the plugin and in Grafana.
const pieceBytes = 1000 << 10

// exportCSV answers the CSV link. The records stream from the store to the
// browser; what is wrong before the first of them has come is answered with a
// status, what goes wrong after it as download.fail says.
func (d *Datasource) exportCSV(ctx context.Context, rawQuery, acceptEncoding string, send sendFunc) error {
	d.metrics.exportsOpen.Inc()
	defer d.metrics.exportsOpen.Dec()
	start := time.Now()
	ctx, end := startSpan(ctx, "export")
	// Ends the stream of the store, whatever ends the download.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	out := &download{send: d.counted(send), gzip: httpx.PrefersGzip(http.Header{"Accept-Encoding": {acceptEncoding}})}
	err := guard(ctx, "an export", func() error { return d.export(ctx, rawQuery, out) })
	result := succeeded
	if err != nil {
		f := faultOf(ctx, err)
		if out.sendErr != nil {
			f.outcome = cancelled
		}
		result = f.outcome
		err = out.fail(f)
	}
	end(err, attribute.Int64("records", out.records), attribute.Int64("bytes", out.sent))
	d.metrics.exports.WithLabelValues(string(result)).Inc()
	d.metrics.exportRecord.Add(float64(out.records))
	backend.Logger.FromContext(ctx).Debug("An export ended", "status", string(result),
		"records", out.records, "bytes", out.sent, "took", time.Since(start))
	return err
}

// export writes the records that rawQuery asks for to out.
func (d *Datasource) export(ctx context.Context, rawQuery string, out *download) error {
	q, options, err := query.DecodeURL(rawQuery)
	if err != nil {
		return err
	}
	store, _, err := d.conn.Reader(ctx)
	if err != nil {
		return err
	}
	days, err := history.PeriodDays(ctx, store, q.Days())
	if err != nil {
		return err
	}
	out.name = format.CSV.FileName(q.Filter, days)
	records := store.Records(ctx, history.RecordsQuery{Filter: q.Filter, Period: q.Days(), Order: q.Order})
	var broken error
	options.Eager, options.PieceBytes = true, pieceBytes
	out.records, err = hubcsv.WriteOptions(out, guarded(ctx, records, &broken), options)
	if err = cmp.Or(err, broken, ctx.Err()); err != nil {
		return err
	}
	return out.finish()
}

// guarded ends a stream where it fails behind its first block, and leaves the error
// in broken: what came before is worth sending. A panic of the stream is an error too.
func guarded(ctx context.Context, records history.RowSeq, broken *error) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		started := false
		err := guard(ctx, "an export", func() error {
			for rows, err := range records {
				if err != nil {
					return err
				}
				if started = true; !yield(rows, nil) {
					return nil
				}
			}
			return nil
		})
		switch {
		case err == nil:
		case started:
			*broken = err
		default:
			yield(nil, err)
		}
	}
}

// counted counts the bytes that are sent.
func (d *Datasource) counted(send sendFunc) sendFunc {
	return func(r *backend.CallResourceResponse) error {
		err := send(r)
		if err == nil && r.Status == http.StatusOK {
			d.metrics.exportBytes.Add(float64(len(r.Body)))
		}
		return err
	}
}

// incomplete is the last line of a download that was broken off. It has one
// field, so that nothing that reads the record format takes it for a record.
func incomplete(f *fault, records int64) []byte {
	line := "this export is incomplete: it was aborted after " + strconv.FormatInt(records, 10) + " records: " + f.text
	b := []byte{'"'}
	for i := range len(line) {
		switch c := line[i]; c {
		case '"':
			b = append(b, `""`...)
		case '\n', '\r':
			b = append(b, ' ')
		default:
			b = append(b, c)
		}
	}
	return append(b, '"', '\n')
}
