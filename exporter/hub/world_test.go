package hub_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

const secret = "hf_SecretSecretSecretSecretSecret"

// world is a fake Hub at http://hub.test with one organization, "acme", whose
// member has the token secret, and what a client of it told.
type world struct {
	*fakehub.Hub
	t    *testing.T
	net  *fakehub.Network
	http *http.Transport
	log  bytes.Buffer
	slog *slog.Logger

	mu       sync.Mutex
	requests []hub.RequestDone
	limits   []hub.RateLimit
}

// run calls f in a bubble of its own, where time passes only when all wait.
func run(t *testing.T, o fakehub.Options, f func(w *world)) {
	t.Helper()
	t.Log("case") // shown if it fails, with the line of the case
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, Hub: fakehub.New(o), net: fakehub.NewNetwork()}
		w.slog = slog.New(slog.NewTextHandler(&w.log, nil))
		w.AddOrg("acme", fakehub.Team)
		w.AddToken(secret, "acme")
		w.net.Serve("hub.test:80", w.Hub)
		w.http = hub.NewTransport(hub.Timeouts{})
		w.http.DialContext = w.net.DialContext
		w.http.Proxy = nil
		defer func() {
			w.http.CloseIdleConnections()
			w.net.Close()
			synctest.Wait()
		}()
		f(w)
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("the log holds the token:\n%s", &w.log)
		}
	})
}

// options are those of a client with the token.
func (w *world) options() hub.Options {
	endpoint, err := hub.ParseEndpoint("http://hub.test")
	if err != nil {
		w.t.Fatal(err)
	}
	token, err := hub.NewToken(secret, "the test")
	if err != nil {
		w.t.Fatal(err)
	}
	return hub.Options{
		Endpoint:  endpoint,
		Token:     hub.StaticToken(token),
		Transport: w.http,
		Logger:    w.slog,
		Hooks: hub.Hooks{
			Request: func(r hub.RequestDone) {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.requests = append(w.requests, r)
			},
			RateLimit: func(l hub.RateLimit) {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.limits = append(w.limits, l)
			},
		},
	}
}

func (w *world) client() *hub.Client { return hub.New(w.options()) }

var version = history.Version{Source: history.Published, AsOf: 1}

// lastDay is the last day that a record may have.
const lastDay history.Day = 20819 // 2027-01-01

// analytics reads an export.
func analytics(ctx context.Context, c *hub.Client, known hub.Validators) ([]history.Record, hub.Validators, error) {
	a, err := c.PublisherAnalytics(ctx, "acme", known)
	if err != nil {
		return nil, hub.Validators{}, err
	}
	records, err := history.Collect(a.Rows(version, lastDay))
	return records, a.Validators, err
}

// list reads a listing.
func list(ctx context.Context, c *hub.Client, t history.RepoType, org string) ([]hub.Listing, error) {
	var all []hub.Listing
	for l, err := range c.List(ctx, t, org) {
		if err != nil {
			return all, err
		}
		all = append(all, l)
	}
	return all, nil
}

// names returns the names of repositories, in a line.
func names(all []hub.Listing) string {
	var b strings.Builder
	for _, l := range all {
		fmt.Fprintf(&b, "%s ", l.Repo.Name)
	}
	return strings.TrimSpace(b.String())
}

// day returns a day of 2026-01.
func day(n int) history.Day {
	d, err := history.ParseDay(fmt.Sprintf("2026-01-%02d", n))
	if err != nil {
		panic(err)
	}
	return d
}

// wantError checks the kind of an error, that it holds the texts, and that it
// does not hold the token.
func wantError(t *testing.T, err error, kind hub.Kind, texts ...string) {
	t.Helper()
	var e *hub.Error
	if !errors.As(err, &e) || e.Kind != kind || hub.KindOf(err) != kind {
		t.Fatalf("expected an *Error of kind %s, got %v", kind, err)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("expected the error to say %q, got %q", text, err)
		}
	}
	for ; err != nil; err = errors.Unwrap(err) {
		if s := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(s, secret) {
			t.Errorf("the error holds the token: %s", s)
		}
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}
