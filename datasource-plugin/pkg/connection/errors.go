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
	// KindUnreachable: nothing listens there, or the way there is cut.
	KindUnreachable Kind = "unreachable"
	// KindDNS: the host has no address.
	KindDNS Kind = "dns"
	// KindTLS: no encrypted connection that can be trusted.
	KindTLS Kind = "tls"
	// KindTimeout: no answer, or no further piece of one, in time.
	KindTimeout Kind = "timeout"
	// KindBroken: the connection broke off.
	KindBroken Kind = "broken"
	// KindRedirect: the answer is at another place, where nothing is sent.
	KindRedirect Kind = "redirect"
	// KindAuth: user, password, header or token are missing or wrong.
	KindAuth Kind = "auth"
	// KindForbidden: they are known, and may not do this.
	KindForbidden Kind = "forbidden"
	// KindNotFound: the Hub knows no such organisation.
	KindNotFound Kind = "not_found"
	// KindNotExporter: what answers is no exporter.
	KindNotExporter Kind = "not_exporter"
	// KindVersion: the exporter is too old or too new for this plugin.
	KindVersion Kind = "version"
	// KindRefused: the exporter refuses what it was asked.
	KindRefused Kind = "refused"
	// KindRateLimited: too many requests.
	KindRateLimited Kind = "rate_limited"
	// KindServer: a fault of who answers.
	KindServer Kind = "server"
	// KindMalformed: the answer is not what it should be.
	KindMalformed Kind = "malformed"
	// KindMemory: the history is larger than the settings allow.
	KindMemory Kind = "memory"
	// KindClosed: the settings of the data source have changed meanwhile.
	KindClosed Kind = "closed"
)

// Error is why a connection gave no answer.
type Error struct {
	Kind Kind
	// Text is for the user: what is wrong, and what to do.
	Text string
	// Err is what it was made of.
	Err error
}

// Error returns the text.
func (e *Error) Error() string { return e.Text }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// failure returns an *Error marked as one of upstream.
func failure(kind Kind, cause error, format string, args ...any) error {
	return backend.DownstreamError(&Error{Kind: kind, Text: fmt.Sprintf(format, args...), Err: cause})
}

// way is what is wrong with the way to a host, and what to do.
type way struct {
	kind       Kind
	what, mend string
}

// wayOf explains a failure of the way to a host. ok is false if it was none.
func wayOf(err error) (w way, ok bool) {
	var (
		dns       *net.DNSError
		op        *net.OpError
		timed     net.Error
		elsewhere *redirectError
	)
	switch {
	case errors.As(err, &elsewhere):
		return way{KindRedirect, elsewhere.Error(), "enter the URL where it is now"}, true
	case errors.As(err, &dns) && !dns.IsTimeout:
		return way{KindDNS, fmt.Sprintf("the name %q has no address", dns.Name), "check the URL"}, true
	case errors.Is(err, http.ErrSchemeMismatch):
		return way{KindTLS, "it speaks plain HTTP", "enter the URL with http://"}, true
	case isTLS(err):
		return way{KindTLS, "no encrypted connection that can be trusted: " + innermost(err), "check its certificate and the TLS settings"}, true
	case errors.As(err, &timed) && timed.Timeout():
		return way{KindTimeout, "no answer came in time: " + innermost(err), "see what keeps it busy, or set a longer timeout"}, true
	case errors.As(err, &op) && op.Op == "dial":
		return way{KindUnreachable, "no connection: " + innermost(op.Err), "check the URL, and that it runs"}, true
	case errors.As(err, &op), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return way{KindBroken, "the connection broke off: " + innermost(err), "try again, and see its log"}, true
	}
	return way{}, false
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

// asError returns the *Error in err.
func asError(err error) (*Error, bool) { return errors.AsType[*Error](err) }
