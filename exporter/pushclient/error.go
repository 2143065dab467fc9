// Package pushclient hands numbers to servers of others: by HTTP POST, with the
// authentication and TLS settings that Prometheus has for its clients, and with
// errors that say what such a server answered and show no secret.
package pushclient

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Error is a POST that did not succeed.
type Error struct {
	// URL is that of the receiver, as it may be shown.
	URL string
	// Status is that of the answer, 0 if none came.
	Status int
	// Message is the beginning of the answer's text, or why none came.
	Message string
	// RetryAfter is how long the receiver asks to wait, 0 if it does not say.
	RetryAfter time.Duration
}

// Error says what the receiver answered, or why there was no answer.
func (e *Error) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("%s did not respond: %s", e.URL, e.Message)
	}
	text := fmt.Sprintf("%s responded with %d %s", e.URL, e.Status, http.StatusText(e.Status))
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// Temporary reports whether the same may succeed later: if no answer came, and
// where the answer speaks of the receiver's state and not of what was sent.
func (e *Error) Temporary() bool {
	return e.Status == 0 || e.Status == http.StatusRequestTimeout ||
		e.Status == http.StatusTooManyRequests || e.Status >= http.StatusInternalServerError
}

// Retry implements httpx.Retryable.
func (e *Error) Retry() (after time.Duration, ok bool) { return e.RetryAfter, e.Temporary() }

// As returns err as an *Error, nil if it is none.
func As(err error) *Error {
	e, _ := errors.AsType[*Error](err)
	return e
}
