// Package client is a history.Reader over the HTTP API of an exporter.
package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/export/format"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/rowstream"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// Client asks an exporter. Each query is one request, except for pages of very
// many rows, and lives no longer than its context. It may be used from several
// goroutines.
type Client struct {
	endpoint *url.URL
	http     *http.Client
	encoding string // that answers may have
	options  Options
}

var _ history.Reader = (*Client)(nil)

// Options may be left zero.
type Options struct {
	// UserAgent is sent with every request; "" stands for "huggingface_exporter".
	UserAgent string
	// MaxJSONBytes bounds the answers to Overview, Counts and for a page of Repos,
	// after decompression. 0 stands for 256 MiB. Records and readings are not bounded:
	// they stream.
	MaxJSONBytes int64
	// Explain makes the error of a method the one that it returns; ctx is that of
	// the method. nil leaves errors as they are.
	Explain func(ctx context.Context, err error) error
}

const defaultMaxJSONBytes = 256 << 20

// New returns a client of the exporter at endpoint, an http or https URL which may
// have a path. What has to be sent to get in - a password, a token, a client
// certificate - is the matter of hc; nil stands for a new http.Client. A Timeout of
// hc ends long exports too: better leave it to the contexts.
func New(endpoint string, hc *http.Client, o Options) (*Client, error) {
	u, err := url.Parse(strings.TrimSpace(endpoint))
	if err != nil {
		// The error of Parse quotes what may have a password in it.
		return nil, errors.New("expected the URL of an exporter like http://localhost:10061, got what is no URL")
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("expected the URL of an exporter like http://localhost:10061, without query or fragment, got %s", textenc.Quote(u.Redacted()))
	}
	if hc == nil {
		hc = &http.Client{}
	}
	if o.UserAgent == "" {
		o.UserAgent = "huggingface_exporter"
	}
	if o.MaxJSONBytes <= 0 {
		o.MaxJSONBytes = defaultMaxJSONBytes
	}
	if o.Explain == nil {
		o.Explain = func(_ context.Context, err error) error { return err }
	}
	return &Client{endpoint: u, http: hc, encoding: acceptedEncoding(u.Hostname()), options: o}, nil
}

// acceptedEncoding returns the header Accept-Encoding for requests to host. What
// comes from this machine, or by the host's name or address from one's own network
// - a container, a pod, a machine next to it - is asked for as it is: an export
// takes two to four times as long to pack and unpack as to send.
func acceptedEncoding(host string) string {
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip = ip.Unmap(); ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() {
			return "identity"
		}
		return "gzip"
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if !strings.Contains(host, ".") {
		return "identity" // localhost, or a name that only one's own network knows
	}
	for _, suffix := range []string{".localhost", ".local", ".internal", ".svc", ".home.arpa"} {
		if strings.HasSuffix(host, suffix) {
			return "identity"
		}
	}
	return "gzip"
}

// Status asks the exporter what it is and how much it holds: a cheap question, to
// find out whether there is one. An answer that is an error is an *Error; exporters
// of before this route answer with 404.
func (c *Client) Status(ctx context.Context) (s wire.Status, err error) {
	err = c.ask(ctx, wire.StatusRoute, "", wire.JSONType, func(body io.Reader) error {
		return wire.ReadJSON(body, c.options.MaxJSONBytes, &s)
	})
	return s, c.options.Explain(ctx, err)
}

// Overview asks the exporter. An answer that is an error is an *Error, one of
// another version of the API a *VersionError.
func (c *Client) Overview(ctx context.Context, q history.OverviewQuery) (o history.Overview, err error) {
	err = c.ask(ctx, wire.OverviewRoute, wire.Overview.Encode(q), wire.JSONType, func(body io.Reader) (err error) {
		o, err = wire.ReadOverview(body, c.options.MaxJSONBytes, q)
		return err
	})
	return o, c.options.Explain(ctx, err)
}

// pageTries is how often Repos starts over when the history changes between
// the requests for one answer.
const pageTries = 4

// Repos asks the exporter. An answer that is an error is an *Error. More rows
// than the API gives at once are asked for in several requests; if the history
// changes between them, as far as the exporter tells, Repos starts over.
func (c *Client) Repos(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
	for range pageTries {
		page, ok, err := c.pages(ctx, q)
		if ok || err != nil {
			return page, c.options.Explain(ctx, err)
		}
	}
	return history.ReposPage{}, c.options.Explain(ctx, fmt.Errorf(
		"%s: the history changed %d times during the request; request fewer rows", wire.ReposRoute, pageTries))
}

// pages fetches the rows of q in as many requests as it takes. ok is false if
// they were of more than one state of the history.
func (c *Client) pages(ctx context.Context, q history.ReposQuery) (page history.ReposPage, ok bool, err error) {
	most := wire.MaxLimit
	if q.Trend > 0 {
		most = max(1, min(most, wire.MaxPoints/q.Trend))
	}
	var revision string
	ask := q
	for {
		ask.Offset = q.Offset + len(page.Rows)
		ask.Limit = most
		if q.Limit > 0 {
			ask.Limit = min(most, q.Limit-len(page.Rows))
		}
		var next history.ReposPage
		var nextRevision string
		err := c.ask(ctx, wire.ReposRoute, wire.Repos.Encode(ask), wire.JSONType, func(body io.Reader) (err error) {
			next, nextRevision, err = wire.ReadRepos(body, c.options.MaxJSONBytes, q)
			return err
		})
		if err != nil {
			return history.ReposPage{}, false, err
		}
		if ask.Offset == q.Offset {
			page, revision = next, nextRevision
		} else {
			if nextRevision != revision || next.Matched != page.Matched {
				return history.ReposPage{}, false, nil
			}
			page.Rows = append(page.Rows, next.Rows...)
		}
		if len(next.Rows) < ask.Limit || len(page.Rows) == q.Limit || q.Offset+len(page.Rows) >= page.Matched {
			return page, true, nil
		}
	}
}

// Counts asks the exporter what its metrics page shows. Each walk is a request.
func (c *Client) Counts(ctx context.Context, f history.Filter) iter.Seq2[history.Counts, error] {
	return func(yield func(history.Counts, error) bool) {
		var counts []history.Counts
		err := c.ask(ctx, wire.CountsRoute, wire.Counts.Encode(f), wire.JSONType, func(body io.Reader) (err error) {
			counts, err = wire.ReadCounts(body, c.options.MaxJSONBytes)
			return err
		})
		for _, count := range counts {
			if !yield(count, nil) {
				return
			}
		}
		if err != nil {
			yield(history.Counts{}, c.options.Explain(ctx, err))
		}
	}
}

// Records streams records from the exporter. Each walk over the stream is a
// request, and ending the walk ends it. A stream that does not arrive whole ends
// with an error; an answer that is an error is an *Error.
func (c *Client) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	query := wire.Records.Encode(wire.RecordsQuery{RecordsQuery: q, Format: format.Rows})
	return stream(ctx, c, wire.RecordsRoute, query, rowstream.ContentType, rowstream.Read)
}

// Readings streams readings from the exporter, as Records does records.
func (c *Client) Readings(ctx context.Context, q history.ReadingsQuery) history.ReadingSeq {
	return stream(ctx, c, wire.ReadingsRoute, wire.Readings.Encode(q), wire.JSONType, func(body io.Reader) iter.Seq2[history.Reading, error] {
		return wire.ReadReadings(body, c.options.MaxJSONBytes)
	})
}

// stream asks route and yields what read finds in the body.
func stream[T any](ctx context.Context, c *Client, route, query, want string, read func(io.Reader) iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		asked, cancel := context.WithCancel(ctx)
		defer cancel()
		err := c.ask(asked, route, query, want, func(body io.Reader) error {
			for e, err := range read(body) {
				// A stream that ctx ends has other errors, too.
				if ctx.Err() != nil {
					err = ctx.Err()
				}
				if err != nil {
					return err
				}
				if !yield(e, nil) {
					return errStopped
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(*new(T), c.options.Explain(ctx, err))
		}
	}
}

// errStopped says that nobody wants more of a stream.
var errStopped = errors.New("the walk over the stream ended")

// ask asks route and hands the body of an answer of the wanted type to read, not
// compressed.
func (c *Client) ask(ctx context.Context, route, query, want string, read func(io.Reader) error) error {
	u := c.endpoint.JoinPath(route)
	u.RawQuery = query
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	u.User, u.RawQuery = nil, "" // as errors show it
	if err != nil {
		return fmt.Errorf("GET %s: %w", u, err)
	}
	req.Header.Set("Accept", want)
	req.Header.Set("User-Agent", c.options.UserAgent)
	// Asked for here, so that it does not depend on the transport and is read
	// with the faster decoder.
	req.Header.Set("Accept-Encoding", c.encoding)
	resp, err := c.http.Do(req)
	if err != nil {
		// The error of the client quotes the whole URL: it may be very long.
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err
		}
		return fmt.Errorf("GET %s: %w", u, err)
	}
	defer resp.Body.Close()
	body, err := decoded(resp)
	switch {
	case err != nil:
	case resp.StatusCode != http.StatusOK:
		return readError(route, resp.StatusCode, body)
	case !knownVersion(route, resp.Header.Get(wire.VersionHeader)):
		return &VersionError{Got: resp.Header.Get(wire.VersionHeader)}
	default:
		if err = checkType(resp.Header.Get("Content-Type"), want); err == nil {
			err = read(body)
		}
	}
	if err != nil {
		return fmt.Errorf("answer of %s: %w", u, err)
	}
	return nil
}

// decoded returns the body of an answer, decompressed.
func decoded(resp *http.Response) (io.Reader, error) {
	switch coding := strings.ToLower(resp.Header.Get("Content-Encoding")); coding {
	case "", "identity":
		return resp.Body, nil
	case "gzip":
		z, err := gzip.NewReader(resp.Body)
		if err != nil {
			return nil, fmt.Errorf("expected gzip: %w", err)
		}
		return z, nil
	default:
		return nil, fmt.Errorf("expected gzip or no encoding, got %s", textenc.Quote(coding))
	}
}

// knownVersion reports whether answers of that version of the API can be read. One
// without a version is taken: something on the way may have dropped the header.
// Status can be read whatever the version, and tells it.
func knownVersion(route, version string) bool {
	return version == "" || version == wire.VersionText || route == wire.StatusRoute
}

func checkType(got, want string) error {
	if mediaType, _, _ := mime.ParseMediaType(got); mediaType != want {
		return &TypeError{Got: got, Want: want}
	}
	return nil
}
