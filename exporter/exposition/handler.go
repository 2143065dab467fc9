package exposition

import (
	"bytes"
	"net/http"
	"strconv"
	"sync"

	"github.com/prometheus/common/expfmt"

	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

// formats are those that the page has, best first.
var formats = []expfmt.Format{
	expfmt.FmtOpenMetrics_1_0_0, expfmt.FmtOpenMetrics_0_0_1, expfmt.FmtProtoDelim, expfmt.FmtText,
}

// Handler returns the handler of /metrics. It negotiates format and compression
// as promhttp does: OpenMetrics 1.0.0 and 0.0.1, Prometheus text 0.0.4 and
// delimited protobuf, each plain or gzip; protobuf's two text forms, made for
// debugging, are not offered. Parameters name[] reduce the page to the families
// of those names.
//
// If the exporter's own metrics cannot be gathered or encoded, wholly or in
// part, the rest of the page is served, like promhttp with ContinueOnError: a
// fault of the exporter must not hide the repositories. It is logged when it
// begins and counted in huggingface_exporter_metrics_page_errors_total.
func (p *Page) Handler() http.Handler { return http.HandlerFunc(p.serve) }

// scratch is the memory that a scrape needs: for the own metrics, plain and
// compressed.
type scratch struct {
	own     bytes.Buffer
	trailer []byte
	deflater
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func (p *Page) serve(w http.ResponseWriter, r *http.Request) {
	format := expfmt.NegotiateAccept(r.Header, formats...)
	page := p.current.Load().in(format)
	var names []string
	if r.URL != nil {
		names = r.URL.Query()["name[]"]
	}
	mem := scratches.Get().(*scratch)
	defer scratches.Put(mem)
	mem.own.Reset()
	p.own.append(&mem.own, format, names)
	if len(names) > 0 {
		page = page.only(names)
	}

	h := w.Header()
	h.Set("Content-Type", string(format))
	h.Add("Vary", "Accept")
	h.Add("Vary", "Accept-Encoding")
	a := answer{w: w, head: r.Method == http.MethodHead}
	if httpx.PrefersGzip(r.Header) {
		h.Set("Content-Encoding", "gzip")
		a.gzip(page, mem)
	} else {
		a.plain(page, mem.own.Bytes())
	}
}

// answer writes a page to a client.
type answer struct {
	w    http.ResponseWriter
	head bool // the client asked for the header alone
}

func (a answer) plain(page *form, own []byte) {
	if !a.sendHeader(page.sum.size + int64(len(own))) {
		return
	}
	for b := range page.plain() {
		if !a.write(b) {
			return
		}
	}
	a.write(own)
}

// gzip writes one gzip member: not all clients read more than the first.
func (a answer) gzip(page *form, mem *scratch) {
	packed := mem.last(mem.own.Bytes())
	mem.trailer = appendGzipTrailer(mem.trailer[:0], page.sum.add(mem.own.Bytes()))
	size := int64(len(gzipHeader) + len(packed) + len(mem.trailer))
	for b := range page.packed() {
		size += int64(len(b))
	}
	if !a.sendHeader(size) || !a.write([]byte(gzipHeader)) {
		return
	}
	for b := range page.packed() {
		if !a.write(b) {
			return
		}
	}
	if a.write(packed) {
		a.write(mem.trailer)
	}
}

// sendHeader announces the length and reports whether a body is to follow.
func (a answer) sendHeader(size int64) bool {
	a.w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	return !a.head
}

// write reports whether the client is still there.
func (a answer) write(b []byte) bool {
	_, err := a.w.Write(b)
	return err == nil
}
