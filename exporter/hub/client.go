package hub

import (
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// DefaultMaxResponseBytes bounds an answer: about 60 million records.
const DefaultMaxResponseBytes = 4 << 30

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
	// MaxTries is how often a request is sent at most, 0 for 5.
	MaxTries int
	// MaxWait is the longest wait that the Hub's limits may cause before a try,
	// 0 for 10 minutes. What would take longer fails as KindRateLimited.
	MaxWait time.Duration
	// Limiters hold the rate limits that clients share; nil is its own.
	Limiters *Limiters
	Hooks    Hooks
	// Logger is told of repetitions and waits; nil is none.
	Logger *slog.Logger
}

// Client asks the Hub. It may be used from several goroutines at once.
type Client struct {
	endpoint  Endpoint
	token     func() (Token, error)
	userAgent string
	http      *http.Client
	timeouts  Timeouts
	maxBytes  int64
	maxTries  int
	maxWait   time.Duration
	limiters  *Limiters
	hooks     Hooks
	log       *slog.Logger
}

// New returns a client.
func New(o Options) *Client {
	c := &Client{
		endpoint:  o.Endpoint,
		token:     o.Token,
		userAgent: o.UserAgent,
		timeouts:  o.Timeouts.withDefaults(),
		maxBytes:  o.MaxResponseBytes,
		maxTries:  max(o.MaxTries, 0),
		maxWait:   o.MaxWait,
		limiters:  o.Limiters,
		hooks:     o.Hooks,
		log:       o.Logger,
	}
	if c.token == nil {
		c.token = StaticToken(Token{})
	}
	if c.userAgent == "" {
		c.userAgent = UserAgent("")
	}
	if c.maxBytes <= 0 {
		c.maxBytes = DefaultMaxResponseBytes
	}
	if c.maxTries == 0 {
		c.maxTries = 5
	}
	if c.maxWait <= 0 {
		c.maxWait = 10 * time.Minute
	}
	if c.limiters == nil {
		c.limiters = NewLimiters()
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	transport := o.Transport
	if transport == nil {
		transport = NewTransport(o.Timeouts)
	}
	toEndpoint := o.EndpointTransport
	if toEndpoint == nil {
		toEndpoint = transport
	}
	c.http = &http.Client{
		Transport:     authTransport{endpoint: c.endpoint, toEndpoint: toEndpoint, others: transport},
		CheckRedirect: checkRedirect,
	}
	return c
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
	// RateLimit is called for each answer of the endpoint that tells its limit.
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
	// Date is the time by the clock of who answered, in whole seconds; zero if
	// it was not told.
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
