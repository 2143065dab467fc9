package connection

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// idleTransport ends an answer that stands still. One that keeps coming may take
// as long as it needs, and so may a reader between two reads.
type idleTransport struct {
	*transport
	most time.Duration
}

// errIdle ends a request whose answer stands still.
var errIdle error = idleError{}

// idleError is a net.Error.
type idleError struct{}

func (idleError) Error() string   { return "the answer stood still" }
func (idleError) Timeout() bool   { return true }
func (idleError) Temporary() bool { return true }

// RoundTrip sends a request.
func (t idleTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	resp, err := t.transport.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel(nil)
		return resp, err
	}
	resp.Body = &idleBody{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, most: t.most}
	return resp, nil
}

// idleBody is a body that a timer watches while it is read.
type idleBody struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	most   time.Duration
	timer  *time.Timer
}

func (b *idleBody) Read(p []byte) (int, error) {
	if b.timer == nil {
		b.timer = time.AfterFunc(b.most, func() { b.cancel(errIdle) })
	} else {
		b.timer.Reset(b.most)
	}
	n, err := b.ReadCloser.Read(p)
	b.timer.Stop()
	if err != nil && !errors.Is(err, io.EOF) && context.Cause(b.ctx) == errIdle {
		err = errIdle
	}
	return n, err
}

// Close ends the request.
func (b *idleBody) Close() error {
	if b.timer != nil {
		b.timer.Stop()
	}
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}
