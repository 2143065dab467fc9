package hub

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
)

// body reads the content of an answer: unpacked, bounded in size, cut off where
// it stands still. Its errors are an *Error, or the cause of the caller's
// context; the first one stays.
type body struct {
	q      *request
	header http.Header
	parent context.Context // the caller's
	ctx    context.Context // the request's, which cancel ends
	cancel context.CancelCauseFunc
	wire   wire
	src    io.Reader // the wire, or gzip over it; nil until the first read
	packed bool
	idle   time.Duration
	timer  *time.Timer

	read    atomic.Int64 // bytes given so far, unpacked
	most    int64
	endless bool // only the end of the connection ends the body
	last    byte
	err     error
}

// wire remembers how reading from the connection ended.
type wire struct {
	io.ReadCloser
	err error
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if err != nil {
		w.err = err
	}
	return n, err
}

// open makes b the content of resp, or closes it and returns why it is refused.
func (b *body) open(resp *http.Response) error {
	b.header, b.wire = resp.Header, wire{ReadCloser: resp.Body}
	b.most = b.q.most
	b.endless = resp.ContentLength < 0 && resp.ProtoMajor < 2 && len(resp.TransferEncoding) == 0
	coding := strings.TrimSpace(resp.Header.Get("Content-Encoding"))
	switch strings.ToLower(coding) {
	case "", "identity":
	case "gzip", "x-gzip":
		b.packed = true
	default:
		b.close()
		return b.malformed(fmt.Errorf("expected plain or gzip content, got Content-Encoding %q", coding))
	}
	if resp.ContentLength > b.most {
		b.close()
		return b.tooLong()
	}
	return nil
}

var errIdle = errors.New("the response stalled")

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.timer == nil {
		b.timer = time.AfterFunc(b.idle, func() { b.cancel(errIdle) })
	} else {
		b.timer.Reset(b.idle)
	}
	n, err := b.unpack(p)
	b.timer.Stop()
	if n > 0 {
		b.last = p[n-1]
	}
	read := b.read.Add(int64(n))
	switch {
	case read > b.most:
		n, err = 0, b.tooLong()
	case err == io.EOF:
	case err != nil:
		err = b.explain(err)
	}
	b.err = err
	return n, err
}

// unpack reads content. The gzip reader is made here because it reads at once.
func (b *body) unpack(p []byte) (int, error) {
	if b.src == nil {
		b.src = &b.wire
		if b.packed {
			z, err := gzip.NewReader(bufio.NewReaderSize(&b.wire, 64<<10))
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			if err != nil {
				return 0, err
			}
			b.src = z
		}
	}
	return b.src.Read(p)
}

// explain returns the error of a failed read; its kind depends on who ended it.
func (b *body) explain(err error) error {
	if cause := context.Cause(b.parent); cause != nil {
		return b.q.ended(cause)
	}
	if context.Cause(b.ctx) == errIdle {
		return b.fail(KindTimeout, fmt.Errorf("expected more of the response within %s, got nothing after %d bytes", b.idle, b.read.Load()))
	}
	if b.wire.err == nil || b.wire.err == io.EOF {
		if err == io.ErrUnexpectedEOF {
			return b.malformed(fmt.Errorf("expected a complete gzip stream, got its end after %d bytes", b.read.Load()))
		}
		return b.malformed(fmt.Errorf("expected gzip, got something else: %w", err))
	}
	kind, _ := kindOfFailure(b.wire.err)
	return b.fail(kind, fmt.Errorf("the response was aborted after %d bytes: %w", b.read.Load(), b.wire.err))
}

func (b *body) fail(kind Kind, cause error) *Error {
	e := b.q.fail(kind, cause)
	e.Status = http.StatusOK
	return e
}

func (b *body) malformed(cause error) *Error { return b.fail(KindMalformed, cause) }

func (b *body) tooLong() *Error {
	return b.malformed(fmt.Errorf("expected a response of at most %d bytes (max_response_bytes), got a longer one", b.most))
}

// complete checks, once all was read, that nothing is missing at the end. A body
// that only the end of the connection ends may have been cut anywhere: it has to
// end with a whole line.
func (b *body) complete() error {
	if b.err == nil {
		if _, err := b.Read(make([]byte, 1)); err == nil {
			return b.malformed(fmt.Errorf("expected the end of the response after %d bytes, got more", b.read.Load()-1))
		}
	}
	if b.err != io.EOF {
		return b.err
	}
	if b.endless && b.last != '\n' {
		return b.malformed(fmt.Errorf("expected a line ending after the last line, got the end of the response after %d bytes: it is truncated", b.read.Load()))
	}
	return nil
}

// close ends the request and releases the connection. The body reads nothing more.
func (b *body) close() {
	if b.timer != nil {
		b.timer.Stop()
	}
	if b.err == nil {
		b.err = errors.New("the response is closed")
	}
	_ = b.wire.Close()
	b.cancel(nil)
}

// sniffed is how much of a body is looked at before it is believed.
const sniffed = 512

// sniff returns a reader of the whole content, or says that it is not what the
// caller wants: a page for people, by its type or by how it starts.
func (b *body) sniff(want string) (io.Reader, error) {
	text := bufio.NewReaderSize(b, sniffed)
	start, err := text.Peek(sniffed)
	if err != nil && err != io.EOF {
		return nil, err
	}
	start = bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf")), " \t\r\n")
	media, _, _ := mime.ParseMediaType(b.header.Get("Content-Type"))
	if media == "text/html" || media == "application/xhtml+xml" || bytes.HasPrefix(start, []byte("<")) {
		return nil, b.malformed(fmt.Errorf("expected %s, got an HTML page", want))
	}
	return text, nil
}
