package hub

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
)

// Validators name a version of an export: what the Hub sent with it, if it did.
// They are to be kept together with the records, once all of them were stored.
type Validators struct {
	ETag, LastModified string
}

// Analytics is an organization's publisher-analytics export on its way. It has
// to be read to the end of Rows, or closed.
type Analytics struct {
	// Validators are for the next call; they are empty if the Hub sent none.
	Validators Validators
	// Notes is what was noticed of an export that was read to its end.
	Notes history.InputNotes
	// Open is set once an export was read to its end whose last line has no end. Length and
	// chunks say that all came that was sent; but who made the text may have stopped
	// anywhere, also within a number.
	Open bool

	body *body
	text io.Reader
	used bool
}

// PublisherAnalytics asks for the whole history of an organization. known are
// the validators of the export that the caller has, empty if it has none; if
// nothing changed since, the error is ErrNotModified. Any other error is an
// *Error, or wraps the cause of ctx's end. ctx bounds the reading of the rows,
// too.
func (c *Client) PublisherAnalytics(ctx context.Context, org string, known Validators) (*Analytics, error) {
	if err := checkOrg(org); err != nil {
		return nil, err
	}
	q := &request{
		route:  RoutePublisherAnalytics,
		org:    org,
		url:    c.o.Endpoint.route("organizations", org, "settings", "publisher-analytics", "download-breakdown"),
		accept: "text/csv",
		header: known.header(),
		most:   c.o.MaxResponseBytes,
	}
	return try(ctx, c, q, func() (*Analytics, error) {
		b, err := c.send(ctx, q)
		if err != nil {
			return nil, err
		}
		text, err := b.sniff("CSV")
		if err != nil {
			b.close()
			return nil, err
		}
		return &Analytics{Validators: Validators{ETag: b.header.Get("ETag"), LastModified: b.header.Get("Last-Modified")}, body: b, text: text}, nil
	})
}

// header returns the conditions of a request. A validator that cannot be sent,
// because it was not kept as it came, is left out.
func (v Validators) header() http.Header {
	h := http.Header{}
	for name, value := range map[string]string{"If-None-Match": v.ETag, "If-Modified-Since": v.LastModified} {
		if value != "" && len(value) <= 1024 && !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
			h.Set(name, value)
		}
	}
	return h
}

// Rows streams the records, as version v, and closes a. It can be called once. A day after
// last is a fault of its row. Rows with faults are set aside, as long as they are few:
// hubcsv.Options.SkipBadRows.
//
// As with every RowSeq, an error is the last element, and what came before it is
// then not to be kept: faults of the text are an *Error of KindMalformed that
// wraps the *history.InputErrors.
func (a *Analytics) Rows(v history.Version, last history.Day) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		if a.used {
			yield(nil, errors.New("the export can be read only once"))
			return
		}
		a.used = true
		defer a.Close()
		for rows, err := range hubcsv.Read(a.text, hubcsv.Options{Version: v, LastDay: last, SkipBadRows: true, Notes: &a.Notes}) {
			if err != nil {
				yield(nil, a.explain(err))
				return
			}
			if !yield(rows, nil) {
				a.body.cancel(nil) // so that no read under way is waited for
				return
			}
		}
		if err := a.body.complete(); err != nil {
			yield(nil, err)
		}
		a.Open = a.body.last != '\n'
		_ = a.body.q.redactError(&a.Notes.Faults) // they are quoted in logs
	}
}

// explain returns the error of a failed stream: the body's own where that
// failed, for then the text is at fault only because it was cut.
func (a *Analytics) explain(err error) error {
	if a.body.err != nil && a.body.err != io.EOF {
		return a.body.err
	}
	return a.body.malformed(err)
}

// Bytes returns how much of the unpacked content was read so far.
// It may be called from another goroutine.
func (a *Analytics) Bytes() int64 { return a.body.read.Load() }

// Close ends the request. The rows cannot be read any more.
func (a *Analytics) Close() {
	a.used = true
	a.body.close()
}
