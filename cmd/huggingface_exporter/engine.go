package main

import (
	"context"
	"fmt"
	"iter"
	"net"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/localstore"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/victoria"
)

// openedStore is a store of either engine, for the commands that end.
type openedStore interface {
	history.Store
	AppendTable(context.Context, *memtable.Table) (history.Change, error)
	Close() error
}

// engine is a store of either engine, for what runs on.
type engine interface {
	openedStore
	hubsync.Store
	// Revision names the state of the history.
	Revision() string
	// Refresh takes in what other processes stored.
	Refresh(context.Context) (bool, error)
	// Counts is what the metrics page shows.
	Counts() iter.Seq[history.Counts]
	// content says what there is; equal as says that nothing changed.
	content() content
}

// content says how much a store holds.
type content struct {
	as       any
	repos    int
	records  int64
	recorded history.Days
	// onDisk says that files and bytes are known.
	onDisk bool
	files  int
	bytes  int64
}

// embedded is the embedded engine.
type embedded struct{ *localstore.Ledger }

func (e embedded) content() content {
	t, stats := e.Table(), e.Stats()
	return content{
		as: t, repos: t.NumRepos(), records: t.NumRecords(), recorded: t.Recorded(),
		onDisk: true, files: stats.RecordFiles + stats.StateFiles, bytes: stats.Bytes,
	}
}

// remote is a VictoriaMetrics. What the metrics page shows of the repositories is held
// here, and read again once somebody has appended.
type remote struct {
	*victoria.Store
	latest atomic.Pointer[victoria.Snapshot]

	mu sync.Mutex // one refresh at a time
	// next is when the repositories may be read again: that takes long where there are
	// many.
	next time.Time
}

// restFactor is how many times longer than the reading of all repositories took it is
// not done again.
const restFactor = 5

// Refresh implements engine.
func (r *remote) Refresh(ctx context.Context) (bool, error) {
	revision, err := r.Store.Revision(ctx)
	if err != nil {
		return false, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	begin := time.Now()
	if s := r.latest.Load(); s != nil && (s.Revision == revision || begin.Before(r.next)) {
		return false, nil
	}
	s, err := r.Snapshot(ctx)
	if err != nil {
		return false, err
	}
	r.latest.Store(s)
	r.next = time.Now().Add(restFactor * time.Since(begin))
	return true, nil
}

// StatesOf returns what is known now of an organisation, of the repositories without one,
// and of those that have one of the Hub's ids.
func (r *remote) StatesOf(ctx context.Context, org string, ids map[string]bool) (iter.Seq[history.RepoMeta], error) {
	states, err := r.Store.StatesOf(ctx, org, ids)
	return slices.Values(states), err
}

func (r *remote) Revision() string                   { return r.latest.Load().Revision }
func (r *remote) Counts() iter.Seq[history.Counts]   { return slices.Values(r.latest.Load().Counts) }
func (r *remote) States() iter.Seq[history.RepoMeta] { return slices.Values(r.latest.Load().States) }

func (r *remote) content() content {
	s := r.latest.Load()
	return content{as: s, repos: int(s.Repos), records: s.Records, recorded: s.Recorded}
}

// openRemote returns the store of a configuration whose engine is VictoriaMetrics.
// Nothing is asked of it yet.
func openRemote(v *config.VictoriaMetrics) (*victoria.Store, error) {
	insert, query, flush, err := v.URLs()
	if err != nil {
		return nil, err
	}
	return victoria.New(victoria.Options{
		InsertURL: insert, SelectURL: query, FlushURLs: flush, FlushAfter: flushAfter(flush), Visible: time.Duration(v.Visible), History: v.History,
		HTTP: v.HTTP(), Timeout: time.Duration(v.Timeout), RetryFor: time.Duration(v.RetryFor), BatchBytes: v.BatchBytes,
		Uncompressed: isThisMachine(insert.Hostname()), MaxAge: pollInterval, UserAgent: progName + "/" + version.Version,
	})
}

// isThisMachine reports whether what is sent to a host does not leave the machine.
func isThisMachine(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// flushAfter is how long after a write it has come to the storage nodes: a vminsert
// sends them what it has gathered five times a second.
func flushAfter(flush []*url.URL) time.Duration {
	if len(flush) > 1 {
		return time.Second
	}
	return 0
}

// storageFlags say where the history is.
type storageFlags struct{ path, configFile *string }

func addStorageFlags(cmd *kingpin.CmdClause) storageFlags {
	return storageFlags{
		path: storageFlag(cmd),
		configFile: cmd.Flag("config.file", "Configuration file: its storage section says which engine has the history. Default: none, the embedded one.").
			PlaceHolder("FILE").String(),
	}
}

// remote returns the store that the configuration names, nil if that is the embedded
// engine.
func (f storageFlags) remote() (*victoria.Store, error) {
	if *f.configFile == "" {
		return nil, nil
	}
	c, err := config.Load(*f.configFile)
	if config.IsFault(err) {
		return nil, fmt.Errorf("the configuration is not valid:\n%w", err)
	}
	if err != nil || c.Storage.Engine != config.EngineVictoriaMetrics {
		return nil, err
	}
	return openRemote(&c.Storage.VictoriaMetrics)
}

// open opens the store to write to it; the folder is made if it is not there.
func (f storageFlags) open(ctx context.Context, p *program) (openedStore, error) {
	if r, err := f.remote(); r != nil || err != nil {
		return r, err
	}
	return openStorage(ctx, p, *f.path)
}

// openStored opens a store that has to be there, to read it.
func (f storageFlags) openStored(ctx context.Context, p *program) (openedStore, error) {
	if r, err := f.remote(); r != nil || err != nil {
		return r, err
	}
	return openStored(ctx, p, *f.path)
}

// wholeStore is a store whose history can be had in memory.
type wholeStore interface {
	Close() error
	// whole returns the history, and what names its state.
	whole(context.Context) (*memtable.Table, string, error)
}

func (s ledgerSide) whole(context.Context) (*memtable.Table, string, error) {
	return s.Table(), s.Revision(), nil
}

func (s victoriaSide) whole(ctx context.Context) (*memtable.Table, string, error) {
	revision, err := s.Revision(ctx)
	if err != nil {
		return nil, "", err
	}
	t, err := s.Table(ctx)
	return t, revision, err
}

// openTable opens a store that has to be there, to have all of it in memory.
func (f storageFlags) openTable(ctx context.Context, p *program) (wholeStore, error) {
	r, err := f.remote()
	if err != nil {
		return nil, err
	}
	if r != nil {
		return victoriaSide{r}, nil
	}
	l, err := openStored(ctx, p, *f.path)
	if err != nil {
		return nil, err
	}
	return ledgerSide{l}, nil
}

// openEngine opens the store of a configuration, ready to be asked.
func openEngine(ctx context.Context, p *program, folder string, c *config.Storage) (engine, error) {
	if c.Engine != config.EngineVictoriaMetrics {
		l, err := openStorage(ctx, p, folder)
		return embedded{l}, err
	}
	store, err := openRemote(&c.VictoriaMetrics)
	if err != nil {
		return nil, err
	}
	r := &remote{Store: store}
	_, err = r.Refresh(ctx)
	return r, err
}
