// Package httpx holds the parts of HTTP that several packages need: content
// negotiation and entity tags.
package httpx

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// PrefersGzip reports whether the header Accept-Encoding prefers gzip to no
// encoding. If both weigh the same the answer is no, as with promhttp: packing
// takes longer than it saves on most networks. Names are read without regard to
// case.
func PrefersGzip(h http.Header) bool {
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
	coding, param, weighted := strings.Cut(strings.ToLower(s), ";")
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

// Quality returns how much the header Accept wants a media type that has several
// names, from 0 to 1: the q of the most specific range that includes one of them.
// Without the header everything is wanted.
func Quality(h http.Header, names ...string) float64 {
	accept := strings.Join(h.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return 1
	}
	major, _, _ := strings.Cut(names[0], "/")
	quality, bestRank := 0.0, 0
	for part := range strings.SplitSeq(accept, ",") {
		mediaRange, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		rank := 0
		switch {
		case slices.Contains(names, mediaRange):
			rank = 3
		case mediaRange == major+"/*":
			rank = 2
		case mediaRange == "*/*" || mediaRange == "*":
			rank = 1
		}
		if rank <= bestRank {
			continue
		}
		q := 1.0
		if s, ok := params["q"]; ok {
			if q, err = strconv.ParseFloat(s, 64); err != nil || !(q >= 0) {
				q = 0
			}
		}
		quality, bestRank = min(q, 1), rank
	}
	return quality
}
