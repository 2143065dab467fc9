package hub

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// DefaultMaxResponseBytes bounds an answer: about 60 million records.
const DefaultMaxResponseBytes = 4 << 30

// DefaultMaxMemoryBytes bounds the memory that an answer may take: half a million repositories, or
// more than a hundred million records.
const DefaultMaxMemoryBytes = 1 << 30

// maxPageBytes bounds a page of a listing, which is held in memory. A page of
// 1000 repositories has some 300 KB.
const maxPageBytes = 16 << 20

// Options make a Client. Every field may be left empty.
type Options struct {
	Endpoint Endpoint
	// Token is asked for the token before each request, so that one that was
	// replaced is used from then on; nil is no token. See StaticToken.
	Token func() (Token, error)
	// UserAgent is sent with every request: see the function UserAgent.
	UserAgent string
	// Transport sends the requests; nil is NewTransport(Timeouts).
	Transport http.RoundTripper
	// EndpointTransport sends those to the endpoint itself, but not those that it was
	// redirected to elsewhere: it may add credentials. nil is Transport.
	EndpointTransport http.RoundTripper
	Timeouts          Timeouts
	// MaxResponseBytes bounds the unpacked content of an answer, 0 for
	// DefaultMaxResponseBytes. Pages of listings are bounded by 16 MiB as well.
	MaxResponseBytes int64
	// MaxMemoryBytes bounds the memory that is built from an answer, all pages of a listing
	// together, 0 for DefaultMaxMemoryBytes.
	MaxMemoryBytes int64
	// MaxTries is how often a request is sent at most, 0 for 5.
	MaxTries int
	// MaxWait is the longest wait that the Hub's limits may cause before a try,
	// 0 for 10 minutes. What would take longer fails as KindRateLimited.
	MaxWait time.Duration
	// Limiters hold the rate limits that clients share; nil is its own.
	Limiters *Limiters
	Hooks    Hooks
	// Logger gets repetitions and waits; nil is none.
	Logger *slog.Logger
}

// Client asks the Hub. It may be used from several goroutines at once.
type Client struct {
	o    Options
	http *http.Client
}

// New returns a client.
func New(o Options) *Client {
	o.Timeouts = o.Timeouts.withDefaults()
	o.UserAgent = cmp.Or(o.UserAgent, UserAgent(""))
	o.MaxResponseBytes = cmp.Or(o.MaxResponseBytes, DefaultMaxResponseBytes)
	o.MaxMemoryBytes = cmp.Or(o.MaxMemoryBytes, DefaultMaxMemoryBytes)
	o.MaxTries = cmp.Or(o.MaxTries, 5)
	o.MaxWait = cmp.Or(o.MaxWait, 10*time.Minute)
	if o.Token == nil {
		o.Token = StaticToken(Token{})
	}
	if o.Limiters == nil {
		o.Limiters = NewLimiters()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Transport == nil {
		o.Transport = NewTransport(o.Timeouts)
	}
	if o.EndpointTransport == nil {
		o.EndpointTransport = o.Transport
	}
	return &Client{o, &http.Client{
		Transport:     authTransport{endpoint: o.Endpoint, toEndpoint: o.EndpointTransport, others: o.Transport},
		CheckRedirect: checkRedirect,
	}}
}

// StaticToken returns a function for Options.Token that always gives t.
func StaticToken(t Token) func() (Token, error) {
	return func() (Token, error) { return t, nil }
}

// CloseIdleConnections closes connections that nothing is sent on.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// Hooks are called as a Client works, for metrics. Each may be nil; each may be
// called from several goroutines at once and must not block.
type Hooks struct {
	// Request is called after each request, repetitions included.
	Request func(RequestDone)
	// RateLimit is called for each answer of the endpoint that has its limit.
	RateLimit func(RateLimit)
}

// RequestDone is a request that was answered or failed.
type RequestDone struct {
	Route Route
	// Status is that of the answer, 0 if none came.
	Status int
	// Latency runs until the head of the answer came, redirects included, or
	// until the failure.
	Latency time.Duration
	// Date is the time by the clock of the endpoint when it last answered, in whole
	// seconds; zero if unknown. Another host that it redirected to is not asked.
	Date time.Time
}

// Code returns the status as a metric's label, "none" if no answer came.
func (r RequestDone) Code() string {
	if r.Status == 0 {
		return "none"
	}
	return strconv.Itoa(r.Status)
}

// UserAgent returns the user agent of a version of the exporter in the form that
// the Hub's own clients use: "name/version; key/value; ...".
func UserAgent(version string) string {
	if version == "" {
		version = "unknown"
	}
	return "huggingface_exporter/" + version +
		"; go/" + strings.TrimPrefix(runtime.Version(), "go") +
		"; os/" + runtime.GOOS
}

// MaxMemoryBytes returns how much memory may be built from an answer.
func (c *Client) MaxMemoryBytes() int64 { return c.o.MaxMemoryBytes }

// TooLarge returns the error of an answer that takes more memory than that.
func (c *Client) TooLarge(route Route, org string, err error) error {
	return &Error{Kind: KindMalformed, Route: route, Org: org, final: true,
		Err: fmt.Errorf("%w: raise hub.max_memory_bytes if the organization is that large", err)}
}
