package exposition

import (
	"context"
	"net/http"
	"strconv"
	"time"

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

func (p *Page) serve(w http.ResponseWriter, r *http.Request) {
	format := expfmt.NegotiateAccept(r.Header, formats...)
	current := p.enter()
	defer p.leave(current)
	page := current.in(format)
	var names []string
	if r.URL != nil {
		names = r.URL.Query()["name[]"]
	}
	gzip := httpx.PrefersGzip(r.Header)
	own := p.own.hold(format, names, gzip)
	defer p.own.release(own)
	if len(names) > 0 {
		page = page.only(names)
	}

	h := w.Header()
	h.Set("Content-Type", string(format))
	h.Add("Vary", "Accept")
	h.Add("Vary", "Accept-Encoding")
	// A page that too many others have followed is given up, also while a client keeps it
	// waiting.
	defer context.AfterFunc(current.dropped, func() {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now())
	})()
	a := answer{w: w, head: r.Method == http.MethodHead, dropped: current.dropped}
	if gzip {
		h.Set("Content-Encoding", "gzip")
		a.gzip(page, own)
	} else {
		a.plain(page, own)
	}
}

// answer writes a page to a client.
type answer struct {
	w    http.ResponseWriter
	head bool // the client asked for the header alone
	// dropped ends when the page is given up.
	dropped context.Context
}

func (a answer) plain(page *form, own *ownText) {
	if !a.sendHeader(page.sum.size + int64(len(own.plain))) {
		return
	}
	for b := range page.plain() {
		if !a.write(b) {
			return
		}
	}
	a.write(own.plain)
}

// gzip writes one gzip member: not all clients read more than the first.
func (a answer) gzip(page *form, own *ownText) {
	trailer := appendGzipTrailer(nil, page.sum.add(own.plain))
	size := int64(len(gzipHeader) + len(own.packed) + len(trailer))
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
	if a.write(own.packed) {
		a.write(trailer)
	}
}

// sendHeader announces the length and reports whether a body is to follow.
func (a answer) sendHeader(size int64) bool {
	a.w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	return !a.head
}

// write reports whether the client and the page are still there.
func (a answer) write(b []byte) bool {
	if a.dropped.Err() != nil {
		return false
	}
	_, err := a.w.Write(b)
	return err == nil
}
