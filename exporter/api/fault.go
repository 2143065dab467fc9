package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"unicode/utf8"
)

// fault is what is wrong with a request.
type fault struct {
	status int
	// field is the parameter at fault, "" if it is none.
	field string
	text  string
}

func (f *fault) Error() string {
	if f.field == "" {
		return f.text
	}
	return f.field + ": " + f.text
}

// badParam returns the fault of a parameter.
func badParam(field, format string, args ...any) error {
	return &fault{status: http.StatusBadRequest, field: cut(field), text: fmt.Sprintf(format, args...)}
}

// errorJSON is the body of an answer that is an error.
type errorJSON struct {
	Error string `json:"error"`
	Field string `json:"field,omitempty"`
}

// fail answers a request with err. What a store says stays in the log: it may
// name hosts and files that are nobody's business.
func (a *handlers) fail(w http.ResponseWriter, r *http.Request, err error) {
	var f *fault
	if late := tooLong(r.Context()); late != nil {
		a.log.Warn("A query took too long and was ended", "path", r.URL.Path, "query", cut(r.URL.RawQuery), "after", late.after)
		f = &fault{
			status: http.StatusServiceUnavailable,
			text:   late.Error() + ", which is what query.timeout allows: ask for fewer days or repositories",
		}
	} else if !errors.As(err, &f) {
		if r.Context().Err() != nil {
			// The client has gone, or the server ends. Nothing may look like an answer.
			panic(http.ErrAbortHandler)
		}
		a.log.Error("The store could not answer", "path", r.URL.Path, "query", cut(r.URL.RawQuery), "err", err)
		f = &fault{status: http.StatusInternalServerError, text: "the store could not answer; the log of the exporter says why"}
		if errors.Is(err, context.DeadlineExceeded) {
			f = &fault{status: http.StatusGatewayTimeout, text: "the store did not answer in time"}
		}
	}
	writeError(w, f)
}

func writeError(w http.ResponseWriter, f *fault) {
	h := w.Header()
	for _, name := range []string{"Content-Disposition", "ETag"} {
		h.Del(name)
	}
	h.Set("Content-Type", jsonType)
	w.WriteHeader(f.status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.Encode(errorJSON{Error: f.text, Field: f.field}) //nolint:errcheck // the client has gone
}

// maxQuoted bounds how much of a value an error quotes, in bytes.
const maxQuoted = 80

// cut returns the beginning of s that an error may hold.
func cut(s string) string {
	if len(s) <= maxQuoted {
		return s
	}
	n := maxQuoted
	for n > maxQuoted-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// quote quotes s, or its beginning and its length.
func quote(s string) string {
	if c := cut(s); len(c) < len(s) {
		return fmt.Sprintf("%q... (%d bytes)", c, len(s))
	}
	return strconv.Quote(s)
}
