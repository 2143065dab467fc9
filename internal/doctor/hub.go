package doctor

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync"
	"github.com/huggingface-exporter/huggingface_exporter/internal/hubclient"
)

// hubAdvice says what to do about a failed request, in short what docs/operations.md
// has.
var hubAdvice = map[hub.Kind]string{
	hub.KindAuth:        "check that the token is complete, not revoked, and of a member of the organization",
	hub.KindForbidden:   "use a token of a member who can open the analytics in the organization's settings (Team or Enterprise plan), or set source: listings",
	hub.KindNotFound:    "check the name of the organization, and that the token can see it",
	hub.KindRateLimited: "wait for the rate limit to reset; check whether other programs use the same token",
	hub.KindTimeout:     "check the network and the proxy (HTTPS_PROXY); if the Hub is only slow, increase hub.timeouts",
	hub.KindMalformed:   "check hub.endpoint; a proxy may be responding instead of the Hub",
	hub.KindServer:      "wait: the Hub has a problem",
	hub.KindNetwork:     "check DNS, the proxy (HTTPS_PROXY, hub.proxy_url), the firewall, and the certificates (SSL_CERT_FILE, hub.tls_config)",
}

// checkHub requests what serve would, of each organization.
func (e *examination) checkHub(ctx context.Context) {
	if e.config == nil || e.Offline {
		return
	}
	options, err := hubclient.Options(&e.config.Hub, config.Organization{}, os.Getenv)
	if err != nil {
		e.fail("fix hub.endpoint, HF_ENDPOINT in the environment, or the files of hub.tls_config", "%v", err)
		return
	}
	options.MaxTries, options.MaxWait, options.Limiters = 1, time.Second, hub.NewLimiters()
	options.Hooks = hub.Hooks{Request: e.clock.observe}
	endpoint := options.Endpoint
	for _, o := range e.orgs {
		options.Token = func() (hub.Token, error) { return hubclient.Token(&e.config.Hub, o, os.Getenv) }
		e.checkOrganization(ctx, hub.New(options), o, endpoint)
	}
	if len(e.config.Hub.Organizations) > 0 {
		return
	}
	options.Token = nil
	c := hub.New(options)
	defer c.CloseIdleConnections()
	if _, err := hasListing(ctx, c, "huggingface"); err != nil {
		e.warn(hubAdvice[hub.KindOf(err)]+"; or ignore it while no organization is collected", "%v", explainTimeout(err))
		return
	}
	e.ok("%s answers", endpoint)
}

// checkOrganization requests the export of an organization or a page of its listings,
// as its source says.
func (e *examination) checkOrganization(ctx context.Context, c *hub.Client, o config.Organization, endpoint hub.Endpoint) {
	defer c.CloseIdleConnections()
	var refused error
	var kind hub.Kind
	if source := hubsync.Source(o.Source); source != hubsync.SourceListings {
		found, err := hasExport(ctx, c, o.Name)
		if err == nil {
			note := ""
			if !found {
				note = ", which have no records yet"
			}
			e.ok("%s: %s provides its publisher analytics%s", o.Name, endpoint, note)
			return
		}
		refused, kind = err, hub.KindOf(err)
		if source != hubsync.SourceAuto || kind != hub.KindAuth && kind != hub.KindForbidden && kind != hub.KindNotFound {
			e.fail(hubAdvice[kind], "%s: %v", o.Name, explainTimeout(err))
			return
		}
	}
	found, err := hasListing(ctx, c, o.Name)
	switch {
	case err != nil:
		e.fail(hubAdvice[hub.KindOf(err)], "%s: %v", o.Name, explainTimeout(err))
		return
	case !found && kind == hub.KindNotFound: // as the collector sees it
		e.fail(hubAdvice[kind], "%s: %v", o.Name, refused)
		return
	case refused != nil:
		e.warn(hubAdvice[kind], "%s: no publisher analytics, so public listings are read, which have no history: %v", o.Name, refused)
	}
	if !found {
		if err := c.CheckExists(ctx, o.Name); err != nil {
			e.fail(hubAdvice[hub.KindOf(err)], "%s: %v", o.Name, explainTimeout(err))
			return
		}
		e.warn(hubAdvice[hub.KindNotFound], "%s: %s lists no repositories", o.Name, endpoint)
		return
	}
	e.ok("%s: %s lists its repositories", o.Name, endpoint)
}

// hasExport reads the first rows of an export and reports whether there are any.
func hasExport(ctx context.Context, c *hub.Client, org string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	a, err := c.PublisherAnalytics(ctx, org, hub.Validators{})
	if err != nil {
		return false, err
	}
	defer a.Close()
	for _, err := range a.Rows(history.Version{Source: history.Published, AsOf: 1}, history.MaxDay) {
		return true, err
	}
	return false, nil
}

// hasListing reads listings up to the first repository and reports whether there is
// one.
func hasListing(ctx context.Context, c *hub.Client, org string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	for _, t := range hub.ListedTypes() {
		for _, err := range c.List(ctx, t, org) {
			return err == nil, err
		}
	}
	return false, nil
}

// hubClock is what the Hub's answers said of its clock.
type hubClock struct {
	offset          time.Duration // by how much it is ahead of this machine's
	answered, dated bool          // whether any answer came, and any with a date
}

func (c *hubClock) observe(r hub.RequestDone) {
	c.answered = c.answered || r.Status != 0
	if !r.Date.IsZero() {
		c.dated, c.offset = true, r.Date.Sub(time.Now().Add(-r.Latency/2))
	}
}

// maxClockOffset is how far this machine's clock may be from the Hub's.
const maxClockOffset = 5 * time.Minute

// checkClock compares this machine's clock with the Hub's.
func (e *examination) checkClock(context.Context) {
	if !e.clock.answered { // checkHub has reported why
		return
	}
	if !e.clock.dated {
		e.warn("check hub.endpoint: the Hub sends a Date header", "no response had a Date header")
		return
	}
	offset := e.clock.offset.Round(time.Second)
	text := "same as the Hub's"
	if offset > time.Second { // the Hub sends whole seconds
		text = fmt.Sprintf("%s behind the Hub's", offset)
	} else if offset < -time.Second {
		text = fmt.Sprintf("%s ahead of the Hub's", -offset)
	}
	if offset.Abs() > maxClockOffset {
		e.warn("set it, for example with NTP: it dates imported files and verifies certificates", "%s", text)
		return
	}
	e.ok("%s", text)
}
