package api

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/export"
)

// mediaTypes lists the names that clients may use for a format in Accept.
func mediaTypes(f export.Format) []string {
	switch f {
	case export.JSONL:
		return []string{"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}
	case export.Parquet:
		return []string{"application/vnd.apache.parquet", "application/x-parquet"}
	}
	return []string{"text/csv"}
}

// acceptedFormat returns the format that the header Accept likes best, of
// equals the first of export.Formats.
func acceptedFormat(h http.Header) (export.Format, error) {
	accept := strings.Join(h.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return export.CSV, nil
	}
	var best export.Format
	var bestQuality float64
	for _, f := range export.Formats() {
		if q := quality(accept, mediaTypes(f)); q > bestQuality {
			best, bestQuality = f, q
		}
	}
	if bestQuality == 0 {
		return export.CSV, &fault{
			status: http.StatusNotAcceptable,
			text:   "expected text/csv, application/x-ndjson or application/vnd.apache.parquet in the header Accept, got " + quote(accept),
		}
	}
	return best, nil
}

// quality returns how much the value of Accept likes a media type with several
// names, from 0 to 1: the q of the most specific range that holds it.
func quality(accept string, names []string) float64 {
	major, _, _ := strings.Cut(names[0], "/")
	found, foundRank := 0.0, 0
	for part := range strings.SplitSeq(accept, ",") {
		rangeType, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		rank := 0
		switch {
		case slices.Contains(names, rangeType):
			rank = 3
		case rangeType == major+"/*":
			rank = 2
		case rangeType == "*/*" || rangeType == "*":
			rank = 1
		}
		if rank <= foundRank {
			continue
		}
		q := 1.0
		if s, ok := params["q"]; ok {
			if q, err = strconv.ParseFloat(s, 64); err != nil || !(q >= 0) {
				q = 0
			}
		}
		found, foundRank = min(q, 1), rank
	}
	return found
}
