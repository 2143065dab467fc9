package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
	"github.com/huggingface-exporter/huggingface_exporter/internal/parallel"
)

// try repeats op where its error is worth it, and otherwise returns its result.
func try[T any](ctx context.Context, c *Client, q *request, op func() (T, error)) (T, error) {
	result, err := httpx.Do(ctx, httpx.Retry{
		First: time.Second, Max: 8 * time.Second, Tries: c.o.MaxTries, MaxWait: c.o.MaxWait,
		Notify: func(err error, wait time.Duration) {
			c.o.Logger.Warn("Retrying a request to the Hub", "route", q.route, "org", q.org, "in", wait.Round(time.Millisecond),
				"reason", KindOf(err), "err", err)
		},
	}, op)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return result, q.ended(cause)
	}
	return result, err
}

// send asks once, and returns the body of an answer of status 200, which is to be closed.
// The error is an *Error, ErrNotModified or the end of ctx.
func (c *Client) send(ctx context.Context, q *request) (*body, error) {
	token, err := parallel.Await(ctx, c.o.Token)
	if err != nil {
		return nil, q.fail(KindAuth, err)
	}
	q.token = token
	limits := c.o.Limiters.limiter(c.o.Endpoint, token)
	release, wait, err := limits.acquire(ctx, q.route, c.o.MaxWait, func(d time.Duration) {
		c.o.Logger.Info("Waiting for the Hub's rate limit", "route", q.route, "org", q.org, "wait", d.Round(time.Millisecond))
	})
	if err != nil {
		return nil, q.ended(err)
	}
	if wait > 0 {
		e := q.fail(KindRateLimited, errors.New("the rate limit of the Hub is exhausted"))
		e.RetryAfter = wait
		return nil, e
	}

	b := &body{q: q, parent: ctx, idle: c.o.Timeouts.Idle}
	b.ctx, b.cancel = context.WithCancelCause(httptrace.WithClientTrace(context.WithValue(ctx, tokenKey{}, token), q.sent.Trace()))
	req := c.newRequest(b.ctx, q)
	started := time.Now()
	resp, err := c.http.Do(req)
	done := RequestDone{Route: q.route, Latency: time.Since(started)}
	if resp != nil { // beside an error, too, where a redirect is not followed
		done.Status = resp.StatusCode
		done.Date = c.dateOf(resp)
	}
	limit, ok := c.limitOf(resp)
	release(limit, ok)
	if ok && c.o.Hooks.RateLimit != nil {
		c.o.Hooks.RateLimit(limit)
	}
	if c.o.Hooks.Request != nil {
		c.o.Hooks.Request(done)
	}
	if err != nil {
		b.cancel(nil)
		return nil, q.unanswered(ctx, err)
	}

	switch {
	case resp.StatusCode == http.StatusNotModified && len(q.header) > 0:
		err = ErrNotModified
	case resp.StatusCode != http.StatusOK:
		err = c.refused(b, q, resp)
		if e := err.(*Error); e.Kind == KindRateLimited && e.RetryAfter > 0 {
			limits.pause(q.route, e.RetryAfter)
		}
	default:
		if err := b.open(resp); err != nil {
			return nil, err
		}
		return b, nil
	}
	_ = resp.Body.Close()
	b.cancel(nil)
	return nil, err
}

func (c *Client) newRequest(ctx context.Context, q *request) *http.Request {
	req := (&http.Request{
		Method: http.MethodGet, URL: q.url, Host: q.url.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{
			"Accept":          {q.accept},
			"Accept-Encoding": {"gzip"},
			"User-Agent":      {c.o.UserAgent},
		},
	}).WithContext(ctx)
	maps.Copy(req.Header, q.header)
	return req
}

// limitOf returns the rate limit in an answer of the endpoint; what another
// host says of its own is not ours.
func (c *Client) limitOf(resp *http.Response) (RateLimit, bool) {
	if resp == nil || !c.o.Endpoint.isOrigin(resp.Request.URL) {
		return RateLimit{}, false
	}
	return parseRateLimit(resp.Header)
}

// dateOf returns the time that the endpoint named in its last answer: where that was a
// redirect to another host, what the host says of the time is not believed. It is zero if
// none was named.
func (c *Client) dateOf(resp *http.Response) time.Time {
	for ; resp != nil; resp = resp.Request.Response {
		if c.o.Endpoint.isOrigin(resp.Request.URL) {
			at, _ := http.ParseTime(resp.Header.Get("Date")) // the zero time if it is none
			return at
		}
	}
	return time.Time{}
}

// unanswered returns the error of a request that no answer came to.
func (q *request) unanswered(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return q.ended(cause)
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	kind, final := kindOfFailure(err)
	if kind == KindNetwork || kind == KindTimeout {
		err = fmt.Errorf("no response: %w", err)
	}
	e := q.fail(kind, err)
	e.final = final
	return e
}

// maxErrorBody is how much of the body of a refusal is read.
const maxErrorBody = 64 << 10

// refused returns the error of an answer that is not of status 200.
func (c *Client) refused(b *body, q *request, resp *http.Response) error {
	b.most = maxErrorBody
	b.wire = wire{ReadCloser: resp.Body}
	b.packed = strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip")
	e := q.fail(kindOfStatus(resp.StatusCode), nil)
	e.Status = resp.StatusCode
	e.Code = q.shown(resp.Header.Get("X-Error-Code"))
	e.Message = q.shown(resp.Header.Get("X-Error-Message"))
	e.RequestID = q.shown(resp.Header.Get("X-Request-Id"))
	text, _ := io.ReadAll(b)
	var refusal struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(text, &refusal) == nil {
		e.Detail = q.shown(refusal.Error)
	}
	e.RetryAfter = httpx.RetryAfter(resp.Header, time.Now())
	if limit, ok := c.limitOf(resp); ok && resp.StatusCode == http.StatusTooManyRequests && limit.Remaining == 0 {
		e.RetryAfter = limit.Reset + resetMargin
	}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		e.Err = errors.New("a redirect without a target")
	}
	return e
}

// maxShown is how much of a text of the Hub's an error shows, in bytes, and how much of
// the rows of an answer it quotes in all.
const maxShown = 200

// shown returns a text of the Hub's as an error may show it.
func (q *request) shown(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, q.redact(s))
	s = strings.TrimSpace(s)
	if len(s) > maxShown {
		s = strings.ToValidUTF8(s[:maxShown], "") + "..."
	}
	return s
}
