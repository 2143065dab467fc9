package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

const (
	// maxBody bounds a body in bytes. No route but that of pprof's symbols has a use for
	// one.
	maxBody = 64 << 10
	// bodyTimeout bounds how long a body may take to arrive.
	bodyTimeout = 10 * time.Second
)

// securityHeaders are those of every answer. The pages of the exporter have a style and a
// script of their own, nothing inline and nothing from elsewhere, and are not to be framed. Headers that the file of
// --web.config.file sets stay.
var securityHeaders = map[string]string{
	"X-Content-Type-Options":  "nosniff",
	"X-Frame-Options":         "DENY",
	"Referrer-Policy":         "no-referrer",
	"Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
}

// secured sets the headers of every answer of a handler.
type secured struct{ http.Handler }

func (s secured) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, value := range securityHeaders {
		if w.Header().Get(name) == "" {
			w.Header().Set(name, value)
		}
	}
	s.Handler.ServeHTTP(w, r)
}

// sameOrigin refuses requests that change something and that a browser sends for a page
// of another site: such a request has the credentials of the user, whatever page asks.
func sameOrigin(next http.Handler) http.Handler {
	p := http.NewCrossOriginProtection()
	p.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse(w, r, http.StatusForbidden, 0, fmt.Sprintf("expected %s from the same origin, got Sec-Fetch-Site %s, Origin %s",
			r.Method, textenc.Quote(r.Header.Get("Sec-Fetch-Site")), textenc.Quote(r.Header.Get("Origin"))))
	}))
	return p.Handler(next)
}

// guard wraps every route: it ends requests whose body does not arrive and answers that
// nobody reads.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		// The connection may have the deadline of the request before. Where deadlines are
		// not supported there are none.
		_ = control.SetWriteDeadline(time.Now().Add(stallTimeout))
		if !readBody(w, r, control) {
			return
		}
		_ = control.SetWriteDeadline(time.Time{})
		paced := &pacedWriter{ResponseWriter: w, control: control}
		next.ServeHTTP(paced, r.WithContext(context.WithValue(r.Context(), paceKey{}, paced)))
		// What is buffered has to be read, too.
		paced.begin()
	})
}

// readBody reads the whole body before the request is handled, so that its client cannot
// hold the connection by sending it slowly. It returns false if it answered the request.
func readBody(w http.ResponseWriter, r *http.Request, control *http.ResponseController) bool {
	if r.ContentLength == 0 {
		return true
	}
	_ = control.SetReadDeadline(time.Now().Add(bodyTimeout))
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
		refuse(w, r, http.StatusRequestTimeout, 0, fmt.Sprintf("expected the body of the request within %s, got a timeout", bodyTimeout))
	}
	return false
}

// refuse answers with an error in the form of the route: JSON of the API, text elsewhere.
// retryAfter is in seconds, 0 for no header Retry-After.
func refuse(w http.ResponseWriter, r *http.Request, status, retryAfter int, reason string) {
	if retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	// The route may have a prefix.
	if !strings.Contains(r.URL.Path, "/api/") && !strings.Contains(r.URL.Path, "/organizations/") {
		writeText(w, status, reason+"\n")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": reason})
}

func writeText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// allow admits requests of these methods.
func allow(next http.HandlerFunc, methods ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(methods, r.Method) {
			allowed := strings.Join(methods, ", ")
			w.Header().Set("Allow", allowed)
			writeText(w, http.StatusMethodNotAllowed, fmt.Sprintf("Expected %s, got %q.\n", allowed, r.Method))
			return
		}
		next(w, r)
	})
}
