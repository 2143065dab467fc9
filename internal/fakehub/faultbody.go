package fakehub

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"
)

// taken is an answer that was not sent yet.
type taken struct {
	header http.Header
	status int
	bytes.Buffer
}

func (t *taken) Header() http.Header { return t.header }

func (t *taken) WriteHeader(status int) { t.status = status }

// take has the Hub answer, unpacked, and keeps the answer.
func take(w http.ResponseWriter, r *http.Request, answer http.Handler) *taken {
	r = r.Clone(r.Context())
	r.Header.Del("Accept-Encoding")
	t := &taken{header: http.Header{}, status: http.StatusOK}
	answer.ServeHTTP(t, r)
	maps.Copy(w.Header(), t.header)
	w.Header().Del("Content-Length")
	return t
}

// send sends a content with its length.
func (t *taken) send(w http.ResponseWriter, content []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(t.status)
	_, _ = w.Write(content)
}

// Edit sends what edit makes of the content, with the right length.
func Edit(edit func(content string) string) Fault {
	return func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		t := take(w, r, answer)
		t.send(w, []byte(edit(t.String())))
	}
}

// Header sends the answer with another value of a header.
func Header(name, value string) Fault {
	return func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		w.Header().Set(name, value)
		answer.ServeHTTP(w, r)
	}
}

// Body sends another content with status 200.
func Body(contentType, content string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentType)
		(&taken{status: http.StatusOK}).send(w, []byte(content))
	}
}

// Half sends the first half of the content as if it were all.
func Half() Fault {
	return Edit(func(content string) string { return content[:len(content)/2] })
}

// HalfGzip sends the first half of the packed content as if it were all.
func HalfGzip() Fault {
	return func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		t := take(w, r, answer)
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, _ = z.Write(t.Bytes())
		_ = z.Close()
		w.Header().Set("Content-Encoding", "gzip")
		t.send(w, packed.Bytes()[:packed.Len()/2])
	}
}

// start sends the head of the answer and the first n bytes of its content,
// though it announces all.
func start(w http.ResponseWriter, r *http.Request, answer http.Handler, n int) {
	t := take(w, r, answer)
	w.Header().Set("Content-Length", strconv.Itoa(t.Len()+1))
	w.WriteHeader(t.status)
	_, _ = w.Write(t.Bytes()[:min(n, t.Len())])
	flush(w)
}

func flush(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }

// Truncated closes the connection after n bytes of the content.
func Truncated(n int) Fault {
	return func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		start(w, r, answer, n)
		panic(http.ErrAbortHandler)
	}
}

// Reset resets the connection after n bytes of the content; before the head of
// the answer if n is negative.
func Reset(n int) Fault {
	return func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		if n >= 0 {
			start(w, r, answer, n)
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
}

// Unannounced sends the first n bytes of the content as HTTP/1.0 does: without
// its length, ended by the end of the connection.
func Unannounced(n int) Fault {
	return func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		t := take(w, r, answer)
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		defer func() { _ = conn.Close() }()
		_, _ = fmt.Fprintf(rw, "HTTP/1.0 200 OK\r\nContent-Type: %s\r\n\r\n%s",
			w.Header().Get("Content-Type"), t.Bytes()[:min(n, t.Len())])
		_ = rw.Flush()
	}
}

// StallHeaders sends nothing until the caller gives up.
func StallHeaders() Fault {
	return func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
}

// StallBody sends n bytes of the content and nothing more until the caller gives
// up.
func StallBody(n int) Fault {
	return func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		start(w, r, answer, n)
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
}

// Slow sends the whole content, chunk bytes at a time with a pause before each.
func Slow(chunk int, pause time.Duration) Fault {
	return func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		t := take(w, r, answer)
		w.Header().Set("Content-Length", strconv.Itoa(t.Len()))
		w.WriteHeader(t.status)
		for t.Len() > 0 {
			select {
			case <-r.Context().Done():
				panic(http.ErrAbortHandler)
			case <-time.After(pause):
			}
			_, _ = w.Write(t.Next(chunk))
			flush(w)
		}
	}
}

// Endless sends the content without its last byte and then filler for ever.
func Endless(filler string) Fault {
	return func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		t := take(w, r, answer)
		w.WriteHeader(t.status)
		_, err := w.Write(t.Bytes()[:t.Len()-1])
		block := bytes.Repeat([]byte(filler), 1+(64<<10)/len(filler))
		for err == nil && r.Context().Err() == nil {
			_, err = w.Write(block)
		}
		panic(http.ErrAbortHandler)
	}
}
