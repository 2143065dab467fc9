package hubsync

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/plausible"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/localstore"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

const token = "hf_TheSecretOfTheTest_0123456789"

// options make a world.
type options struct {
	plan      fakehub.Plan
	source    Source
	anonymous bool   // ask without a token
	durable   bool   // keep the history on disk, and read it from there at each restart
	engine    keeper // keep it there; nil: in memory
	https     bool
	offline   bool // no sockets: for a synctest bubble
	org       string
	hub       fakehub.Options
	timeouts  hub.Timeouts
	maxBytes  int64
	logLevel  slog.Level
}

// keeper is a store, in memory or on disk.
type keeper interface {
	history.Reader
	history.Appender
}

// world is a Hub, its clock, and the collecting of one organization with its store.
type world struct {
	*testing.T
	options
	hub    *fakehub.Hub
	server *httptest.Server // nil if offline
	// unreachable has connections to the Hub refused.
	unreachable bool
	now         time.Time
	ahead       time.Duration // by which our clock is ahead of the Hub's
	dir         string        // of a durable store
	store       keeper
	connect     func() // makes clock and client
	log         bytes.Buffer

	// Since the last restart.
	registry  *prometheus.Registry
	metrics   *Metrics
	clock     *plausible.Clock
	client    *hub.Client
	collector *Collector
	manager   *Manager
	running   *running
}

// at returns an instant of a day in March 2026.
func at(day, hour int) history.AsOf {
	return history.AsOfTime(time.Date(2026, 3, day, hour, 0, 0, 0, time.UTC))
}

func march(day int) history.Day { return history.DayOf(time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC)) }

// newWorld begins on 1 March 2026 at six in the morning, with an organization "o"
// and a token of one of its members.
func newWorld(t *testing.T, o options) *world {
	t.Helper()
	if o.org == "" {
		o.org = "o"
	}
	w := &world{T: t, options: o, now: at(1, 6).Time()}
	o.hub.Now = func() time.Time { return w.now }
	w.hub = fakehub.New(o.hub)
	w.hub.AddOrg("o", o.plan)
	w.hub.AddToken(token, "o")
	switch {
	case o.durable:
		w.dir = t.TempDir()
	case o.engine != nil:
		w.store = o.engine
	default:
		w.store = memtable.NewStore()
	}
	endpoint, dial := "http://hub.test", w.dialServer
	switch {
	case o.offline:
		network := fakehub.NewNetwork()
		network.Serve("hub.test:80", w.hub)
		t.Cleanup(network.Close)
		dial = network.DialContext
	case o.https:
		w.server = httptest.NewTLSServer(w.hub)
		endpoint = "https://example.com" // the name that the server's certificate is for
	default:
		w.server = httptest.NewServer(w.hub)
	}
	if w.server != nil {
		t.Cleanup(w.server.Close)
	}
	w.connect = func() { w.newClient(endpoint, dial) }
	w.restart()
	return w
}

func (w *world) newClient(at string, dial func(context.Context, string, string) (net.Conn, error)) {
	w.Helper()
	endpoint, err := hub.ParseEndpoint(at)
	if err != nil {
		w.Fatal(err)
	}
	value := token
	if w.anonymous {
		value = ""
	}
	tok, err := hub.NewToken(value, "the test")
	if err != nil {
		w.Fatal(err)
	}
	transport := hub.NewTransport(w.timeouts)
	transport.DialContext = dial
	if w.https {
		transport.TLSClientConfig = w.server.Client().Transport.(*http.Transport).TLSClientConfig
	}
	w.clock = plausible.NewClock(w.logger())
	w.clock.Local = func() time.Time { return w.now.Add(w.ahead) }
	w.client = hub.New(hub.Options{
		Endpoint: endpoint, Token: hub.StaticToken(tok), MaxTries: 1, Transport: transport, Timeouts: w.timeouts,
		MaxResponseBytes: w.maxBytes, Logger: w.logger(),
		Hooks: w.metrics.Hooks(w.clock),
	})
	w.Cleanup(w.client.CloseIdleConnections)
}

func (w *world) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: w.logLevel}))
}

// dialServer connects to the Hub, whatever its name, or to nothing.
func (w *world) dialServer(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	host, _, _ := net.SplitHostPort(address)
	switch host {
	case "hub.test", "example.com":
		address = w.server.Listener.Addr().String()
		if w.unreachable {
			return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
		}
	}
	return d.DialContext(ctx, network, address)
}

// restart forgets all but the store and, if that is durable, all but its files.
func (w *world) restart() {
	w.Helper()
	if w.durable {
		if l, ok := w.store.(*localstore.Ledger); ok {
			if err := l.Close(); err != nil {
				w.Fatal(err)
			}
		}
		l, err := localstore.Open(context.Background(), w.dir, localstore.Options{})
		if err != nil {
			w.Fatal(err)
		}
		w.Cleanup(func() { _ = l.Close() })
		w.store = l
	}
	w.registry = prometheus.NewPedanticRegistry()
	w.metrics = NewMetrics(w.registry)
	w.connect()
	w.use(w.source)
}

// use makes the collector anew, for a source.
func (w *world) use(source Source) {
	w.source = source
	w.collector = NewCollector(Options{Org: w.org, Source: source, Client: w.client, Clock: w.clock, Store: w.store, Log: w.logger(),
		Collected: func(org string) bool { return strings.EqualFold(org, "other") }})
	w.manager = NewManager(w.metrics, w.logger())
	w.metrics.expect(w.org)
	w.running = newRunning(Job{Org: w.org, Interval: 6 * time.Hour, Collector: w.collector})
}

// try collects at an hour of a day in March, as serve does.
func (w *world) try(day, hour int) *Report {
	w.Helper()
	w.now = at(day, hour).Time()
	if _, ok := w.manager.collect(context.Background(), w.running); !ok {
		w.Fatal("the collection was stopped")
	}
	return w.running.status.Last
}

// collect is try, and expects it to succeed.
func (w *world) collect(day, hour int) *Report {
	w.Helper()
	o := w.try(day, hour)
	if !o.OK() {
		w.Fatalf("collecting on March %d at %d: %v", day, hour, o.Err)
	}
	w.checkRemoved(o, day, hour)
	return o
}

// checkRemoved compares when the history says that a fall was confirmed last with what the
// collection just found.
func (w *world) checkRemoved(o *Report, day, hour int) {
	w.Helper()
	var last history.AsOf
	for s, err := range w.store.Meta(context.Background(), history.MetaQuery{}) {
		if err != nil {
			w.Fatal(err)
		}
		last = max(last, s.RemovedAsOf)
		if (s.RemovedAsOf != 0) != (s.Removed != 0) {
			w.Errorf("%s: %d downloads were removed, at %s", s.Repo, s.Removed, s.RemovedAsOf.Time())
		}
	}
	if now, found := last == at(day, hour), o.Change.Removed > 0; now != found && len(o.Moved) == 0 {
		w.Errorf("March %d at %d: %d removed, and the last fall was confirmed at %s", day, hour, o.Change.Removed, last.Time())
	}
}

// records returns the records by repository, as "o/m 1:10 2:7p", with p for published days
// of March. Datasets have a "d:" before them. Stored ones are there also of repositories
// that moved to another name.
func (w *world) records() string {
	w.Helper()
	days := make(map[history.Repo]map[history.Day]string)
	for _, versions := range []bool{false, true} {
		for rows, err := range w.store.Records(context.Background(), history.RecordsQuery{Order: history.OrderRepo, Stored: versions}) {
			if err != nil {
				w.Fatal(err)
			}
			for i := range rows.Len() {
				r := rows.Record(i)
				if days[r.Repo] == nil {
					days[r.Repo] = make(map[history.Day]string)
				}
				text := fmt.Sprintf(" %d:%d", r.Day-march(1)+1, r.Downloads)
				if rows.Version.Source == history.Published {
					text += "p"
				}
				days[r.Repo][r.Day] = text
			}
		}
	}
	var out []string
	for _, r := range slices.SortedFunc(maps.Keys(days), history.Repo.Compare) {
		line := short(r)
		for _, d := range slices.Sorted(maps.Keys(days[r])) {
			line += days[r][d]
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// exposed returns what the metrics page would show, as "o/m 110 -5 +3".
func (w *world) exposed() string {
	var out []string
	for c, err := range w.store.Counts(context.Background(), history.Filter{}) {
		if err != nil {
			return err.Error()
		}
		line := short(c.Repo)
		if c.Downloads != history.Unknown {
			line += fmt.Sprintf(" %d", c.Downloads)
		}
		if c.Removed > 0 {
			line += fmt.Sprintf(" -%d", c.Removed)
		}
		if c.Backdated > 0 {
			line += fmt.Sprintf(" +%d", c.Backdated)
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// short names a repository.
func short(r history.Repo) string {
	switch r.Type {
	case history.Dataset:
		return "d:" + r.Name
	case history.Space:
		return "s:" + r.Name
	}
	return r.Name
}

// said tells an outcome, as "2 new, 1 changed, 15 removed; appeared o/m; moved
// o/m to o/n; gone d:o/d", or "failed: timeout".
func said(o *Report) string {
	if !o.OK() {
		return "failed: " + string(o.Reason)
	}
	if o.NotModified {
		return "not modified"
	}
	var counts, all []string
	for _, c := range []struct {
		n    int64
		what string
	}{{o.Change.New, "new"}, {o.Change.Changed, "changed"}, {o.Change.Outdated, "outdated"}, {o.Change.Removed, "removed"}} {
		if c.n != 0 {
			counts = append(counts, fmt.Sprint(c.n, " ", c.what))
		}
	}
	if len(counts) > 0 {
		all = append(all, strings.Join(counts, ", "))
	}
	for _, r := range o.Appeared {
		all = append(all, "appeared "+short(r))
	}
	for _, m := range o.Moved {
		all = append(all, "moved "+short(m.From)+" to "+short(m.To))
	}
	for _, r := range o.Gone {
		all = append(all, "gone "+short(r))
	}
	return strings.Join(all, "; ")
}

// lines joins what is compared with records and exposed.
func lines(l ...string) string { return strings.Join(l, "\n") }

func splitLines(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == '\n' })
}

// metricsText returns what the metrics are.
func (w *world) metricsText() string {
	w.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		w.Fatal(err)
	}
	var b strings.Builder
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			w.Fatal(err)
		}
	}
	return b.String()
}

// metric returns the value of a series, "" if it is not there.
func (w *world) metric(series string) string {
	w.Helper()
	for line := range strings.Lines(w.metricsText()) {
		if v, ok := strings.CutPrefix(line, series+" "); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func (w *world) expectMetric(series, want string) {
	w.Helper()
	if got := w.metric(series); got != want {
		w.Errorf("%s is %q, want %q", series, got, want)
	}
}
