package connection

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// Kind is the reason of a failure in one fixed word.
type Kind string

// The kinds of failures.
const (
	KindUnreachable Kind = "unreachable"  // nothing listens there, or the network is cut
	KindDNS         Kind = "dns"          // the host has no address
	KindTLS         Kind = "tls"          // no encrypted connection that can be trusted
	KindTimeout     Kind = "timeout"      // no answer, or no further piece of one, in time
	KindBroken      Kind = "broken"       // the connection broke off
	KindRedirect    Kind = "redirect"     // the answer is at another place, where nothing is sent
	KindAuth        Kind = "auth"         // user, password, header or token are missing or wrong
	KindForbidden   Kind = "forbidden"    // they are known, and may not do this
	KindNotFound    Kind = "not_found"    // the Hub knows no such organization
	KindNotExporter Kind = "not_exporter" // what answers is no exporter
	KindVersion     Kind = "version"      // the exporter is too old or too new for this plugin
	KindRefused     Kind = "refused"      // the exporter refuses what it was asked
	KindRateLimited Kind = "rate_limited" // too many requests
	KindServer      Kind = "server"       // a fault of who answers
	KindMalformed   Kind = "malformed"    // the answer is not what it should be
	KindImplausible Kind = "implausible"  // the answer is in order, and not believed yet
	KindMemory      Kind = "memory"       // the history is larger than the settings allow
	KindClosed      Kind = "closed"       // the settings of the data source have changed meanwhile
)

// Error is why a connection gave no answer.
type Error struct {
	Kind Kind `json:"kind"`
	// Text is for the user: what is wrong, and what to do.
	Text string `json:"text"`
	// Err is the cause.
	Err error `json:"-"`
}

// Error returns the text.
func (e *Error) Error() string { return e.Text }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// failure returns an *Error marked as one of upstream.
func failure(kind Kind, cause error, format string, args ...any) error {
	return backend.DownstreamError(&Error{Kind: kind, Text: fmt.Sprintf(format, args...), Err: cause})
}

// cause is why a host was not reached, and what to do.
type cause struct {
	kind         Kind
	what, advice string
}

// networkCause explains a failure to reach a host. ok is false if it was none.
func networkCause(err error) (c cause, ok bool) {
	var (
		dns       *net.DNSError
		op        *net.OpError
		timed     net.Error
		elsewhere *redirectError
	)
	switch {
	case errors.As(err, &elsewhere):
		return cause{KindRedirect, elsewhere.Error(), "enter the new URL"}, true
	case errors.As(err, &dns) && !dns.IsTimeout:
		return cause{KindDNS, fmt.Sprintf("the host name %q has no address", dns.Name), "check the URL"}, true
	case errors.Is(err, http.ErrSchemeMismatch):
		return cause{KindTLS, "it uses plain HTTP", "enter the URL with http://"}, true
	case isTLS(err):
		return cause{KindTLS, "the TLS connection is not trusted: " + innermost(err), "check its certificate and the TLS settings"}, true
	case errors.As(err, &timed) && timed.Timeout():
		return cause{KindTimeout, "no response in time: " + innermost(err), "check why it is busy, or set a longer timeout"}, true
	case errors.As(err, &op) && op.Op == "dial":
		return cause{KindUnreachable, "no connection: " + innermost(op.Err), "check the URL, and that it is running"}, true
	case errors.As(err, &op), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return cause{KindBroken, "the connection was aborted: " + innermost(err), "retry, and see its log"}, true
	}
	return cause{}, false
}

func isTLS(err error) bool {
	var (
		certificate *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
		host        x509.HostnameError
		invalid     x509.CertificateInvalidError
		alert       tls.AlertError
		record      tls.RecordHeaderError
	)
	return errors.As(err, &certificate) || errors.As(err, &authority) || errors.As(err, &host) ||
		errors.As(err, &invalid) || errors.As(err, &alert) || errors.As(err, &record)
}

// innermost returns the text of an error's innermost cause: those around it
// repeat addresses.
func innermost(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil || next.Error() == "" {
			return strings.TrimSuffix(err.Error(), ".")
		}
		err = next
	}
}

// maxLine bounds how much of an error's text is shown, in bytes.
const maxLine = 300

// oneLine returns the text of an error without line breaks, and not too long.
func oneLine(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if len(text) > maxLine {
		text = strings.ToValidUTF8(text[:maxLine], "") + "..."
	}
	return text
}
