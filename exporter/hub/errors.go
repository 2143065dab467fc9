package hub

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

// ErrNotModified is returned where the Hub says that what the caller has is
// still what it would send.
var ErrNotModified = errors.New("the Hub reports no changes since the last response")

// Kind is the reason why a call failed, in few and fixed words: the reason in
// logs and metrics.
type Kind string

// The kinds of failures.
const (
	// KindAuth: the token is missing, unknown or expired, or a login page came.
	KindAuth Kind = "auth"
	// KindForbidden: the token or the plan of the organization does not allow it.
	KindForbidden Kind = "forbidden"
	// KindNotFound: there is no such organization, or none for this caller.
	KindNotFound Kind = "not_found"
	// KindRateLimited: too many requests, and the wait would be too long.
	KindRateLimited Kind = "rate_limited"
	// KindTimeout: no connection, no answer or no further bytes in time.
	KindTimeout Kind = "timeout"
	// KindMalformed: an answer came, and is not what the route gives.
	KindMalformed Kind = "malformed"
	// KindServer: the Hub has a fault, status 5xx.
	KindServer Kind = "server"
	// KindNetwork: no connection, or one that broke.
	KindNetwork Kind = "network"
)

// Kinds returns every kind, for metrics that start at zero.
func Kinds() []Kind {
	return []Kind{KindAuth, KindForbidden, KindNotFound, KindRateLimited, KindTimeout, KindMalformed, KindServer, KindNetwork}
}

// KindOf returns the kind of an error that this package returned, "" for nil,
// for ErrNotModified and for a call that its caller cancelled. A deadline of the
// caller's is a KindTimeout. Any other error counts as KindMalformed.
func KindOf(err error) Kind {
	var e *Error
	switch {
	case err == nil, errors.Is(err, ErrNotModified):
		return ""
	case errors.As(err, &e):
		return e.Kind
	case errors.Is(err, context.DeadlineExceeded):
		return KindTimeout
	case errors.Is(err, context.Canceled):
		return ""
	}
	return KindMalformed
}

// Error is a failed call. None of its texts holds the token.
type Error struct {
	Kind  Kind
	Route Route
	Org   string
	// Status is that of the answer, 0 if none came.
	Status int
	// Code, Message and RequestID are the headers X-Error-Code, X-Error-Message
	// and X-Request-Id of the answer, Detail the "error" in its body; "" where
	// it has none. They are cut to a length that fits a log line.
	Code, Message, RequestID, Detail string
	// RetryAfter is how long the Hub asked to wait, 0 if it did not.
	RetryAfter time.Duration
	// Err is the cause, where the status does not say it all.
	Err error

	final bool // not worth a repetition, whatever the kind
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Retry implements httpx.Retryable: the same call may succeed soon after 408, 429, 500,
// 502, 503 and 504, and where the connection failed.
func (e *Error) Retry() (after time.Duration, ok bool) {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		ok = true
	case 0, http.StatusOK:
		ok = e.Kind == KindNetwork || e.Kind == KindTimeout
	}
	return e.RetryAfter, ok && !e.final
}

// Error says what failed, what came and, where it is known, what to do.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %q: %s", e.Route, e.Org, e.Kind)
	if e.Status != 0 && e.Status != http.StatusOK {
		fmt.Fprintf(&b, ": expected status 200, got %d", e.Status)
		if text := http.StatusText(e.Status); text != "" {
			b.WriteString(" " + text)
		}
	}
	if e.Code != "" {
		fmt.Fprintf(&b, ", %s", e.Code)
	}
	if e.Message != "" {
		fmt.Fprintf(&b, ", %q", e.Message)
	}
	if e.Detail != "" && e.Detail != e.Message {
		fmt.Fprintf(&b, ", %q", e.Detail)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, "; retry in %s", e.RetryAfter.Round(time.Second))
	}
	if hint := e.hint(); hint != "" {
		b.WriteString("; " + hint)
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (request %s)", e.RequestID)
	}
	return b.String()
}

// hint says what the user can do.
func (e *Error) hint() string {
	switch {
	case e.Kind == KindAuth && e.Route == RoutePublisherAnalytics:
		return "the route needs a token of a member of the organization"
	case e.Kind == KindAuth:
		return "check the token, or remove it"
	case e.Kind == KindForbidden && e.Route == RoutePublisherAnalytics:
		return "the route needs a Team or Enterprise plan, and a token that can read the organization's settings"
	case e.Kind == KindNotFound && e.Route == RouteCollections:
		return "check the slug in groups; a private collection needs a token of a member of its organization"
	case e.Kind == KindNotFound:
		return "check the name of the organization"
	}
	return ""
}

// kindOfStatus returns the kind of a status that is not 200.
func kindOfStatus(status int) Kind {
	switch status {
	case http.StatusUnauthorized:
		return KindAuth
	case http.StatusForbidden, http.StatusPaymentRequired, http.StatusUnavailableForLegalReasons:
		return KindForbidden
	case http.StatusNotFound, http.StatusGone:
		return KindNotFound
	case http.StatusRequestTimeout:
		return KindTimeout
	case http.StatusTooManyRequests:
		return KindRateLimited
	}
	if status >= 500 && status < 600 {
		return KindServer
	}
	return KindMalformed
}

// fail returns the error of a request. cause keeps its type unless its text
// holds a credential.
func (q *request) fail(kind Kind, cause error) *Error {
	return &Error{Kind: kind, Route: q.route, Org: q.org, Err: q.redactError(cause)}
}

// ended returns the error of a call whose caller ended it.
func (q *request) ended(cause error) error {
	return fmt.Errorf("%s of %q: %w", q.route, q.org, cause)
}

// redactError returns err, or, where its text holds a credential, another error
// whose text does not.
func (q *request) redactError(err error) error {
	if err == nil {
		return nil
	}
	if in, ok := errors.AsType[*history.InputErrors](err); ok {
		left := maxShown
		for _, fault := range in.Listed {
			fault.Value = q.redact(fault.Value)
			if len(fault.Value) > left {
				fault.Value = fault.Value[:left] + "..."
			}
			left = max(0, left-len(fault.Value))
		}
	}
	text := err.Error()
	if clean := q.redact(text); clean != text {
		return errors.New(clean)
	}
	return err
}

// redact returns s without the token and without what else went out with the request to
// authorize it.
func (q *request) redact(s string) string { return q.sent.Redact(q.token.redact(s)) }

// redact returns s without the token, whole or in part.
func (t Token) redact(s string) string {
	return httpx.Redact(s, "<token>", t.reveal())
}
