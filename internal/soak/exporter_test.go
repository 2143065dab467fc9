package soak

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// exporter is a running serve.
type exporter struct {
	*testing.T
	cmd *exec.Cmd
	url string
	log *logBuffer
	// client keeps its connections for itself.
	client *http.Client
	ended  chan struct{}
}

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

// start starts serve on a free port. It is killed at the end of the test if it
// still runs.
func start(t *testing.T, args ...string) *exporter {
	t.Helper()
	return startBy(t, nil, args...)
}

// startBy starts serve by another program, which becomes it.
func startBy(t *testing.T, by []string, args ...string) *exporter {
	t.Helper()
	e := &exporter{T: t, log: new(logBuffer), client: &http.Client{Transport: &http.Transport{}}, ended: make(chan struct{})}
	e.cmd = command(by, append([]string{"serve", "--web.listen-address=127.0.0.1:0"}, args...)...)
	e.cmd.Stderr = e.log
	if err := e.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = e.cmd.Wait()
		close(e.ended)
	}()
	t.Cleanup(e.kill)
	return e
}

// kill sends SIGKILL and waits for the end.
func (e *exporter) kill() {
	_ = e.cmd.Process.Kill()
	<-e.ended
	e.client.CloseIdleConnections()
}

// stop sends SIGTERM and expects that it ends well.
func (e *exporter) stop() {
	e.Helper()
	_ = e.cmd.Process.Signal(syscall.SIGTERM)
	<-e.ended
	if code := e.cmd.ProcessState.ExitCode(); code != 0 {
		e.Errorf("exit %d\n%s", code, e.log)
	}
	e.client.CloseIdleConnections()
}

var listening = regexp.MustCompile(`msg="Listening on" address=(\S+)`)

// listens waits until it listens.
func (e *exporter) listens() {
	e.Helper()
	waitFor(e.T, "serve to listen", e.log, func() bool {
		select {
		case <-e.ended:
			e.Fatalf("serve ended: %s\n%s", e.cmd.ProcessState, e.log)
		default:
		}
		m := listening.FindStringSubmatch(e.log.String())
		if m != nil {
			e.url = "http://" + m[1]
		}
		return m != nil
	})
}

// ready starts serve and waits until it is ready.
func ready(t *testing.T, args ...string) *exporter {
	t.Helper()
	e := start(t, args...)
	e.listens()
	waitFor(t, "/-/ready to answer 200", e.log, func() bool {
		code, _, err := e.ask(http.MethodGet, "/-/ready")
		return err == nil && code == http.StatusOK
	})
	return e
}

func (e *exporter) ask(method, path string) (code int, body string, err error) {
	req, err := http.NewRequestWithContext(context.Background(), method, e.url+path, nil)
	if err != nil {
		return 0, "", err
	}
	resp, err := e.client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

// get asks and expects 200.
func (e *exporter) get(path string) string {
	e.Helper()
	code, body, err := e.ask(http.MethodGet, path)
	if err != nil || code != http.StatusOK {
		e.Fatalf("GET %s: %d, %v\n%s\n%s", path, code, err, body, e.log)
	}
	return body
}

// reload has the configuration read again.
func (e *exporter) reload() (code int, body string) {
	e.Helper()
	code, body, err := e.ask(http.MethodPost, "/-/reload")
	if err != nil {
		e.Fatalf("reload: %v\n%s", err, e.log)
	}
	return code, body
}

// series returns the values on a metrics page.
func series(page string) map[string]float64 {
	out := make(map[string]float64)
	for line := range strings.Lines(page) {
		i := strings.LastIndexByte(line, ' ')
		if i < 0 || line[0] == '#' {
			continue
		}
		if v, err := strconv.ParseFloat(strings.TrimSpace(line[i+1:]), 64); err == nil {
			out[line[:i]] = v
		}
	}
	return out
}

// metric returns a value of the metrics page as it is now, -1 if it is not there.
func (e *exporter) metric(name string) float64 {
	e.Helper()
	if v, ok := series(e.get("/metrics"))[name]; ok {
		return v
	}
	return -1
}

// command is the program, run by another one unless by is nil.
func command(by []string, args ...string) *exec.Cmd {
	all := slices.Concat(by, []string{program}, args)
	cmd := exec.Command(all[0], all[1:]...)
	// By default the race detector waits a second before it lets a process end.
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=10 "+os.Getenv("GORACE"))
	return cmd
}

// run runs another command of the program to its end.
func run(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := command(nil, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run()
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// temporaries and segments count the files of a store that are being written, and
// those that count.
func storeFiles(dir string) (temporaries, segments int) {
	for _, sub := range []string{"records", "readings"} {
		entries, _ := os.ReadDir(filepath.Join(dir, sub))
		for _, f := range entries {
			if strings.HasPrefix(f.Name(), ".") {
				temporaries++
			} else {
				segments++
			}
		}
	}
	return temporaries, segments
}
