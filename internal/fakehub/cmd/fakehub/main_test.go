package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
)

// output is a bytes.Buffer for several goroutines.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// What the program prints is enough to read all it has with the client.
func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var out output
	ended := make(chan error)
	go func() {
		ended <- run(ctx, flags{
			listen: "127.0.0.1:0", orgs: []string{"one", "two"}, repos: 12, days: 20, seed: 3, token: "hf_x", tick: time.Millisecond,
		}, &out)
	}()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	var base string
	for base == "" {
		if m := regexp.MustCompile(`HF_ENDPOINT=(\S+) HF_TOKEN=hf_x\n`).FindStringSubmatch(out.String()); m != nil {
			base = m[1]
		}
		time.Sleep(time.Millisecond)
	}
	endpoint, err := hub.ParseEndpoint(base)
	if err != nil {
		t.Fatal(err)
	}
	token, err := hub.NewToken("hf_x", "the test")
	if err != nil {
		t.Fatal(err)
	}
	c := hub.New(hub.Options{Endpoint: endpoint, Token: hub.StaticToken(token)})
	defer c.CloseIdleConnections()
	for _, org := range []string{"one", "two"} {
		a, err := c.PublisherAnalytics(t.Context(), org, hub.Validators{})
		if err != nil {
			t.Fatal(err)
		}
		records, err := history.Collect(a.Rows(history.Version{Source: history.Published, AsOf: 1}, history.MaxDay))
		if err != nil || len(records) < 12 {
			t.Errorf("expected the records of %s, got %d and %v", org, len(records), err)
		}
		listed := 0
		for _, repoType := range []history.RepoType{history.Model, history.Dataset} {
			for _, err := range c.List(t.Context(), repoType, org) {
				if err != nil {
					t.Fatal(err)
				}
				listed++
			}
		}
		if listed != 12 {
			t.Errorf("expected 12 repositories of %s, got %d", org, listed)
		}
	}
	for !strings.Contains(out.String(), "It is 2") {
		time.Sleep(time.Millisecond)
	}
	resp, err := http.Get(base + "/nothing")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	for !strings.Contains(out.String(), "404 GET /nothing") {
		time.Sleep(time.Millisecond)
	}
}
