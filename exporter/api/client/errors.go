package client

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// Error is an answer of an exporter that is an error.
type Error struct {
	// Status is the HTTP status, Route the path that was asked, without the host.
	Status int
	Route  string
	// Field is the parameter at fault, "" if it is none.
	Field string
	// Message is what the exporter says, "" if the answer is not an exporter's but,
	// for instance, that of a proxy; Body is then the beginning of that.
	Message, Body string
}

// Error tells all of it: "/api/v1/repos: 400 Bad Request: limit: expected ...".
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d", e.Route, e.Status)
	if text := http.StatusText(e.Status); text != "" {
		b.WriteString(" " + text)
	}
	for _, part := range []string{e.Field, e.Message} {
		if part != "" {
			b.WriteString(": " + part)
		}
	}
	if e.Body != "" {
		b.WriteString(": the response is not from an exporter: " + textenc.Quote(e.Body))
	}
	return b.String()
}

// maxErrorBytes bounds how much of the body of an error is read.
const maxErrorBytes = 64 << 10

// readError makes an Error of an answer.
func readError(route string, status int, body io.Reader) error {
	e := &Error{Status: status, Route: route}
	text, _ := io.ReadAll(io.LimitReader(body, maxErrorBytes)) // what there is will do
	var f wire.Fault
	if err := json.Unmarshal(text, &f); err == nil && f.Message != "" {
		e.Field, e.Message = f.Field, f.Message
	} else {
		e.Body = strings.TrimSpace(string(text))
	}
	return e
}

// VersionError is an answer of another version of the API, which this client might
// misread.
type VersionError struct {
	// Got is the version that the answer tells of itself.
	Got string
}

// Error tells both versions.
func (e *VersionError) Error() string {
	return fmt.Sprintf("expected version %d of the API, got %s", wire.Version, textenc.Quote(e.Got))
}

// TypeError is an answer of another type than that of an exporter: the page of a
// proxy, a login, another service.
type TypeError struct{ Got, Want string }

// Error tells both types.
func (e *TypeError) Error() string {
	return fmt.Sprintf("expected the type %s, got %s; is that the URL of an exporter?", e.Want, textenc.Quote(e.Got))
}
