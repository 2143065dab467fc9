package plugin

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"go.opentelemetry.io/otel/attribute"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/framecsv"
	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// sendFunc sends a part of a response. The first part brings status and headers. Its
// body is the sender's again once it returns: gRPC has made its message of it.
type sendFunc func(*backend.CallResourceResponse) error

// exportCSV answers the CSV link. The records stream from the store to the
// browser; what is wrong before the first of them has come is answered with a
// status, what goes wrong after it as download.fail says.
func (d *Datasource) exportCSV(ctx context.Context, rawQuery, acceptEncoding string, send sendFunc) error {
	d.metrics.exportsOpen.Inc()
	defer d.metrics.exportsOpen.Dec()
	begin := time.Now()
	ctx, end := startSpan(ctx, "export")
	// Ends the stream of the store, whatever ends the download.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	out := &download{send: d.counted(send), gzip: acceptsGzip(acceptEncoding)}
	err := d.export(ctx, rawQuery, out)
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
		"records", out.records, "bytes", out.sent, "took", time.Since(begin))
	return err
}

// export writes the records that rawQuery asks for to out.
func (d *Datasource) export(ctx context.Context, rawQuery string, out *download) error {
	q, options, err := query.DecodeURL(rawQuery)
	if err != nil {
		return err
	}
	store, _, err := d.conn.Store(ctx)
	if err != nil {
		return err
	}
	days, err := daysOf(ctx, store, q.Days())
	if err != nil {
		return err
	}
	out.name = api.CSVFileName(q.Filter, days)
	ask := history.RecordsQuery{Filter: q.Filter, Period: q.Days(), Order: q.Order}
	csv := framecsv.NewWriter(framecsv.Options{Separator: options.Separator, Spreadsheet: options.BOM})

	producing, stop := context.WithCancel(ctx)
	p := produce(producing, store, ask, csv)
	defer func() {
		stop()
		for range p.chunks { // until the producer has let go of the store
		}
	}()
	for c := range p.chunks {
		if c.err != nil {
			return c.err
		}
		if err := out.write(c.text); err != nil {
			return err
		}
		out.records += c.records
		p.recycle(c)
	}
	if err := ctx.Err(); err != nil {
		return err // then the producer may have ended without a word
	}
	return out.finish()
}

// daysOf returns the days of a period. Only an open one asks the store.
func daysOf(ctx context.Context, store history.Reader, p history.Period) (history.Days, error) {
	if p.Kind == history.Range && p.From != history.NoDay && p.To != history.NoDay {
		return history.Days{From: p.From, To: p.To}, nil
	}
	o, err := store.Overview(ctx, history.OverviewQuery{})
	if err != nil {
		return history.NoDays, err
	}
	days, _, _ := p.Resolve(o.Recorded)
	return days, nil
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
	line := "this export is incomplete: it broke off after " + strconv.FormatInt(records, 10) + " records: " + f.text
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
