package hub_test

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

const exportPath = "/organizations/acme/settings/publisher-analytics/download-breakdown"

// A redirect to another place is followed without the token, and what that place
// sends back to the Hub comes without it, too.
func TestRedirectWithoutToken(t *testing.T) {
	f := func(address, base string) {
		t.Helper()
		run(t, fakehub.Options{}, func(w *world) {
			w.twoRepos()
			other := fakehub.New(fakehub.Options{Now: func() time.Time { return time.Now().AddDate(500, 0, 0) }})
			other.Fail(fakehub.On{}, fakehub.Always, fakehub.Body("text/csv",
				"repoType,repoName,total,timestamp,downloads\nmodel,acme/x,1,2026-01-01,1\n"))
			w.net.Serve(address, other)
			w.Fail(fakehub.On{}, 1, fakehub.RedirectTo(base+exportPath))
			records, _, err := analytics(w.t.Context(), w.client(), hub.Validators{})
			if err != nil {
				w.t.Fatal(err)
			}
			equal(w.t, "records", records, "[{model acme/x 1 2026-01-01 1}]")
			equal(w.t, "token at the Hub", w.Requests()[0].Token(), secret)
			sent := other.Requests()
			equal(w.t, "requests elsewhere", len(sent), 1)
			for name, values := range sent[0].Header {
				if name == "Authorization" || strings.Contains(strings.Join(values, " "), secret) {
					w.t.Errorf("the token went to %s, in %s: %q", base, name, values)
				}
			}
			// The other place's limits are not the Hub's, and neither is its time.
			equal(w.t, "limits told", len(w.limits), 0)
			equal(w.t, "date", w.requests[0].Date, time.Now().UTC())

			// And back: the Hub then sees an anonymous caller.
			other.Heal()
			other.Fail(fakehub.On{}, 1, fakehub.RedirectTo("http://hub.test"+exportPath))
			w.ForgetRequests()
			w.Fail(fakehub.On{}, 1, fakehub.RedirectTo(base+exportPath))
			_, _, err = analytics(w.t.Context(), w.client(), hub.Validators{})
			wantError(w.t, err, hub.KindAuth, "401")
			equal(w.t, "token on the way back", w.Requests()[1].Token(), "")
		})
	}
	f("store.test:80", "http://store.test")
	f("hub.test:8080", "http://hub.test:8080")
	f("sub.hub.test:80", "http://sub.hub.test")
	f("hub.test.evil.test:80", "http://hub.test.evil.test")
}

// Within the Hub the token goes along.
func TestRedirectWithToken(t *testing.T) {
	f := func(target string) {
		t.Helper()
		run(t, fakehub.Options{}, func(w *world) {
			w.twoRepos()
			w.Fail(fakehub.On{}, 1, fakehub.RedirectTo(target))
			records, _, err := analytics(w.t.Context(), w.client(), hub.Validators{})
			if err != nil {
				w.t.Fatal(err)
			}
			equal(w.t, "records", len(records), 3)
			equal(w.t, "token", w.Requests()[1].Token(), secret)
		})
	}
	f(exportPath)
	f("http://hub.test" + exportPath)
	f("http://hub.test:80" + exportPath)
	f("http://HUB.test" + exportPath)
}

func TestRedirectLoop(t *testing.T) {
	run(t, fakehub.Options{}, func(w *world) {
		w.Fail(fakehub.On{}, fakehub.Always, fakehub.RedirectToItself())
		_, _, err := analytics(w.t.Context(), w.client(), hub.Validators{})
		wantError(w.t, err, hub.KindMalformed, "at most 10 redirects", "http://hub.test"+exportPath)
		equal(w.t, "requests", len(w.Requests()), 10)
		equal(w.t, "codes", w.codes(), "302")
	})
}

// A redirect out of TLS is not followed. The network here is a real one, since
// time does not matter.
func TestRedirectOutOfTLS(t *testing.T) {
	plain := fakehub.New(fakehub.Options{})
	plainServer := httptest.NewServer(plain)
	defer plainServer.Close()
	secure := fakehub.New(fakehub.Options{})
	secure.AddOrg("acme", fakehub.Team)
	secure.AddToken(secret, "acme")
	secure.AddRepo(history.Model, "acme/m").SetDay(day(1), 1)
	secureServer := httptest.NewUnstartedServer(secure)
	secureServer.Config.ErrorLog = log.New(io.Discard, "", 0)
	secureServer.StartTLS()
	defer secureServer.Close()

	c := func(transport http.RoundTripper) *hub.Client {
		endpoint, err := hub.ParseEndpoint(secureServer.URL + "/")
		if err != nil {
			t.Fatal(err)
		}
		token, err := hub.NewToken(secret, "the test")
		if err != nil {
			t.Fatal(err)
		}
		return hub.New(hub.Options{Endpoint: endpoint, Token: hub.StaticToken(token), Transport: transport})
	}
	trusting := hub.NewTransport(hub.Timeouts{})
	trusting.TLSClientConfig = secureServer.Client().Transport.(*http.Transport).TLSClientConfig
	defer trusting.CloseIdleConnections()

	if _, _, err := analytics(t.Context(), c(trusting), hub.Validators{}); err != nil {
		t.Fatal(err)
	}
	secure.Fail(fakehub.On{}, 1, fakehub.RedirectTo(plainServer.URL+exportPath))
	_, _, err := analytics(t.Context(), c(trusting), hub.Validators{})
	wantError(t, err, hub.KindMalformed, "expected a redirect to an https URL", plainServer.URL)
	equal(t, "requests in the clear", len(plain.Requests()), 0)

	// A certificate that is not trusted is not asked for again.
	secure.ForgetRequests()
	_, _, err = analytics(t.Context(), c(hub.NewTransport(hub.Timeouts{})), hub.Validators{})
	wantError(t, err, hub.KindNetwork, "certificate")
	equal(t, "requests", len(secure.Requests()), 0)
}

// Over HTTP/2, which the Hub speaks, the same breaks have the same names.
func TestHTTP2(t *testing.T) {
	fake := fakehub.New(fakehub.Options{Validators: fakehub.ETag})
	fake.AddOrg("acme", fakehub.Team)
	fake.AddToken(secret, "acme")
	m := fake.AddRepo(history.Model, "acme/m")
	for d := range history.Day(20_000) {
		m.SetDay(d, 1)
	}
	var proto atomic.Value
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proto.Store(r.Proto)
		fake.ServeHTTP(w, r)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	endpoint, err := hub.ParseEndpoint(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	token, err := hub.NewToken(secret, "the test")
	if err != nil {
		t.Fatal(err)
	}
	client := func(timeouts hub.Timeouts) *hub.Client {
		transport := hub.NewTransport(timeouts)
		transport.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
		c := hub.New(hub.Options{
			Endpoint: endpoint, Token: hub.StaticToken(token), Transport: transport, Timeouts: timeouts, MaxTries: 1,
		})
		t.Cleanup(c.CloseIdleConnections)
		return c
	}
	c := client(hub.Timeouts{})
	// Where a timeout is wanted it may as well come early: what stalls, stalls.
	hasty := client(hub.Timeouts{Headers: 100 * time.Millisecond, Idle: 100 * time.Millisecond})

	f := func(c *hub.Client, fault fakehub.Fault, kind hub.Kind) {
		t.Helper()
		fake.Fail(fakehub.On{}, 1, fault)
		_, _, err := analytics(t.Context(), c, hub.Validators{})
		wantError(t, err, kind)
	}
	f(c, fakehub.Truncated(700_000), hub.KindNetwork)
	f(c, fakehub.Reset(-1), hub.KindNetwork)
	f(hasty, fakehub.StallBody(700_000), hub.KindTimeout)
	f(hasty, fakehub.StallHeaders(), hub.KindTimeout)
	f(c, fakehub.HalfGzip(), hub.KindMalformed)

	records, known, err := analytics(t.Context(), c, hub.Validators{})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "records", len(records), 20_000)
	equal(t, "protocol", proto.Load(), "HTTP/2.0")
	if _, _, err := analytics(t.Context(), c, known); !errors.Is(err, hub.ErrNotModified) {
		t.Errorf("expected ErrNotModified, got %v", err)
	}
}
