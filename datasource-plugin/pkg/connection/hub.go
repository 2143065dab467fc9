package connection

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/groups"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/plausible"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/schedule"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// hubConnection is the connection to the Hub itself. It reads the whole export of
// an organization into memory, first when it is first used, and then again on a
// schedule, in one goroutine. Queries read what is there; only before the first
// load has ended do they wait.
type hubConnection struct {
	settings
	client *hub.Client
	groups *groups.Groups
	log    log.Logger

	startOnce sync.Once
	cancel    context.CancelFunc
	ctx       context.Context // of what runs in the background
	ended     sync.WaitGroup
	schedule  *schedule.Schedule

	mu    sync.Mutex
	state state
	// changed is closed when the state changes, and replaced.
	changed chan struct{}

	// What follows belongs to the goroutine that loads, but for reading.
	validators hub.Validators
	clock      *plausible.Clock
	asOf       history.AsOf
	// What is doubted is the time of the last export, or what it says.
	timeDoubt, doubt plausible.Doubt
	// reading is the export on its way, for whoever waits for it.
	reading atomic.Pointer[hub.Analytics]
}

// state is what is known of the Hub. It is replaced as a whole.
type state struct {
	// table is nil until the first load.
	table     *memtable.Table
	collected time.Time
	// loading is set while the Hub is asked, since when.
	loading bool
	since   time.Time
	// err is why the last load failed, at failed, nil if it did not; next is when
	// the next one begins.
	err          error
	failed, next time.Time
}

func newHub(s settings, around surroundings) (*hubConnection, error) {
	origin, err := url.Parse(s.endpoint.String())
	if err != nil {
		return nil, err // it was made of a URL
	}
	t, err := newTransport(s, origin, around)
	if err != nil {
		return nil, err
	}
	c := &hubConnection{
		settings: s,
		log:      around.log.With("organization", s.organization),
		schedule: schedule.New(s.refresh),
		changed:  make(chan struct{}),
		groups:   groups.New(),
	}
	c.groups.Set(s.groups)
	logger := slogOf(c.log, s.secrets)
	c.clock = plausible.NewClock(logger)
	c.client = hub.New(hub.Options{
		Endpoint:         s.endpoint,
		Token:            hub.StaticToken(s.token),
		UserAgent:        userAgent(),
		Transport:        t,
		Timeouts:         hub.Timeouts{Headers: s.timeout, Idle: s.timeout},
		MaxResponseBytes: maxExport,
		MaxTries:         3,
		MaxWait:          time.Minute, // longer ones are left to the schedule
		Hooks:            hub.Hooks{Request: func(r hub.RequestDone) { c.clock.Set(r.Date) }},
		Logger:           logger,
	})
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c, nil
}

// maxExport leaves the bounding of an export to the bound of the memory that it
// comes to.
const maxExport = 1 << 50

// Reader implements Connection.
func (c *hubConnection) Reader(ctx context.Context) (history.Reader, string, error) {
	c.start()
	s, err := c.wait(ctx, func(s state) bool { return s.table != nil || !s.loading })
	switch {
	case err != nil:
		return nil, "", err
	case s.table == nil:
		return nil, "", neverLoaded(s)
	}
	return c.groups.Reader(memtable.NewStoreOf(s.table)), c.notice(s), nil
}

// wait returns the state once it is as wanted, or why it is not going to be.
func (c *hubConnection) wait(ctx context.Context, wanted func(state) bool) (state, error) {
	for {
		c.mu.Lock()
		s, changed := c.state, c.changed
		c.mu.Unlock()
		if wanted(s) {
			return s, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return s, c.stillLoading(ctx, s)
		case <-c.ctx.Done():
			return s, errClosed
		}
	}
}

// set changes the state and tells those who wait.
func (c *hubConnection) set(change func(*state)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.state)
	close(c.changed)
	c.changed = make(chan struct{})
}

// now returns the state as it is.
func (c *hubConnection) now() state {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Close implements Connection.
func (c *hubConnection) Close() {
	c.startOnce.Do(func() {}) // nothing starts any more
	c.cancel()
	c.ended.Wait()
	c.client.CloseIdleConnections()
}

// minRetry is how soon after a failure a check may ask the Hub once more.
const minRetry = 10 * time.Second

// Check implements Connection. It asks the Hub only if the last load failed, and
// not more often than every few seconds.
func (c *hubConnection) Check(ctx context.Context) Health {
	c.start()
	c.retry()
	s, err := c.wait(ctx, func(s state) bool { return !s.loading || s.table != nil && s.err == nil })
	d := c.details(s)
	switch {
	case err != nil && s.table == nil, errors.Is(err, context.Canceled):
		return d.fails(err)
	case s.table == nil:
		return d.fails(neverLoaded(s))
	case s.err != nil:
		h := d.fails(s.err)
		h.Message = sentence(c.notice(s))
		return h
	}
	return Health{OK: true, Message: sentence("the Hub returned the downloads of " + c.organization + ": " + d.size()), Details: d}
}

// retry begins a load before its time, if the last one failed a while ago.
func (c *hubConnection) retry() {
	c.set(func(s *state) {
		if s.loading || s.err == nil || time.Since(s.failed) < minRetry || c.ctx.Err() != nil {
			return
		}
		s.loading, s.since = true, time.Now()
		c.schedule.Wake()
	})
}

// details tells of the state.
func (c *hubConnection) details(s state) Details {
	d := Details{Connection: kindHub, URL: c.endpoint.String(), Organization: c.organization}
	if !s.loading {
		d.NextRefresh = s.next.UTC()
	}
	if s.table != nil {
		d.CollectedAt = s.collected.UTC()
		d.MemoryBytes = s.table.MemoryBytes()
		recorded := s.table.Recorded()
		d.holds(s.table.NumRepos(), s.table.NumRecords(), &recorded)
	}
	return d
}
