package vmapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/common/config"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// The defaults of Options.
const (
	DefaultTimeout  = time.Minute
	DefaultRetryFor = 5 * time.Minute
	DefaultVisible  = 5 * time.Second
)

// Options are how an engine is reached. InsertURL and SelectURL must be set; the
// zero value of the others stands for their defaults.
type Options struct {
	// InsertURL and SelectURL are what /api/v1/import and /api/v1/export are
	// below: http://host:8428 of a single node, .../insert/0/prometheus and
	// .../select/0/prometheus of a cluster.
	InsertURL, SelectURL *url.URL
	// FlushURLs make what was written visible at once: the /internal/force_flush
	// of a single node, or those of all storage nodes. None: an append waits for
	// Visible instead, twice.
	FlushURLs []*url.URL
	// FlushAfter is how long after a write it has come to the storage nodes. 0: it
	// has at once, as with a single node.
	FlushAfter time.Duration
	// Visible is how long after a write it can be read for certain.
	Visible time.Duration
	// HTTP has authentication and TLS.
	HTTP config.HTTPClientConfig
	// Timeout bounds a request that writes, and the wait for the first byte of
	// one that reads. RetryFor is for how long a write is tried again.
	Timeout, RetryFor time.Duration
	// Uncompressed sends what is written as it is: between programs of one machine, to
	// compress it takes longer than to send it.
	Uncompressed bool
	UserAgent    string
}

// Client asks a VictoriaMetrics. Its methods may be called from several goroutines.
type Client struct {
	o        Options
	insert   *pushclient.Receiver
	client   *httpx.Client
	flushing sync.Mutex
}

// NewClient returns a client; nothing is asked yet. An error tells of certificates that
// cannot be used.
func NewClient(o Options) (*Client, error) {
	if o.InsertURL == nil || o.SelectURL == nil {
		return nil, errors.New("expected the URLs to write to and to read from")
	}
	o.Visible, o.Timeout, o.RetryFor = cmp.Or(o.Visible, DefaultVisible), cmp.Or(o.Timeout, DefaultTimeout), cmp.Or(o.RetryFor, DefaultRetryFor)
	c := &Client{o: o}
	var err error
	c.insert, err = pushclient.New(pushclient.Options{
		URL: o.InsertURL.JoinPath("/api/v1/import"), HTTP: o.HTTP, Timeout: o.Timeout, UserAgent: o.UserAgent,
	})
	if err == nil {
		var client *http.Client
		client, err = config.NewClientFromConfig(o.HTTP, "victoriametrics", config.WithUserAgent(o.UserAgent))
		c.client = httpx.NewClient(client)
	}
	if err != nil {
		return nil, fmt.Errorf("setting up requests to VictoriaMetrics: %w", err)
	}
	return c, nil
}

// Close lets go the connections that are not in use.
func (c *Client) Close() {
	c.insert.Close()
	c.client.CloseIdleConnections()
}

// Request is the lines of a request that writes.
type Request struct {
	Text
	packed []byte // the lines compressed, once that was asked for
}

// Reset takes out the lines.
func (r *Request) Reset() { r.Bytes, r.packed = r.Bytes[:0], r.packed[:0] }

// firstRetry and longestRetry are between which the pauses before a retry are.
const firstRetry, longestRetry = 500 * time.Millisecond, time.Minute

// Import sends a request, once or again and again while the engine may still take
// it. The same sample sent twice is one.
func (c *Client) Import(ctx context.Context, r *Request, once bool) (retried bool, err error) {
	retry := httpx.Retry{First: firstRetry, Max: longestRetry, Within: c.o.RetryFor}
	if once {
		retry.Tries = 1
	}
	tries := 0
	_, err = httpx.Do(ctx, retry, func() (struct{}, error) {
		tries++
		return struct{}{}, c.importOnce(ctx, r)
	})
	if err != nil {
		err = fmt.Errorf("writing to VictoriaMetrics: %w", err)
	}
	return tries > 1, err
}

func (c *Client) importOnce(ctx context.Context, r *Request) error {
	header := http.Header{"Content-Type": {"application/json"}}
	if c.o.Uncompressed {
		return c.insert.Post(ctx, header, r.Bytes)
	}
	if len(r.packed) == 0 {
		r.packed = textenc.AppendGzip(r.packed, r.Bytes)
	}
	header.Set("Content-Encoding", "gzip")
	return c.insert.Post(ctx, header, r.packed)
}

// Settle returns when what was written can be read.
func (c *Client) Settle(ctx context.Context) error {
	wait := c.o.FlushAfter
	if len(c.o.FlushURLs) == 0 {
		wait = c.o.Visible
	}
	if err := httpx.Sleep(ctx, wait); err != nil {
		return err
	}
	// While one of these makes samples visible, another finds nothing left to do and
	// answers at once.
	c.flushing.Lock()
	defer c.flushing.Unlock()
	reached := 0
	var failed error
	for _, u := range c.o.FlushURLs {
		if err := c.flush(ctx, u); err != nil {
			failed = err
			continue
		}
		reached++
	}
	switch {
	case failed == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case reached == 0:
		return failed
	}
	// A node is away. What the others took from it comes by ways of its own.
	return httpx.Sleep(ctx, c.o.Visible)
}

func (c *Client) flush(ctx context.Context, u *url.URL) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return c.readError(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("expected VictoriaMetrics to flush at %s, got %s", u.Redacted(), resp.Status)
	}
	return nil
}

// Result is a series of an answer to Query.
type Result struct {
	Metric map[string]string
	Value  float64
}

// Query asks for what a query is at a time in seconds. It takes no partial answer either.
func (c *Client) Query(ctx context.Context, query string, at int64) ([]Result, error) {
	form := url.Values{
		"query": {query}, "time": {strconv.FormatInt(at, 10)}, "nocache": {"1"}, "deny_partial_response": {"1"},
	}
	resp, err := c.post(ctx, "/api/v1/query", form)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any // a time, and a number as a text
			}
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil, c.readError(ctx, err)
	}
	var out []Result
	for _, r := range answer.Data.Result {
		v, err := strconv.ParseFloat(fmt.Sprint(r.Value[1]), 64)
		if err != nil {
			return nil, fmt.Errorf("reading from VictoriaMetrics: expected a number, got %q", r.Value[1])
		}
		out = append(out, Result{r.Metric, v})
	}
	return out, nil
}

// Export reads the samples of the series that selectors match, from start to end in
// milliseconds, both included. Of a cluster it takes no partial answer.
func (c *Client) Export(ctx context.Context, selectors []string, start, end int64, each func(*Line) error) error {
	form := url.Values{
		"match[]":               selectors,
		"start":                 {formatTime(start)},
		"end":                   {formatTime(end)},
		"deny_partial_response": {"1"},
	}
	resp, err := c.post(ctx, "/api/v1/export", form)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	err = Read(resp.Body, each)
	if broken, ok := errors.AsType[*ReadError](err); ok {
		return c.readError(ctx, broken.Err)
	}
	return cmp.Or(err, ctx.Err())
}

// formatTime writes a time in milliseconds as every version reads it alike: of numbers, some
// guess whether they are of seconds.
func formatTime(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

// ErrPartial says that a part of a cluster does not answer, and what the others have is
// not all.
var ErrPartial = errors.New("the response would be partial, because storage nodes do not respond")

// post asks the engine; an answer that is not 200 is an error.
func (c *Client) post(ctx context.Context, path string, form url.Values) (*http.Response, error) {
	u := c.o.SelectURL.JoinPath(path)
	var sent httpx.SentSecrets
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, sent.Trace()), http.MethodPost, u.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	// It only asks, and may be sent again where the engine closed a connection that was
	// kept. A key without a value is not sent.
	req.Header["Idempotency-Key"] = []string{}
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, c.readError(ctx, err)
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // what came of it
		if resp.StatusCode == http.StatusServiceUnavailable && bytes.Contains(text, []byte("vmstorage")) {
			return nil, fmt.Errorf("reading from VictoriaMetrics: %w: %s responded: %s", ErrPartial, u.Redacted(), ending(sent.Redact(string(text))))
		}
		return nil, fmt.Errorf("reading from VictoriaMetrics: %s responded with %s: %s", u.Redacted(), resp.Status, ending(sent.Redact(string(text))))
	}
	return resp, nil
}

// maxMessage bounds how much of an answer an error quotes, in bytes.
const maxMessage = 200

// ending returns the end of an answer in one line: the engine repeats the request
// before it says what is wrong.
func ending(text string) string {
	line := strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " ")
	if len(line) > maxMessage {
		return "..." + strings.ToValidUTF8(line[len(line)-maxMessage:], "")
	}
	return line
}

// maxReads is how often a part of an answer is asked for that breaks off.
const maxReads = 3

// RetryBroken does work that reads, and again if the answer broke off in its midst.
func RetryBroken(ctx context.Context, work func() error) error {
	for try := 1; ; try++ {
		err := work()
		broken := errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
		if !broken || try == maxReads {
			return err
		}
		if err := httpx.Sleep(ctx, time.Second<<try); err != nil {
			return err
		}
	}
}

func (c *Client) readError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok { // shows the whole URL
		err = wrapped.Err
	}
	return fmt.Errorf("reading from VictoriaMetrics: %s: %w", c.o.SelectURL.Redacted(), err)
}
