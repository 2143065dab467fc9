package connection

import (
	"context"
	"errors"
	"iter"
	"mime"
	"net/http"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/client"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// exporterConnection is the connection to an exporter. It holds nothing but
// connections: each query is a request.
type exporterConnection struct {
	settings
	client    *client.Client
	transport *transport
}

func newExporter(s settings, around surroundings) (*exporterConnection, error) {
	t, err := newTransport(s, s.url, around)
	if err != nil {
		return nil, err
	}
	hc := &http.Client{
		Transport:     onlyAnswers{idleTransport{t, s.timeout}},
		CheckRedirect: stayOn(s.url),
	}
	client, err := client.New(s.url.String(), hc, client.Options{UserAgent: userAgent()})
	if err != nil {
		return nil, err
	}
	return &exporterConnection{settings: s, client: client, transport: t}, nil
}

// Reader implements Connection.
func (c *exporterConnection) Reader(context.Context) (history.Reader, string, error) {
	return explained{c}, "", nil
}

// Close implements Connection. Requests under way go on: their contexts end them.
func (c *exporterConnection) Close() { c.transport.CloseIdleConnections() }

// explained is the history of an exporter. Its errors are for the user.
type explained struct{ c *exporterConnection }

var _ history.Reader = explained{}

// Overview implements history.Reader.
func (e explained) Overview(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
	o, err := e.c.client.Overview(ctx, q)
	return o, e.c.explain(ctx, err)
}

// Repos implements history.Reader.
func (e explained) Repos(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
	p, err := e.c.client.Repos(ctx, q)
	return p, e.c.explain(ctx, err)
}

// Records implements history.Reader.
func (e explained) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	return explainedSeq(ctx, e.c, e.c.client.Records(ctx, q))
}

// Counts implements history.Reader.
func (e explained) Counts(ctx context.Context, f history.Filter) iter.Seq2[history.Counts, error] {
	return explainedSeq(ctx, e.c, e.c.client.Counts(ctx, f))
}

// explainedSeq explains the error of a stream.
func explainedSeq[V any](ctx context.Context, c *exporterConnection, seq iter.Seq2[V, error]) iter.Seq2[V, error] {
	return func(yield func(V, error) bool) {
		for v, err := range seq {
			if !yield(v, c.explain(ctx, err)) {
				return
			}
		}
	}
}

// onlyAnswers refuses what is no answer of an exporter, by its type: the page of a
// proxy, a login, another service.
type onlyAnswers struct{ idleTransport }

// errNotAnswer is an answer of another type than an exporter's.
type errNotAnswer struct{ mediaType string }

func (e *errNotAnswer) Error() string { return "an answer of the type " + e.mediaType }

// RoundTrip sends a request.
func (t onlyAnswers) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.idleTransport.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	mediaType, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if want := req.Header.Get("Accept"); err != nil || mediaType != want {
		return nil, errors.Join(&errNotAnswer{mediaType}, resp.Body.Close())
	}
	return resp, nil
}
