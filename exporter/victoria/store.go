package victoria

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/prometheus/common/config"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/receiver"
)

// The defaults of Options.
const (
	DefaultHistory    = "default"
	DefaultTimeout    = time.Minute
	DefaultRetryFor   = 5 * time.Minute
	DefaultVisible    = 5 * time.Second
	DefaultBatchBytes = 4 << 20
	// DefaultPieceRecords takes some ten megabytes.
	DefaultPieceRecords = 4_000_000
)

// Options are how an engine is reached. InsertURL and SelectURL must be set; the
// zero value of the others stands for their defaults.
type Options struct {
	// InsertURL and SelectURL are what /api/v1/import and /api/v1/export are
	// below: http://host:8428 of a single node, .../insert/0/prometheus and
	// .../select/0/prometheus of a cluster.
	InsertURL, SelectURL *url.URL
	// FlushURL makes what was written visible at once: the /internal/force_flush
	// of a single node. nil: an append waits for Visible instead, three
	// times.
	FlushURL *url.URL
	// Visible is how long after a write it can be read for certain.
	Visible time.Duration
	// History tells apart several histories in one engine.
	History string
	// HTTP has authentication and TLS.
	HTTP config.HTTPClientConfig
	// Timeout bounds a request that writes, and the wait for the first byte of
	// one that reads. RetryFor is for how long a write is tried again.
	Timeout, RetryFor time.Duration
	// BatchBytes is about how much text a request that writes has, before it is
	// packed.
	BatchBytes int
	// PieceRecords is about how many records a stream holds in memory at a time.
	PieceRecords int64
	UserAgent    string
}

// Store is a history.Store over VictoriaMetrics.
type Store struct {
	insert     *receiver.Receiver
	selectURL  *url.URL
	flushURL   *url.URL
	client     *http.Client
	history    string
	visible    time.Duration
	retryFor   time.Duration
	batchBytes int
	piece      int64
	// owner tells the appends of this Store from those of others.
	owner string

	// turn is held by the goroutine that appends; it has room for one. begun is
	// the last number that this process began, and belongs to that goroutine.
	turn  chan struct{}
	begun seq

	mu      sync.Mutex
	journal journal
}

var _ history.Store = (*Store)(nil)

// New returns a store; nothing is asked or written yet. An error tells of
// certificates that cannot be used.
func New(o Options) (*Store, error) {
	if o.InsertURL == nil || o.SelectURL == nil {
		return nil, errors.New("expected the URLs to write to and to read from")
	}
	s := &Store{
		selectURL:  o.SelectURL,
		flushURL:   o.FlushURL,
		history:    or(o.History, DefaultHistory),
		visible:    or(o.Visible, DefaultVisible),
		retryFor:   or(o.RetryFor, DefaultRetryFor),
		batchBytes: or(o.BatchBytes, DefaultBatchBytes),
		piece:      or(o.PieceRecords, DefaultPieceRecords),
		turn:       make(chan struct{}, 1),
		owner:      rand.Text(),
	}
	timeout := or(o.Timeout, DefaultTimeout)
	var err error
	s.insert, err = receiver.New(receiver.Options{
		URL: o.InsertURL.JoinPath("/api/v1/import"), HTTP: o.HTTP, Timeout: timeout, UserAgent: o.UserAgent,
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

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Close lets go the connections that are not in use.
func (s *Store) Close() error {
	s.insert.Close()
	s.client.CloseIdleConnections()
	return nil
}

// settle returns when what was written can be read.
func (s *Store) settle(ctx context.Context) error {
	if s.flushURL == nil {
		t := time.NewTimer(s.visible)
		defer t.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
			return nil
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.flushURL.String(), nil)
	if err != nil {
		return err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return s.readError(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("expected VictoriaMetrics to write out at %s, got %s", s.flushURL.Redacted(), resp.Status)
	}
	return nil
}

// lastDay is the last day that the engine takes a sample of: it refuses what is
// more than two days ahead.
func lastDay() history.Day { return history.DayOf(time.Now()) + 1 }
