// Package wire is what the handlers of the HTTP API and its client share: the
// routes, the parameters of each, and the JSON of the answers. docs/api.md is the
// reference for users.
package wire

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
)

// The routes, without the host.
const (
	StatusRoute   = "/api/v1/status"
	OverviewRoute = "/api/v1/overview"
	ReposRoute    = "/api/v1/repos"
	CountsRoute   = "/api/v1/counts"
	RecordsRoute  = "/api/v1/records"
	ReadingsRoute = "/api/v1/readings"
	BadgeRoute    = "/api/v1/badge"
	ChartSVGRoute = "/api/v1/chart.svg"
	ChartPNGRoute = "/api/v1/chart.png"
	// HubRoute is the Hub's own, so that what reads the Hub reads the exporter.
	HubRoute = "/organizations/{org}/settings/publisher-analytics/download-breakdown"
)

// Version is the version of the API, as Status.API and VersionHeader have it. It
// rises when a client of an earlier one would misread an answer; one more member of
// an answer does not count.
const Version = 1

// VersionHeader has the version of the API in every answer, so that a client need
// not ask for it first, and sees when the exporter was replaced by another.
const VersionHeader = "Api-Version"

// VersionText is the value of VersionHeader.
var VersionText = strconv.Itoa(Version)

// JSONType is the media type of all answers but records.
const JSONType = "application/json"

// Fault is what is wrong with a request, and the body of an answer that is an error.
type Fault struct {
	Message string `json:"error"`
	// Field is the parameter at fault, "" if it is none.
	Field string `json:"field,omitempty"`
}

// Error names the field before the message.
func (f *Fault) Error() string {
	if f.Field == "" {
		return f.Message
	}
	return f.Field + ": " + f.Message
}

// WriteJSON writes v and a line end.
func WriteJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// ReadJSON decodes one value of at most limit bytes, to the end of r.
func ReadJSON(r io.Reader, limit int64, v any) error {
	dec := json.NewDecoder(&limitedReader{r: r, left: limit, limit: limit})
	if err := dec.Decode(v); err != nil {
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	switch t, err := dec.Token(); err {
	case io.EOF:
		return nil
	case nil:
		return fmt.Errorf("expected the end after a JSON value, got %v", t)
	default:
		return err
	}
}

// limitedReader fails once more than limit bytes come.
type limitedReader struct {
	r           io.Reader
	left, limit int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	l.left -= int64(n)
	if l.left < 0 {
		return 0, fmt.Errorf("expected at most %d bytes of JSON, got more", l.limit)
	}
	return n, err
}
