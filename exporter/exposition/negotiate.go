package exposition

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/prometheus/common/expfmt"
)

// formats are those that the page has, best first.
var formats = []expfmt.Format{
	expfmt.FmtOpenMetrics_1_0_0, expfmt.FmtOpenMetrics_0_0_1, expfmt.FmtProtoDelim, expfmt.FmtText,
}

func negotiateFormat(h http.Header) expfmt.Format {
	return expfmt.NegotiateAccept(h, formats...)
}

// wantsGzip reports whether a client wants gzip rather than plain text. As with
// promhttp, plain text is sent if the two weigh the same, and also to who
// accepts neither.
func wantsGzip(h http.Header) bool {
	identity, gzip := -1.0, 0.0
	for _, line := range h.Values("Accept-Encoding") {
		for part := range strings.SplitSeq(line, ",") {
			coding, q, ok := parseCoding(part)
			if !ok {
				break // nothing after it on that line can be relied on
			}
			if coding == "identity" || coding == "*" {
				identity = max(identity, q)
			}
			if coding == "gzip" || coding == "*" {
				gzip = max(gzip, q)
			}
		}
	}
	return gzip > 0 && gzip > identity
}

// parseCoding reads "coding" or "coding;q=0.5".
func parseCoding(s string) (coding string, q float64, ok bool) {
	coding, param, weighted := strings.Cut(s, ";")
	coding = strings.TrimSpace(coding)
	if !weighted {
		return coding, 1, coding != ""
	}
	digits, ok := strings.CutPrefix(strings.TrimSpace(param), "q=")
	if !ok {
		return "", 0, false
	}
	q, err := strconv.ParseFloat(digits, 64)
	return coding, q, err == nil && q >= 0 && q <= 1
}
