package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Error is an answer of an exporter that is an error.
type Error struct {
	// Status is the HTTP status, Route the path that was asked, without the host.
	Status int
	Route  string
	// Field is the parameter at fault, "" if it is none.
	Field string
	// Message is what the exporter says.
	Message string
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
	return b.String()
}

// VersionError is an answer of another version of the API, which this client might
// misread.
type VersionError struct {
	// Got is the version that the answer tells of itself.
	Got string
}

// Error tells both versions.
func (e *VersionError) Error() string {
	return fmt.Sprintf("expected version %d of the API, got %s", Version, quote(e.Got))
}

// checkVersion returns a VersionError if an answer is of another version. One that
// tells none is taken: something on the way may have dropped the header. Status
// can be read whatever the version, and tells it.
func checkVersion(route, got string) error {
	if got == "" || got == versionText || route == statusRoute {
		return nil
	}
	return &VersionError{Got: got}
}

// maxErrorBytes bounds how much of the body of an error is read.
const maxErrorBytes = 64 << 10

// readError makes an Error of an answer. A body that is not ours, of a proxy
// for instance, is quoted.
func readError(route string, resp *http.Response, body io.Reader) error {
	e := &Error{Status: resp.StatusCode, Route: route}
	text, _ := io.ReadAll(io.LimitReader(body, maxErrorBytes)) // what there is will do
	var j errorJSON
	if err := json.Unmarshal(text, &j); err == nil && j.Error != "" {
		e.Field, e.Message = j.Field, j.Error
	} else if t := strings.TrimSpace(string(text)); t != "" {
		e.Message = "the answer is not of an exporter: " + quote(t)
	}
	return e
}

var errNotOneValue = errors.New("expected the end after a JSON value, got another value")

// limitedReader fails once more than most bytes come.
type limitedReader struct {
	r          io.Reader
	left, most int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	l.left -= int64(n)
	if l.left < 0 {
		return 0, fmt.Errorf("expected at most %d bytes of JSON, got more", l.most)
	}
	return n, err
}
