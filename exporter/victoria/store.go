package victoria

import (
	"cmp"
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
	"github.com/huggingface-exporter/huggingface_exporter/internal/vmapi"
)

// The defaults of Options.
const (
	DefaultHistory    = "default"
	DefaultBatchBytes = 4 << 20
	// DefaultPieceRecords takes some ten megabytes.
	DefaultPieceRecords = 2_000_000
)

// Options are how a history is kept. Those of the engine say how it is reached; the zero value
// of the others stands for their defaults.
type Options struct {
	vmapi.Options
	// MaxAge is how old the knowledge of what others have stored may be that answers are
	// given from, 0 for none. It saves a question each.
	MaxAge time.Duration
	// KeepMeta has what is known of all repositories besides days kept in memory, so that
	// only what is new of it is read: for processes that run on.
	KeepMeta bool
	// History tells apart several histories in one engine.
	History string
	// BatchBytes is about how much text a request that writes has, before it is
	// compressed.
	BatchBytes int
	// PieceRecords is about how many records a stream holds in memory at a time.
	PieceRecords int64
}

// Store is a history in VictoriaMetrics.
type Store struct {
	engine     *vmapi.Client
	history    string
	maxAge     time.Duration
	retryFor   time.Duration
	batchBytes int
	piece      int64
	cache      *metaCache // nil: none is kept
	sets       setSums

	// state is what was read last. reading is held by who reads it, asked is when.
	state   atomic.Pointer[state]
	reading chan struct{}
	asked   time.Time

	mu    sync.Mutex
	locks map[string]chan struct{} // by organization: full while that is appended to
	own   map[string]*ownAppend    // the last append of this Store to an organization
	id    string                   // of the history, "" as long as there is none
	hadID bool                     // id was seen in the engine
	// missing has the organizations that the engine lost appends of, each with the log that
	// it had.
	missing  map[string]*orgLog
	setbacks history.Setbacks
}

// New returns a store; nothing is asked or written yet. An error tells of
// certificates that cannot be used.
func New(o Options) (*Store, error) {
	s := &Store{
		history:    cmp.Or(o.History, DefaultHistory),
		maxAge:     o.MaxAge,
		retryFor:   cmp.Or(o.RetryFor, vmapi.DefaultRetryFor),
		batchBytes: cmp.Or(o.BatchBytes, DefaultBatchBytes),
		piece:      cmp.Or(o.PieceRecords, DefaultPieceRecords),
		reading:    make(chan struct{}, 1),
		locks:      make(map[string]chan struct{}),
		own:        make(map[string]*ownAppend),
		missing:    make(map[string]*orgLog),
	}
	s.state.Store(s.newState(0, nil))
	if o.KeepMeta {
		s.cache = &metaCache{as: new(state)}
	}
	var err error
	s.engine, err = vmapi.NewClient(o.Options)
	return s, err
}

// Close lets go the connections that are not in use.
func (s *Store) Close() error {
	s.engine.Close()
	return nil
}

// pause waits for about d.
func pause(ctx context.Context, d time.Duration) error { return httpx.Sleep(ctx, d/2+rand.N(d+1)) }

// lastDay is the last day that the engine takes a sample of: it refuses what is
// more than two days ahead.
func lastDay() history.Day { return history.DayOf(time.Now()) + 1 }
