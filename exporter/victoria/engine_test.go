package victoria_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/common/config"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/victoria"
)

// engine is a VictoriaMetrics that the tests of this package share; each of them has
// histories of its own in it.
type engine struct {
	url *url.URL
	err error
}

var (
	started   sync.Once
	shared    engine
	histories atomic.Int64
	stopped   = func() {}
)

func TestMain(m *testing.M) {
	code := m.Run()
	stopped()
	os.Exit(code)
}

// theEngine returns the shared engine, which it starts if need be. Without the
// program the test is skipped, unless REQUIRE_VICTORIA_METRICS is set.
func theEngine(t *testing.T) *url.URL {
	t.Helper()
	program, err := exec.LookPath("victoria-metrics")
	if err != nil {
		if os.Getenv("REQUIRE_VICTORIA_METRICS") != "" {
			t.Fatalf("expected the program victoria-metrics: %v", err)
		}
		t.Skip("the program victoria-metrics is not installed")
	}
	started.Do(func() { shared.start(program) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.url
}

// start starts the engine on a free port and waits until it answers.
func (e *engine) start(program string) {
	dir, err := os.MkdirTemp("", "victoria")
	if err != nil {
		e.err = err
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		e.err = err
		return
	}
	address := l.Addr().String()
	l.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "-storageDataPath="+dir, "-httpListenAddr="+address,
		"-retentionPeriod=100y", "-search.latencyOffset=0s", "-search.disableCache", "-memory.allowedBytes=512MB")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if e.err = cmd.Start(); e.err != nil {
		cancel()
		return
	}
	stopped = func() {
		cancel()
		_ = cmd.Wait() // killed
		os.RemoveAll(dir)
	}
	e.url = &url.URL{Scheme: "http", Host: address}
	for range 300 {
		resp, err := http.Get(e.url.String() + "/health")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	e.err = fmt.Errorf("VictoriaMetrics did not answer within 30 seconds")
}

// optionsFor returns how to reach a history of its own.
func optionsFor(u *url.URL) victoria.Options {
	return victoria.Options{
		InsertURL: u, SelectURL: u, FlushURL: u.JoinPath("/internal/force_flush"),
		History: fmt.Sprintf("history %d", histories.Add(1)),
		HTTP:    config.DefaultHTTPClientConfig,
	}
}

// open returns a store of an empty history.
func open(t *testing.T) *victoria.Store {
	t.Helper()
	return reopen(t, optionsFor(theEngine(t)))
}

// reopen returns a store of a history that others may know.
func reopen(t *testing.T, o victoria.Options) *victoria.Store {
	t.Helper()
	s, err := victoria.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}
