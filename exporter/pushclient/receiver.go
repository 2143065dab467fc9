package pushclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/common/config"

	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

// maxMessage bounds how much of an answer an error quotes, in bytes.
const maxMessage = 200

// Options are how a receiver is reached.
type Options struct {
	URL *url.URL
	// HTTP has authentication, TLS and proxy. Files that it names are read again
	// as they change. Without a proxy in it those of the environment hold.
	HTTP config.HTTPClientConfig
	// Timeout bounds a request with its answer; it must be above zero.
	Timeout   time.Duration
	UserAgent string
}

// Receiver takes what is posted to it. Its methods may be called from several
// goroutines.
type Receiver struct {
	url     *url.URL
	client  *httpx.Client
	timeout time.Duration
}

// New returns a receiver; nothing is sent yet. An error tells of certificates
// that cannot be used.
func New(o Options) (*Receiver, error) {
	c := o.HTTP
	if c.ProxyURL.URL == nil && c.NoProxy == "" {
		c.ProxyFromEnvironment = true
	}
	client, err := config.NewClientFromConfig(c, "receiver", config.WithUserAgent(o.UserAgent))
	if err != nil {
		return nil, err
	}
	// A client that follows a redirect may turn the POST into a GET, and take its
	// answer for success.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Receiver{url: o.URL, client: httpx.NewClient(client), timeout: o.Timeout}, nil
}

// String returns the URL as it may be shown.
func (r *Receiver) String() string { return httpx.ShowURL(r.url) }

// Post sends a body, which is the pieces one after another, and returns nil if
// the receiver took it, an *Error if not, or the cause if ctx ends.
func (r *Receiver) Post(ctx context.Context, header http.Header, pieces ...[]byte) error {
	_, err := r.Exchange(ctx, header, pieces...)
	return err
}

// Exchange is Post, and returns the header of the answer of a receiver that took it.
func (r *Receiver) Exchange(ctx context.Context, header http.Header, pieces ...[]byte) (http.Header, error) {
	limited, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	var sent httpx.SentSecrets
	resp, err := r.send(httptrace.WithClientTrace(limited, sent.Trace()), header, pieces)
	var message []byte
	if err == nil {
		defer resp.Body.Close()
		if resp.StatusCode/100 == 2 {
			// The connection can be used again once the answer is read.
			_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
			return resp.Header, nil
		}
		message, err = io.ReadAll(io.LimitReader(resp.Body, 8<<10))
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	e := &Error{URL: httpx.ShowURL(r.url)}
	switch {
	case limited.Err() != nil:
		e.Message = fmt.Sprintf("it took longer than %s", r.timeout)
	case err != nil:
		if wrapped, ok := errors.AsType[*url.Error](err); ok { // it shows the whole URL
			err = wrapped.Err
		}
		e.Message = short(sent.Redact(err.Error()))
	default:
		e.Status = resp.StatusCode
		e.RetryAfter = httpx.RetryAfter(resp.Header, time.Now())
		e.Message = short(sent.Redact(string(message)))
		if to, err := resp.Location(); err == nil {
			e.Message = "it is at " + sent.Redact(httpx.ShowURL(to)) + ": use that URL"
		}
	}
	return nil, e
}

func (r *Receiver) send(ctx context.Context, header http.Header, pieces [][]byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url.String(), nil)
	if err != nil {
		return nil, err
	}
	maps.Copy(req.Header, header)
	for _, p := range pieces {
		req.ContentLength += int64(len(p))
	}
	// A connection that the receiver closed meanwhile is found out when it is used;
	// then the body is sent again over a new one.
	req.GetBody = func() (io.ReadCloser, error) {
		readers := make([]io.Reader, len(pieces))
		for i, p := range pieces {
			readers[i] = bytes.NewReader(p)
		}
		return io.NopCloser(io.MultiReader(readers...)), nil
	}
	if req.Body, err = req.GetBody(); err != nil {
		return nil, err
	}
	return r.client.Do(req)
}

// Close lets go the connections that are not in use.
func (r *Receiver) Close() { r.client.CloseIdleConnections() }

// short returns the beginning of a text in one line.
func short(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " ")
	if len(text) > maxMessage {
		return strings.ToValidUTF8(text[:maxMessage], "") + "..."
	}
	return text
}
