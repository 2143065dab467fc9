package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/engine"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/exposition"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync"
)

// logBuffer is a log that can be read while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// running is a Server that runs, with its files in a directory of its own.
type running struct {
	*testing.T
	dir  string
	url  string
	log  logBuffer
	stop func() error
}

func (r *running) write(name, text string) {
	r.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
		r.Fatal(err)
	}
}

// run runs a server of a configuration until the end of the test.
func run(t *testing.T, text string) *running { return runWith(t, text, 0) }

// runWith runs a server that looks so often whether its configuration has changed.
func runWith(t *testing.T, text string, autoReload time.Duration) *running {
	t.Helper()
	r := &running{T: t, dir: t.TempDir()}
	r.write("c.yaml", text)
	log := slog.New(slog.NewTextHandler(&r.log, nil))
	s, err := New(Options{
		ConfigFile: filepath.Join(r.dir, "c.yaml"), AutoReload: autoReload,
		Load: func() (*config.Config, error) {
			return config.Load(filepath.Join(r.dir, "c.yaml"), exposition.Families()...)
		},
		Engine: engine.Options{Path: filepath.Join(r.dir, "data"), Logger: log},
		Shard:  hubsync.Shard{Count: 1},
		Log:    log,
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.url = "http://" + l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, func(h *http.Server) error { return h.Serve(l) }) }()
	r.stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { _ = r.stop() })
	return r
}

func (r *running) do(method, path string) (code int, body string) {
	r.Helper()
	req, err := http.NewRequest(method, r.url+path, nil)
	if err != nil {
		r.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// until waits until the answer of a path contains a text.
func (r *running) until(path, want string) {
	r.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		_, body := r.do(http.MethodGet, path)
		if strings.Contains(body, want) {
			return
		}
		if time.Now().After(end) {
			r.Fatalf("%s: waited in vain for %q, got\n%s\n%s", path, want, body, r.log.String())
		}
	}
}

// A configuration that changes while the server runs is applied as a whole, and files are
// imported as they appear.
func TestRunFollowsConfigurationAndFiles(t *testing.T) {
	t.Parallel()
	r := run(t, "files: ['*.csv']")
	r.until("/-/ready", "is ready")
	r.until("/metrics", "\nhuggingface_exporter_store_repos 0\n")
	r.write("a.csv", header+"model,o/a,9,2024-01-01,1\n")
	const series = `huggingface_repo_downloads_total{repo_type="model",org="o",repo="o/a"} 9`
	r.until("/metrics", "\n"+series+"\n")

	reload := func(wantCode int, want, text string) {
		t.Helper()
		r.write("c.yaml", text)
		if code, body := r.do(http.MethodPost, "/-/reload"); code != wantCode || !strings.Contains(body, want) {
			t.Errorf("%s: got %d\n%s\nwant %d, %q", text, code, body, wantCode, want)
		}
	}
	reload(500, "c.yaml:1: metrics.max_repos", "metrics: {max_repos: 0}")
	r.until("/metrics", "\nhuggingface_exporter_config_last_reload_successful 0\n")
	r.until("/metrics", "\n"+series+"\n")
	reload(500, "none.pem", "{metrics: {exclude: ['o/a']}, push: {url: 'http://127.0.0.1:1', tls: {ca_file: none.pem}}}")
	r.until("/metrics", "\n"+series+"\n")
	reload(200, "was reloaded", "metrics: {exclude: ['o/a']}")
	if _, body := r.do(http.MethodGet, "/metrics"); strings.Contains(body, series) || !strings.Contains(body, "\nhuggingface_exporter_config_last_reload_successful 1\n") {
		t.Errorf("after a reload:\n%s", body)
	}
	if err := r.stop(); err != nil {
		t.Errorf("it stopped with %v", err)
	}
}

// A ConfigMap is another folder each time, which a link is moved to.
func TestRunReloadsItself(t *testing.T) {
	t.Parallel()
	r := runWith(t, "files: ['*.csv']", 20*time.Millisecond)
	r.write("a.csv", header+"model,o/a,9,2024-01-01,1\n")
	r.until("/metrics", `repo="o/a"} 9`+"\n")
	mount := func(name, text string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(r.dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		r.write(name+"/c.yaml", text)
		if err := os.Symlink(filepath.Join(name, "c.yaml"), filepath.Join(r.dir, "new")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(r.dir, "new"), filepath.Join(r.dir, "c.yaml")); err != nil {
			t.Fatal(err)
		}
	}
	mount("1", "metrics: {exclude: ['o/a']}")
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if _, body := r.do(http.MethodGet, "/metrics"); !strings.Contains(body, `repo="o/a"`) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the new configuration is not in use\n%s", r.log.String())
		}
	}
	// It tries a faulty one again, and a file that is gone is an error said once.
	mount("2", "push: {url: 'http://127.0.0.1:1', tls_config: {ca_file: "+filepath.Join(r.dir, "ca.pem")+"}}")
	r.until("/metrics", "\nhuggingface_exporter_config_last_reload_successful 0\n")
	mount("3", "metrics: {max_repos: 0}")
	for strings.Count(r.log.String(), "metrics.max_repos") < 2 {
		time.Sleep(10 * time.Millisecond)
	}
	if err := os.Remove(filepath.Join(r.dir, "c.yaml")); err != nil {
		t.Fatal(err)
	}
	for !strings.Contains(r.log.String(), "Cannot look whether the configuration file has changed") {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond)
	mount("4", "metrics: {max_repos: 5}")
	r.until("/metrics", "\nhuggingface_exporter_config_last_reload_successful 1\n")
	reloads := strings.Count(r.log.String(), "The configuration was reloaded")
	time.Sleep(100 * time.Millisecond)
	if n := strings.Count(r.log.String(), "The configuration was reloaded"); n != reloads {
		t.Errorf("a file that stays is reloaded: %d times, then %d\n%s", reloads, n, r.log.String())
	}
	if n := strings.Count(r.log.String(), "Cannot look whether"); n != 1 {
		t.Errorf("the missing file is logged %d times\n%s", n, r.log.String())
	}
	if err := r.stop(); err != nil {
		t.Errorf("it stopped with %v", err)
	}
}

// Without its storage the server is up and says what it waits for, and ends when it is to.
func TestRunWithoutItsStorage(t *testing.T) {
	t.Parallel()
	r := run(t, "storage: {engine: victoriametrics, victoriametrics: {insert_url: 'http://127.0.0.1:1', retry_for: 1s}}")
	r.until("/-/ready", "the storage does not respond")
	r.until("/metrics", "\nhuggingface_exporter_store_up 0\n")
	r.until("/api/v1/status", "is being loaded")
	if err := r.stop(); err != nil {
		t.Errorf("it stopped with %v", err)
	}
	if n := strings.Count(r.log.String(), "The storage does not respond"); n != 1 {
		t.Errorf("logged %d times, want once\n%s", n, r.log.String())
	}
}

func TestRunEndsWithTheErrorOfTheListener(t *testing.T) {
	s := newTestServer(t, false)
	s.Engine.Path = t.TempDir()
	taken := errors.New("address already in use")
	err := s.Run(t.Context(), func(*http.Server) error { return taken })
	if !errors.Is(err, taken) || !strings.Contains(err.Error(), "doctor") {
		t.Errorf("got %v", err)
	}
}

// A store that is emptied below a running server is whole again, and one that another folder
// takes the place of makes the server not ready until it is back. Both are logged and counted.
func TestRunWithAStoreThatGoesBack(t *testing.T) {
	t.Parallel()
	r := run(t, "files: ['*.csv']")
	r.until("/-/ready", "is ready")
	r.write("a.csv", header+"model,o/a,9,2024-01-01,1\n")
	const series = "\nhuggingface_repo_downloads_total{repo_type=\"model\",org=\"o\",repo=\"o/a\"} 9\n"
	r.until("/metrics", series)
	data := filepath.Join(r.dir, "data")
	for _, sub := range []string{"records", "readings"} {
		if err := os.RemoveAll(filepath.Join(data, sub)); err != nil {
			t.Fatal(err)
		}
	}
	r.until("/metrics", "\nhuggingface_exporter_store_setbacks_total 1\n")
	r.until("/-/ready", "is ready")
	if files, _ := filepath.Glob(data + "/*/*.parquet"); len(files) != 2 {
		t.Errorf("expected the records and readings to be written back, got %q", files)
	}

	if err := errors.Join(os.Rename(data, data+".away"), os.Mkdir(data, 0o777)); err != nil {
		t.Fatal(err)
	}
	r.until("/-/ready", "is not the folder that was opened")
	r.until("/metrics", "\nhuggingface_exporter_store_complete 0\n")
	r.until("/metrics", series)
	if code, _ := r.do(http.MethodGet, "/-/ready"); code != http.StatusServiceUnavailable {
		t.Errorf("ready: got %d", code)
	}
	if entries, err := os.ReadDir(data); err != nil || len(entries) > 0 {
		t.Errorf("expected nothing to be written to another folder, got %q, %v", entries, err)
	}
	if err := errors.Join(os.Remove(data), os.Rename(data+".away", data)); err != nil {
		t.Fatal(err)
	}
	r.until("/-/ready", "is ready")
	r.until("/metrics", "\nhuggingface_exporter_store_complete 1\n")
	if err := r.stop(); err != nil {
		t.Errorf("it stopped with %v", err)
	}
	for _, want := range []string{"The store went back", "was written back", "cannot be written back", "has again what was missing"} {
		if !strings.Contains(r.log.String(), want) {
			t.Errorf("expected %q in the log\n%s", want, r.log.String())
		}
	}
}
