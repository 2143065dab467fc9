package collect

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/columns"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

const token = "hf_the_secret_of_the_test"

// world is a Hub, its clock, and a collector of the organisation "o" with its store.
type world struct {
	t         *testing.T
	hub       *fakehub.Hub
	server    *httptest.Server
	now       time.Time
	store     *columns.Store
	metrics   *Metrics
	registry  *prometheus.Registry
	log       bytes.Buffer
	client    *hub.Client
	clock     *Clock
	collector *Collector
}

// newWorld begins on 1 March 2026 at six in the morning.
func newWorld(t *testing.T, plan fakehub.Plan, source Source) *world {
	t.Helper()
	w := &world{t: t, now: at(1, 6).Time(), store: columns.NewStore()}
	w.hub = fakehub.New(fakehub.Options{Now: func() time.Time { return w.now }})
	w.hub.AddOrg("o", plan)
	w.hub.AddToken(token, "o")
	w.server = httptest.NewServer(w.hub)
	t.Cleanup(w.server.Close)
	w.restart(source)
	return w
}

// restart forgets all but the store.
func (w *world) restart(source Source) {
	w.t.Helper()
	endpoint, err := hub.ParseEndpoint(w.server.URL)
	if err != nil {
		w.t.Fatal(err)
	}
	tok, err := hub.NewToken(token, "the test")
	if err != nil {
		w.t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(&w.log, nil))
	w.registry = prometheus.NewPedanticRegistry()
	w.metrics = NewMetrics(w.registry)
	w.clock = NewClock(log)
	w.client = hub.New(hub.Options{
		Endpoint: endpoint, Token: hub.StaticToken(tok), Hooks: w.metrics.Hooks(w.clock), MaxTries: 1,
		Timeouts: hub.Timeouts{Idle: 300 * time.Millisecond, Headers: 300 * time.Millisecond},
	})
	w.t.Cleanup(w.client.CloseIdleConnections)
	w.collector = NewCollector("o", source, w.client, w.clock, w.store, log)
}

// collect collects at an hour of a day in March, and expects it to succeed.
func (w *world) collect(day, hour int) Outcome {
	w.t.Helper()
	w.now = at(day, hour).Time()
	o := w.collector.Collect(context.Background())
	if !o.OK() {
		w.t.Fatalf("collecting on March %d at %d: %v", day, hour, o.Err)
	}
	return o
}

// content returns the records by repository, as "o/m 1:10 2:7e", with e for
// estimated and p for published days of March.
func (w *world) content() string {
	w.t.Helper()
	var out []string
	var last history.Repo
	line := -1
	for rows, err := range w.store.Records(context.Background(), history.RecordsQuery{Order: history.OrderRepo, Versions: true}) {
		if err != nil {
			w.t.Fatal(err)
		}
		for i := range rows.Len() {
			r := rows.Record(i)
			if line < 0 || r.Repo != last {
				out, last = append(out, r.Repo.Name), r.Repo
				line++
			}
			mark := map[history.Source]string{history.Published: "p", history.Estimated: "e"}[rows.Version.Source]
			out[line] += fmt.Sprintf(" %d:%d%s", r.Day-march(1)+1, r.Downloads, mark)
		}
	}
	return strings.Join(out, "\n")
}

// exposed returns what the metrics page would show, as "o/m 110 -5".
func (w *world) exposed() string {
	var out []string
	for c := range w.store.Counts() {
		line := fmt.Sprintf("%s %d", c.Repo.Name, c.Downloads)
		if c.Corrected > 0 {
			line += fmt.Sprintf(" -%d", c.Corrected)
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func (w *world) expect(when, content, exposed string) {
	w.t.Helper()
	if got := w.content(); got != content {
		w.t.Errorf("%s: records are\n%s\nwant\n%s", when, got, content)
	}
	if got := w.exposed(); got != exposed {
		w.t.Errorf("%s: exposed is\n%s\nwant\n%s", when, got, exposed)
	}
}

func TestListingsOverDays(t *testing.T) {
	w := newWorld(t, fakehub.Free, SourceListings)
	m := w.hub.AddRepo(history.Model, "o/m").SetTotal(100).SetLikes(3)
	w.collect(1, 6)
	w.expect("a first listing sets the base and invents no history", "", "o/m 100")

	m.SetTotal(105)
	w.collect(1, 18)
	w.expect("the day is not over", "", "o/m 105")

	m.SetTotal(110)
	w.collect(2, 1)
	w.expect("a day later", "o/m 1:10", "o/m 110")

	w.restart(SourceListings)
	m.SetTotal(125)
	w.collect(3, 1)
	w.expect("a restart in between", "o/m 1:10 2:15", "o/m 125")

	m.SetTotal(135)
	w.collect(6, 1)
	w.expect("three days without an answer but one", "o/m 1:10 2:15 3:3e 4:3e 5:4e", "o/m 135")

	m.SetTotal(120)
	o := w.collect(6, 12)
	if o.Change.Corrected != 15 {
		t.Errorf("the Hub took 15 back: got %d", o.Change.Corrected)
	}
	w.expect("a fall is a correction", "o/m 1:10 2:15 3:3e 4:3e 5:4e", "o/m 135 -15")

	m.SetTotal(128)
	w.collect(7, 1)
	w.expect("downloads after the fall", "o/m 1:10 2:15 3:3e 4:3e 5:4e 6:8", "o/m 135 -15")

	w.collect(7, 1)
	w.expect("told again", "o/m 1:10 2:15 3:3e 4:3e 5:4e 6:8", "o/m 135 -15")

	m.SetTotal(100)
	w.collect(8, 1)
	w.expect("a fall overnight leaves the day absent", "o/m 1:10 2:15 3:3e 4:3e 5:4e 6:8", "o/m 135 -43")

	m.SetTotal(140)
	w.collect(9, 1)
	w.expect("back again", "o/m 1:10 2:15 3:3e 4:3e 5:4e 6:8 8:40", "o/m 140 -43")
}

func TestListingsFollowRepositories(t *testing.T) {
	w := newWorld(t, fakehub.Free, SourceListings)
	m := w.hub.AddRepo(history.Model, "o/m").SetTotal(100)
	w.hub.AddRepo(history.Dataset, "o/d").SetTotal(7)
	w.hub.AddRepo(history.Space, "o/s").SetLikes(5)
	w.collect(1, 6)
	m.SetTotal(110)
	w.collect(2, 6)
	w.expect("before", "o/m 1:10\no/d 1:0", "o/m 110\no/d 7\no/s -1")

	m.Rename("o/new")
	m.SetTotal(112)
	o := w.collect(3, 6)
	if len(o.Moved) != 1 || o.Moved[0].From.Name != "o/m" || o.Moved[0].To.Name != "o/new" || len(o.Gone) != 0 {
		t.Errorf("renamed: got %+v", o)
	}
	w.expect("renamed", "o/m 1:10\no/new 1:10 2:2\no/d 1:0 2:0", "o/new 112\no/d 7\no/s -1")
	overview, err := w.store.Overview(context.Background(), history.OverviewQuery{ByRepoType: true})
	if err != nil || overview.Groups[0].Repos != 1 || overview.Groups[0].Downloads != 12 {
		t.Errorf("an overview counts the renamed repository once: got %+v, %v", overview.Groups, err)
	}

	w.hub.Repo(history.Dataset, "o/d").Delete()
	o = w.collect(4, 6)
	if len(o.Gone) != 1 || o.Gone[0].Name != "o/d" {
		t.Errorf("deleted: got %+v", o.Gone)
	}
	w.expect("a deleted one is not exposed, its history stays", "o/m 1:10\no/new 1:10 2:2 3:0\no/d 1:0 2:0", "o/new 112\no/s -1")

	w.hub.AddRepo(history.Dataset, "o/d").SetTotal(2)
	w.collect(5, 6)
	w.hub.Repo(history.Dataset, "o/d").SetTotal(6)
	w.collect(6, 6)
	w.expect("made again under the same name: counted from there, and the counter does not fall",
		"o/m 1:10\no/new 1:10 2:2 3:0 4:0 5:0\no/d 1:0 2:0 5:4", "o/new 112\no/d 7 -5\no/s -1")

	m.SetPrivate(true)
	p := w.hub.AddRepo(history.Model, "o/p").SetPrivate(true).SetTotal(50)
	w.hub.RevokeToken(token)
	w.restart(SourceListings)
	_ = p
}

func TestAnalytics(t *testing.T) {
	w := newWorld(t, fakehub.Team, SourceAnalytics)
	m := w.hub.AddRepo(history.Model, "o/m").SetDay(march(1), 10).SetDay(march(2), 20)
	d := w.hub.AddRepo(history.Dataset, "o/d").SetDay(march(2), 5)
	w.collect(3, 6)
	w.expect("the published history", "o/m 1:10p 2:20p\no/d 2:5p", "o/m 30\no/d 5")

	m.SetDay(march(1), 4).SetDay(march(3), 1)
	o := w.collect(4, 6)
	if o.Change.Changed != 1 || o.Change.New != 1 || o.Change.Corrected != 6 {
		t.Errorf("a retroactive correction: got %+v", o.Change)
	}
	w.expect("a retroactive correction", "o/m 1:4p 2:20p 3:1p\no/d 2:5p", "o/m 30 -6\no/d 5")

	m.Rename("o/new")
	o = w.collect(5, 6)
	if len(o.Moved) != 1 || o.Moved[0].To.Name != "o/new" {
		t.Errorf("renamed: got %+v", o)
	}
	d.Delete()
	w.now = at(6, 5).Time()
	if o := w.collector.Collect(context.Background()); o.Reason != hub.KindMalformed {
		t.Errorf("a quarter of the records is missing: got %v, want it to be refused as cut", o.Err)
	}
	o = w.collect(6, 6)
	if len(o.Gone) != 1 || o.Gone[0].Name != "o/d" {
		t.Errorf("deleted: got %+v", o)
	}
	w.restart(SourceAnalytics)
	w.collect(7, 6)
	w.expect("renamed and deleted", "o/m 1:4p 2:20p 3:1p\no/new 1:4p 2:20p 3:1p\no/d 2:5p", "o/new 25")
}

func TestAutoFallsBackAndSaysSoOnce(t *testing.T) {
	w := newWorld(t, fakehub.Free, SourceAuto)
	m := w.hub.AddRepo(history.Model, "o/m").SetDay(march(1), 10)
	for hour := range 3 {
		if o := w.collect(2, hour); o.Source != SourceListings {
			t.Errorf("collected from %s, want listings", o.Source)
		}
	}
	if n := strings.Count(w.log.String(), "refuses the publisher analytics"); n != 1 {
		t.Errorf("the log says %d times that the Hub refuses, want once:\n%s", n, w.log.String())
	}
	w.hub.AddOrg("o", fakehub.Team)
	m.SetDay(march(2), 3)
	if o := w.collect(3, 1); o.Source != SourceAnalytics {
		t.Errorf("collected from %s, want the analytics that the Hub gives now", o.Source)
	}
	w.expect("published beats observed", "o/m 1:10p 2:3p", "o/m 13")
	if strings.Contains(w.log.String(), token) {
		t.Error("the log holds the token")
	}
}

func TestAnOrganisationThatDoesNotExistIsAFailure(t *testing.T) {
	w := newWorld(t, fakehub.Team, SourceAuto)
	w.collector = NewCollector("nosuch", SourceAuto, w.client, w.clock, w.store, slog.New(slog.DiscardHandler))
	if o := w.collector.Collect(context.Background()); o.Reason != hub.KindNotFound {
		t.Errorf("got reason %q, error %v; want not_found", o.Reason, o.Err)
	}
}

func TestClockJumpsDoNoHarm(t *testing.T) {
	w := newWorld(t, fakehub.Free, SourceListings)
	m := w.hub.AddRepo(history.Model, "o/m").SetTotal(100)
	w.collect(1, 6)
	local := time.Now()
	w.clock.now = func() time.Time { return local.AddDate(1, 0, 0) }
	m.SetTotal(110)
	w.collect(2, 6)
	w.clock.now = func() time.Time { return local.AddDate(-1, 0, 0) }
	m.SetTotal(125)
	w.collect(3, 6)
	w.expect("our clock jumped forward a year and back two", "o/m 1:10 2:15", "o/m 125")
	if n := strings.Count(w.log.String(), "clock is far from the Hub's"); n != 1 {
		t.Errorf("the log says %d times that the clock is off, want once:\n%s", n, w.log.String())
	}
}

func TestFailuresStoreNothing(t *testing.T) {
	f := func(name string, source Source, on fakehub.On, fault fakehub.Fault, reason hub.Kind) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, fakehub.Team, source)
			m := w.hub.AddRepo(history.Model, "o/m").SetDay(march(1), 10)
			w.hub.AddRepo(history.Dataset, "o/d").SetDay(march(1), 7)
			w.collect(2, 6)
			content, exposed := w.content(), w.exposed()

			m.SetDay(march(2), 90)
			w.hub.Fail(on, fakehub.Always, fault)
			w.now = at(3, 6).Time()
			o := w.collector.Collect(context.Background())
			if o.OK() || o.Reason != reason {
				t.Fatalf("got reason %q, error %v; want %q", o.Reason, o.Err, reason)
			}
			if strings.Contains(o.Err.Error(), token) {
				t.Error("the error holds the token")
			}
			w.expect("nothing half read is stored", content, exposed)

			w.hub.Heal()
			w.collect(3, 7)
			if got := w.exposed(); got != "o/m 100\no/d 7" {
				t.Errorf("the next good answer heals everything: got\n%s", got)
			}
		})
	}
	csv := fakehub.On{Route: fakehub.Analytics}
	f("login page", SourceAnalytics, csv, fakehub.LoginPage(), hub.KindMalformed)
	f("redirect to login", SourceAnalytics, csv, fakehub.RedirectToLogin(), hub.KindAuth)
	f("half a CSV", SourceAnalytics, csv, fakehub.Half(), hub.KindMalformed)
	f("a CSV cut short", SourceAnalytics, csv, fakehub.Truncated(60), hub.KindNetwork)
	f("server error", SourceAnalytics, csv, fakehub.Status(500), hub.KindServer)
	f("stalled body", SourceAnalytics, csv, fakehub.StallBody(60), hub.KindTimeout)
	f("stalled headers", SourceAnalytics, csv, fakehub.StallHeaders(), hub.KindTimeout)
	f("forbidden", SourceAnalytics, csv, fakehub.Status(403), hub.KindForbidden)
	datasets := fakehub.On{Route: fakehub.Datasets}
	f("the second listing fails", SourceListings, datasets, fakehub.Status(503), hub.KindServer)
	f("JSON cut in the middle", SourceListings, datasets, fakehub.Half(), hub.KindMalformed)
	f("wrong types", SourceListings, datasets, fakehub.Body("application/json", `[{"id": 7}]`), hub.KindMalformed)
	f("auto does not fall back when asking failed", SourceAuto, csv, fakehub.Status(500), hub.KindServer)
}
