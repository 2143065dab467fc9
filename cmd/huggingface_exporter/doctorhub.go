package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/common/version"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync"
)

const (
	// askTime is how long the Hub or an engine may take to begin an answer.
	askTime = 30 * time.Second
	// maxClockOffset is how far this machine's clock may be from the Hub's.
	maxClockOffset = 5 * time.Minute
)

// remedies say what to do about a failure of the Hub's, in short what
// docs/operations.md has.
var remedies = map[hub.Kind]string{
	hub.KindAuth:        "check that the token is whole, not revoked, and that of a member of the organisation",
	hub.KindForbidden:   "a token of a member who can open the analytics in the organisation's settings, which has a Team or Enterprise plan; or source: listings",
	hub.KindNotFound:    "check the name of the organisation, and that the token sees it",
	hub.KindRateLimited: "wait until the limit is over; see whether other programs use the same token",
	hub.KindTimeout:     "check the network and the proxy (HTTPS_PROXY); if the Hub is only slow, raise hub.timeouts",
	hub.KindMalformed:   "check hub.endpoint; a proxy may answer in place of the Hub",
	hub.KindServer:      "wait: the Hub has a fault",
	hub.KindNetwork:     "check name resolution, the proxy (HTTPS_PROXY), the firewall and the certificates of this machine",
}

// hub asks the Hub for each organisation as serve does.
func (d *doctor) hub(ctx context.Context, h *config.Hub, orgs []config.Organization) {
	endpoint, err := hub.ResolveEndpoint(h.Endpoint, os.Getenv)
	if err != nil {
		d.add(bad, "hub", "mend hub.endpoint, or HF_ENDPOINT in the environment", "%v", err)
		return
	}
	ask := &hubDoctor{doctor: d, config: h, endpoint: endpoint, limiters: hub.NewLimiters()}
	for _, o := range orgs {
		ask.organization(ctx, o)
	}
	if len(h.Organizations) == 0 {
		ask.nobody(ctx)
	}
	ask.clock()
}

// hubDoctor asks the Hub, and notes its clock.
type hubDoctor struct {
	*doctor
	config   *config.Hub
	endpoint hub.Endpoint
	limiters *hub.Limiters
	// offset is by how much the Hub's clock is ahead; answered is set once any answer
	// came, dated once one had a date.
	offset          time.Duration
	answered, dated bool
}

func (d *hubDoctor) client(token func() (hub.Token, error)) *hub.Client {
	t := d.config.Timeouts
	return hub.New(hub.Options{
		Endpoint: d.endpoint, Token: token, UserAgent: hub.UserAgent(version.Version),
		Timeouts: hub.Timeouts{
			Connect: time.Duration(t.Connect), TLS: time.Duration(t.Connect), Headers: time.Duration(t.Headers), Idle: time.Duration(t.Idle),
		},
		MaxResponseBytes: int64(d.config.MaxResponseBytes),
		MaxTries:         1, MaxWait: time.Second, Limiters: d.limiters,
		Hooks: hub.Hooks{Request: func(r hub.RequestDone) {
			d.answered = d.answered || r.Status != 0
			if !r.Date.IsZero() {
				d.dated, d.offset = true, r.Date.Sub(time.Now().Add(-r.Latency/2))
			}
		}},
	})
}

// organization asks for what the source of an organisation is.
func (d *hubDoctor) organization(ctx context.Context, o config.Organization) {
	c := d.client(func() (hub.Token, error) { return d.config.TokenOf(o, os.Getenv) })
	defer c.CloseIdleConnections()
	source := hubsync.Source(o.Source)
	var refused error
	if source != hubsync.SourceListings {
		n, err := firstRows(ctx, c, o.Name)
		switch kind := hub.KindOf(err); {
		case err == nil:
			d.ok("hub", "%s: %s gives its publisher analytics%s", o.Name, d.endpoint, n)
			return
		case source == hubsync.SourceAuto && (kind == hub.KindAuth || kind == hub.KindForbidden || kind == hub.KindNotFound):
			refused = err
		default:
			d.add(bad, "hub", remedies[kind], "%s: %v", o.Name, timedOut(err))
			return
		}
	}
	n, err := firstListing(ctx, c, o.Name)
	if err != nil {
		d.add(bad, "hub", remedies[hub.KindOf(err)], "%s: %v", o.Name, timedOut(err))
		return
	}
	switch kind := hub.KindOf(refused); {
	case n == 0 && kind == hub.KindNotFound: // as the collector sees it
		d.add(bad, "hub", remedies[kind], "%s: %v", o.Name, refused)
		return
	case refused != nil:
		d.add(warning, "hub", remedies[kind], "%s: no publisher analytics, so its public listings are read, which have no history: %v", o.Name, refused)
	}
	if n == 0 {
		d.add(warning, "hub", remedies[hub.KindNotFound], "%s: %s lists no repository of it", o.Name, d.endpoint)
		return
	}
	d.ok("hub", "%s: %s lists its repositories", o.Name, d.endpoint)
}

// nobody finds out whether the Hub can be reached at all.
func (d *hubDoctor) nobody(ctx context.Context) {
	c := d.client(nil)
	defer c.CloseIdleConnections()
	if _, err := firstListing(ctx, c, "huggingface"); err != nil {
		d.add(warning, "hub", remedies[hub.KindOf(err)]+"; or leave it, as long as no organisation is collected", "%v", timedOut(err))
		return
	}
	d.ok("hub", "%s answers", d.endpoint)
}

// firstRows reads the beginning of an export, and says what is to be known of it.
func firstRows(ctx context.Context, c *hub.Client, org string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	a, err := c.PublisherAnalytics(ctx, org, hub.Validators{})
	if err != nil {
		return "", err
	}
	defer a.Close()
	for _, err := range a.Rows(history.Version{Source: history.Published, AsOf: 1}) {
		return "", err
	}
	return ", which have no record yet", nil
}

// firstListing reads the first page of the models of an organisation and returns
// how many it has, 1 for any.
func firstListing(ctx context.Context, c *hub.Client, org string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	for _, t := range []history.RepoType{history.Model, history.Dataset, history.Space} {
		for _, err := range c.List(ctx, t, org) {
			if err != nil {
				return 0, err
			}
			return 1, nil
		}
	}
	return 0, nil
}

// clock compares this machine's clock with the Hub's.
func (d *hubDoctor) clock() {
	const do = "set it, by NTP for example: imported files are dated by it, and certificates checked"
	switch off := d.offset.Round(time.Second); {
	case !d.answered: // what is wrong was told
	case !d.dated:
		d.add(warning, "clock", "check hub.endpoint: the Hub sends a date", "no answer had a date to compare with")
	case off.Abs() > maxClockOffset:
		d.add(warning, "clock", do, "%s", offsetText(off))
	default:
		d.ok("clock", "%s", offsetText(off))
	}
}

func offsetText(off time.Duration) string {
	switch {
	case off.Abs() <= time.Second: // the Hub tells whole seconds
		return "as the Hub's"
	case off > 0:
		return fmt.Sprintf("%s behind the Hub's", off)
	}
	return fmt.Sprintf("%s ahead of the Hub's", -off)
}

// engine asks the storage engine of the configuration.
func (d *doctor) engine(ctx context.Context, v *config.VictoriaMetrics) {
	const do = "check storage.victoriametrics, that the engine runs, and its authentication"
	store, err := openRemote(v)
	if err != nil {
		d.add(bad, "engine", do, "%v", err)
		return
	}
	defer store.Close()
	limited, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	s, err := store.Snapshot(limited)
	if err != nil {
		if errors.Is(limited.Err(), context.DeadlineExceeded) {
			err = context.DeadlineExceeded
		}
		d.add(bad, "engine", do, "%v", timedOut(err))
		return
	}
	d.ok("engine", "victoriametrics: the history %q has %s records of %s repositories", v.History, grouped(s.Records), grouped(s.Repos))
	d.engineTakes(limited, v)
}
