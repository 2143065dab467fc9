package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// maxBody is how large a body may be. No route but that of pprof's symbols has a
	// use for one.
	maxBody = 64 << 10
	// bodyTime is how long a body may take to come.
	bodyTime = 10 * time.Second
	// stallTime is how long a client may take nothing of an answer.
	stallTime = 2 * time.Minute
	// writePiece is how much of an answer has stallTime to be taken.
	writePiece = 256 << 10
)

// securityHeaders are those of every answer. The pages of the exporter have a style
// of their own and nothing else; nothing of them is to be shown within others.
// What the file of --web.config.file sets stays.
var securityHeaders = map[string]string{
	"X-Content-Type-Options":  "nosniff",
	"X-Frame-Options":         "DENY",
	"Referrer-Policy":         "no-referrer",
	"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}

// guarded stands before every route: it sets the headers, and ends requests that do
// not come and answers that nobody takes.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range securityHeaders {
			if w.Header().Get(name) == "" {
				w.Header().Set(name, value)
			}
		}
		control := http.NewResponseController(w)
		// The connection may have that of the request before. Where deadlines are
		// not supported there are none.
		_ = control.SetWriteDeadline(time.Now().Add(stallTime))
		if !readBody(w, r, control) {
			return
		}
		_ = control.SetWriteDeadline(time.Time{})
		next.ServeHTTP(&stallWriter{w, control}, r)
		// What is buffered has to be taken, too.
		_ = control.SetWriteDeadline(time.Now().Add(stallTime))
	})
}

// readBody reads the body of a request ahead, so that its client cannot hold the
// connection by sending it slowly. It returns false if it answered the request.
func readBody(w http.ResponseWriter, r *http.Request, control *http.ResponseController) bool {
	if r.ContentLength == 0 {
		return true
	}
	_ = control.SetReadDeadline(time.Now().Add(bodyTime))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		_ = control.SetReadDeadline(time.Time{})
		r.Body = io.NopCloser(bytes.NewReader(body))
		return true
	}
	// The deadline stays: net/http reads on before it closes a connection.
	w.Header().Set("Connection", "close")
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		refuse(w, r, http.StatusRequestEntityTooLarge, 0, fmt.Sprintf("expected a request with a body of at most %d bytes, got a larger one", maxBody))
	} else {
		refuse(w, r, http.StatusRequestTimeout, 0, fmt.Sprintf("expected the body of the request within %s, it did not come", bodyTime))
	}
	return false
}

// refuse answers with an error in the form of the route: JSON of the API, and a
// text elsewhere. after is in seconds, 0 for no header Retry-After.
func refuse(w http.ResponseWriter, r *http.Request, status, after int, why string) {
	if after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(after))
	}
	if !strings.HasPrefix(r.URL.Path, "/api/") && !strings.HasPrefix(r.URL.Path, "/organizations/") {
		text(status, why+"\n").ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": why})
}

// stallWriter gives each piece of an answer a time by which it must be taken.
type stallWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (w *stallWriter) Write(b []byte) (n int, err error) {
	for {
		piece := b[n:min(n+writePiece, len(b))]
		_ = w.control.SetWriteDeadline(time.Now().Add(stallTime))
		var m int
		m, err = w.ResponseWriter.Write(piece)
		if n += m; err != nil || n >= len(b) {
			break
		}
	}
	// HTTP/2 would end the stream at the deadline even with nothing to write.
	_ = w.control.SetWriteDeadline(time.Time{})
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *stallWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
