// Package engine opens the engine that has the history: the one that the configuration
// names. A new engine is a package of its own, an entry of engines, and a section of the
// configuration, exporter/config/storage.go.
package engine

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/localstore"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/victoria"
	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
	"github.com/huggingface-exporter/huggingface_exporter/internal/vmapi"
)

// Engine is a stored history. It may be used from several goroutines at once.
type Engine interface {
	history.Reader
	history.Appender
	// Snapshot returns the whole history, as of one state, in memory.
	Snapshot(ctx context.Context) (*memtable.Table, error)
	// Revision names the state of the history that Refresh saw last: two equal names
	// promise equal answers, also across restarts and from replica to replica. "" promises
	// nothing. Who needs both a revision and an answer asks for the revision first.
	Revision() string
	// Forget takes out what q selects, wholly or, on an error, not at all, and says what
	// that is; with dryRun it changes nothing.
	Forget(ctx context.Context, q history.ForgetQuery, dryRun bool) (history.Forgotten, error)
	// Setbacks says whether it went back since it was opened: Refresh and Append find that out,
	// and write back what memory has where that is safe.
	Setbacks() history.Setbacks
	// Check says whether the engine can keep a history, by a probe where only that shows it.
	Check(ctx context.Context) error
	// Stats says how much there is.
	Stats(ctx context.Context) (history.Stats, error)
	// Close ends what is under way. It is called once.
	Close() error
}

var (
	_ Engine = (*localstore.Ledger)(nil)
	_ Engine = (*victoria.Store)(nil)
)

// Options say which engine is opened, and how.
type Options struct {
	// Storage names the engine and how it is reached.
	Storage config.Storage
	// Path is the directory of the embedded engine, made unless it exists.
	Path string
	// ReadOnly opens it for answers alone: the directory has to exist.
	ReadOnly bool
	// Cache keeps the metadata of an engine elsewhere in memory, for processes that run on.
	Cache bool
	// Unreachable, if not nil, is called each time that an engine elsewhere does not
	// answer: Open tries again until it does.
	Unreachable func(error)
	UserAgent   string
	Logger      *slog.Logger
}

const (
	// retryInterval is the time between two attempts to reach an engine elsewhere.
	retryInterval = 2 * time.Second
	// maxAge is how old the revision may be that answers are given from.
	maxAge = time.Second
)

// engines make those that are elsewhere; nothing is asked of them yet.
var engines = map[config.Engine]func(*Options) (Engine, error){
	config.EngineVictoriaMetrics: newVictoria,
}

// Open opens an engine. Without Options.Cache, one elsewhere is not asked yet.
func Open(ctx context.Context, o Options) (Engine, error) {
	if o.Storage.Embedded() {
		l, err := localstore.Open(ctx, o.Path, localstore.Options{Logger: o.Logger, ReadOnly: o.ReadOnly})
		if err != nil {
			return nil, err // and not a nil *Ledger
		}
		return l, nil
	}
	create := engines[o.Storage.Engine]
	if create == nil {
		return nil, fmt.Errorf("storage.engine: expected the name of an engine, got %q", o.Storage.Engine)
	}
	e, err := create(&o)
	if err != nil || !o.Cache {
		return e, err
	}
	return openCached(ctx, e, o.Unreachable)
}

func newVictoria(o *Options) (Engine, error) {
	v := &o.Storage.VictoriaMetrics
	insert, query, flush, err := v.URLs()
	if err != nil {
		return nil, err
	}
	return victoria.New(victoria.Options{
		Options: vmapi.Options{
			InsertURL: insert, SelectURL: query, FlushURLs: flush, FlushAfter: flushAfter(flush), Visible: time.Duration(v.Visible),
			HTTP: v.HTTP.Settings, Timeout: time.Duration(v.Timeout), RetryFor: time.Duration(v.RetryFor),
			Uncompressed: httpx.IsThisMachine(insert.Hostname()), UserAgent: o.UserAgent,
		},
		History: v.History, BatchBytes: v.BatchBytes, MaxAge: maxAge, KeepMeta: o.Cache,
	})
}

// flushAfter is how long after a write it has come to the storage nodes: a vminsert
// sends them what it has gathered five times a second.
func flushAfter(flush []*url.URL) time.Duration {
	if len(flush) > 1 {
		return time.Second
	}
	return 0
}
