package plugin

import (
	"bytes"
	"errors"
	"net/http"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/klauspost/compress/gzip"
)

// download is the response to the CSV link, as it is sent.
type download struct {
	send sendFunc
	name string // of the file
	gzip bool   // what is sent is compressed

	begun   bool
	records int64
	sent    int64
	sendErr error
	z       *gzip.Writer
	packed  bytes.Buffer
}

// Write sends a piece of the text. The first one brings status and headers.
func (d *download) Write(text []byte) (int, error) {
	if !d.gzip {
		return len(text), d.emit(text)
	}
	if d.z == nil {
		d.z, _ = gzip.NewWriterLevel(&d.packed, gzip.BestSpeed) // a level that exists
	}
	if _, err := d.z.Write(text); err != nil {
		return 0, err
	}
	if err := d.z.Flush(); err != nil {
		return 0, err
	}
	return len(text), d.emitPacked()
}

// finish sends what is left, and makes the download whole.
func (d *download) finish() error {
	if d.z == nil {
		return nil
	}
	if err := d.z.Close(); err != nil {
		return err
	}
	return d.emitPacked()
}

// fail ends a download that f has stopped. Before the first byte the fault is
// the answer. After it Grafana cannot be made to break the connection: it adds
// what it has to say of the error to the body and ends that in good order. So
// the body itself must show that it is not whole. In a compressed one comes what no
// decoder takes, and the browser says that the download failed, which it does not
// say of one that only ends too soon; a plain one has a last line that is no record.
func (d *download) fail(f *fault) error {
	if d.sendErr != nil {
		return f // nobody is there any more
	}
	if !d.begun {
		return d.send(errorResponse(f))
	}
	_, err := d.Write(incomplete(f, d.records))
	if err == nil && d.gzip {
		err = d.emit([]byte{reservedBlock})
	}
	return errors.Join(f, err)
}

// reservedBlock is the beginning of a deflate block of the type that RFC 1951,
// section 3.2.3, calls an error.
const reservedBlock = 0b111

func (d *download) emitPacked() error {
	defer d.packed.Reset()
	return d.emit(d.packed.Bytes())
}

func (d *download) emit(b []byte) error {
	r := &backend.CallResourceResponse{Status: http.StatusOK, Body: b}
	if !d.begun {
		r.Headers = d.headers()
	}
	if d.sendErr = d.send(r); d.sendErr != nil {
		return d.sendErr
	}
	d.begun = true
	d.sent += int64(len(b))
	return nil
}

func (d *download) headers() map[string][]string {
	h := headersOf("text/csv; charset=utf-8",
		"Content-Disposition", `attachment; filename="`+d.name+`"`,
		"Vary", "Accept-Encoding")
	if d.gzip {
		h["Content-Encoding"] = []string{"gzip"}
	}
	return h
}
