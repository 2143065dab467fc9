package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Client is a history.Reader over the HTTP API of an exporter. Each query is one request, but for pages
// of very many rows, and lives no longer than its context. It may be used from
// several goroutines.
type Client struct {
	endpoint *url.URL
	http     *http.Client
	encoding string // that answers may have
	options  ClientOptions
}

var _ history.Reader = (*Client)(nil)

// ClientOptions may be left zero.
type ClientOptions struct {
	// UserAgent is sent with every request; "" stands for "huggingface_exporter".
	UserAgent string
	// MaxJSONBytes bounds the answer to Overview and to a page of Repos, after
	// decompression. 0 stands for 256 MiB. Records are not bounded: they stream.
	MaxJSONBytes int64
}

const defaultMaxJSONBytes = 256 << 20

// NewClient returns a client of the exporter at endpoint, an http or https URL
// which may hold a path. What has to be sent to get in - a password, a token, a
// client certificate - is the matter of hc; nil stands for a new http.Client. A
// Timeout of hc ends long exports too: better leave it to the contexts.
func NewClient(endpoint string, hc *http.Client, o ClientOptions) (*Client, error) {
	u, err := url.Parse(strings.TrimSpace(endpoint))
	if err != nil {
		// The error of Parse quotes what may hold a password.
		return nil, errors.New("expected the URL of an exporter like http://localhost:10061, got what is no URL")
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("expected the URL of an exporter like http://localhost:10061, without query or fragment, got %s", quote(u.Redacted()))
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
	return &Client{endpoint: u, http: hc, encoding: acceptedEncoding(u), options: o}, nil
}

// Overview asks the exporter. An answer that is an error is an *Error, one of
// another version of the API a *VersionError.
func (c *Client) Overview(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
	var j overviewJSON
	if err := c.getJSON(ctx, overviewRoute, writeOverview(q), &j); err != nil {
		return history.Overview{}, err
	}
	return j.overview(q), nil
}

// getJSON asks route and decodes the answer into v.
func (c *Client) getJSON(ctx context.Context, route string, query url.Values, v any) error {
	body, err := c.get(ctx, route, query, jsonType)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := readJSON(body, c.options.MaxJSONBytes, v); err != nil {
		return fmt.Errorf("answer of %s: %w", c.name(route), err)
	}
	return nil
}

// get asks route and returns the body of an answer of the wanted type, not
// compressed.
func (c *Client) get(ctx context.Context, route string, query url.Values, want string) (io.ReadCloser, error) {
	u := *c.endpoint.JoinPath(route)
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", c.name(route), err)
	}
	req.Header.Set("Accept", want)
	req.Header.Set("User-Agent", c.options.UserAgent)
	// Asked for here, so that it does not depend on the transport and is read
	// with the faster decoder.
	req.Header.Set("Accept-Encoding", c.encoding)
	resp, err := c.http.Do(req)
	if err != nil {
		// The error of the client quotes the whole URL: it may be very long.
		if ue := (*url.Error)(nil); errors.As(err, &ue) {
			err = ue.Err
		}
		return nil, fmt.Errorf("GET %s: %w", c.name(route), err)
	}
	body, err := decoded(resp)
	if err != nil {
		resp.Body.Close()
		return nil, fmt.Errorf("answer of %s: %w", c.name(route), err)
	}
	if resp.StatusCode != http.StatusOK {
		defer body.Close()
		return nil, readError(route, resp, body)
	}
	if err := checkVersion(route, resp.Header.Get(versionHeader)); err != nil {
		body.Close()
		return nil, err
	}
	got := resp.Header.Get("Content-Type")
	if mediaType, _, _ := mime.ParseMediaType(got); mediaType != want {
		body.Close()
		return nil, fmt.Errorf("answer of %s: expected the type %s, got %s; is that the URL of an exporter?", c.name(route), want, quote(got))
	}
	return body, nil
}

// name returns the URL of a route as errors show it: without user and password.
func (c *Client) name(route string) string {
	u := *c.endpoint
	u.User = nil
	return u.JoinPath(route).String()
}

// decoded returns the body of an answer, decompressed.
func decoded(resp *http.Response) (io.ReadCloser, error) {
	switch enc := resp.Header.Get("Content-Encoding"); enc {
	case "", "identity":
		return resp.Body, nil
	case "gzip":
		z, err := gzip.NewReader(resp.Body)
		if err != nil {
			return nil, fmt.Errorf("expected gzip: %w", err)
		}
		return gzipBody{z, resp.Body}, nil
	default:
		return nil, fmt.Errorf("expected gzip or no encoding, got %s", quote(enc))
	}
}

// gzipBody closes what its reader reads from.
type gzipBody struct {
	*gzip.Reader
	body io.Closer
}

func (b gzipBody) Close() error { return b.body.Close() }
