package victoria

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/common/config"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

// The defaults of Options.
const (
	DefaultHistory    = "default"
	DefaultTimeout    = time.Minute
	DefaultRetryFor   = 5 * time.Minute
	DefaultVisible    = 5 * time.Second
	DefaultBatchBytes = 4 << 20
	// DefaultPieceRecords takes some ten megabytes.
	DefaultPieceRecords = 2_000_000
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
	// MaxAge is how old the knowledge of what others have stored may be that answers are
	// given from, 0 for none. It saves a question each.
	MaxAge time.Duration
	// KeepMeta has what is known of all repositories besides days kept in memory, so that
	// only what is new of it is read: for processes that run on.
	KeepMeta bool
	// History tells apart several histories in one engine.
	History string
	// HTTP has authentication and TLS.
	HTTP config.HTTPClientConfig
	// Timeout bounds a request that writes, and the wait for the first byte of
	// one that reads. RetryFor is for how long a write is tried again.
	Timeout, RetryFor time.Duration
	// BatchBytes is about how much text a request that writes has, before it is
	// compressed.
	BatchBytes int
	// Uncompressed sends what is written as it is: between programs of one machine, to
	// compress it takes longer than to send it.
	Uncompressed bool
	// PieceRecords is about how many records a stream holds in memory at a time.
	PieceRecords int64
	UserAgent    string
}

// Store is a history in VictoriaMetrics.
type Store struct {
	insert       *pushclient.Receiver
	selectURL    *url.URL
	flushURLs    []*url.URL
	flushAfter   time.Duration
	client       *http.Client
	history      string
	visible      time.Duration
	maxAge       time.Duration
	retryFor     time.Duration
	batchBytes   int
	uncompressed bool
	piece        int64
	cache        *metaCache // nil: none is kept

	flushing sync.Mutex

	// state is what was read last. reading is held by who reads it, asked is when.
	state   atomic.Pointer[state]
	reading chan struct{}
	asked   time.Time

	mu     sync.Mutex
	locked map[string]chan struct{} // organizations that are appended to; closed in the end
	own    map[string]*ownAppend    // the last append of this Store to an organization
}

// New returns a store; nothing is asked or written yet. An error tells of
// certificates that cannot be used.
func New(o Options) (*Store, error) {
	if o.InsertURL == nil || o.SelectURL == nil {
		return nil, errors.New("expected the URLs to write to and to read from")
	}
	s := &Store{
		selectURL:    o.SelectURL,
		flushURLs:    o.FlushURLs,
		flushAfter:   o.FlushAfter,
		history:      cmp.Or(o.History, DefaultHistory),
		visible:      cmp.Or(o.Visible, DefaultVisible),
		maxAge:       o.MaxAge,
		retryFor:     cmp.Or(o.RetryFor, DefaultRetryFor),
		batchBytes:   cmp.Or(o.BatchBytes, DefaultBatchBytes),
		uncompressed: o.Uncompressed,
		piece:        cmp.Or(o.PieceRecords, DefaultPieceRecords),
		reading:      make(chan struct{}, 1),
		locked:       make(map[string]chan struct{}),
		own:          make(map[string]*ownAppend),
	}
	s.state.Store(s.newState(0, nil))
	if o.KeepMeta {
		s.cache = &metaCache{as: new(state)}
	}
	var err error
	s.insert, err = pushclient.New(pushclient.Options{
		URL: o.InsertURL.JoinPath("/api/v1/import"), HTTP: o.HTTP, Timeout: cmp.Or(o.Timeout, DefaultTimeout), UserAgent: o.UserAgent,
	})
	if err != nil {
		return nil, fmt.Errorf("setting up requests to VictoriaMetrics: %w", err)
	}
	s.client, err = config.NewClientFromConfig(o.HTTP, "victoriametrics", config.WithUserAgent(o.UserAgent))
	if err != nil {
		return nil, fmt.Errorf("setting up requests to VictoriaMetrics: %w", err)
	}
	return s, nil
}

// Close lets go the connections that are not in use.
func (s *Store) Close() error {
	s.insert.Close()
	s.client.CloseIdleConnections()
	return nil
}

// settle returns when what was written can be read.
func (s *Store) settle(ctx context.Context) error {
	wait := s.flushAfter
	if len(s.flushURLs) == 0 {
		wait = s.visible
	}
	if err := httpx.Sleep(ctx, wait); err != nil {
		return err
	}
	// While one of these makes samples visible, another finds nothing left to do and
	// answers at once.
	s.flushing.Lock()
	defer s.flushing.Unlock()
	reached := 0
	var failed error
	for _, u := range s.flushURLs {
		if err := s.flush(ctx, u); err != nil {
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
	return httpx.Sleep(ctx, s.visible)
}

func (s *Store) flush(ctx context.Context, u *url.URL) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return s.readError(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("expected VictoriaMetrics to write out at %s, got %s", u.Redacted(), resp.Status)
	}
	return nil
}

// pause waits for about d.
func pause(ctx context.Context, d time.Duration) error { return httpx.Sleep(ctx, d/2+rand.N(d+1)) }

// lastDay is the last day that the engine takes a sample of: it refuses what is
// more than two days ahead.
func lastDay() history.Day { return history.DayOf(time.Now()) + 1 }
