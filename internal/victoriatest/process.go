// Package victoriatest starts VictoriaMetrics for tests, a single node or a cluster, on
// free ports of this machine.
package victoriatest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait: for what should come at once, on a busy machine.
const patience = 2 * time.Minute

// Node is a process of VictoriaMetrics.
type Node struct {
	// URL is where it answers HTTP.
	URL string

	program string
	args    []string
	ports   []string // other than that of the URL
	env     []string
	cmd     *exec.Cmd
	log     *log
	ended   chan struct{}
}

// log is what a process writes while it is read.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Program returns the path of a program: in PATH, or where make puts those that it
// builds. Without it the test is skipped, unless the variable REQUIRE_VICTORIA_METRICS
// is set, which makes it fail.
func Program(t testing.TB, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	return tool(t, name)
}

// tool returns the path of a program that make built.
func tool(t testing.TB, name string) string {
	t.Helper()
	err := exec.ErrNotFound
	dir, wdErr := os.Getwd()
	for wdErr == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			if path, err := exec.LookPath(filepath.Join(dir, "bin", "tools", name)); err == nil {
				return path
			}
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	if os.Getenv("REQUIRE_VICTORIA_METRICS") != "" {
		t.Fatalf("expected the program %s: %v", name, err)
	}
	t.Skipf("the program %s is not installed", name)
	return ""
}

// Log returns what the process wrote since it was started last.
func (n *Node) Log() string { return n.log.String() }

// freeAddresses returns n different addresses of this machine that nobody listens on.
func freeAddresses(n int) ([]string, error) {
	var out []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		out = append(out, l.Addr().String())
	}
	return out, nil
}

// Start starts the process, again if it was killed, and waits until it answers.
func (n *Node) Start() error {
	n.cmd = exec.Command(n.program, n.args...)
	n.cmd.Env = append(os.Environ(), n.env...)
	n.log = new(log)
	n.cmd.Stdout, n.cmd.Stderr = n.log, n.log
	if err := n.cmd.Start(); err != nil {
		return err
	}
	cmd, ended := n.cmd, make(chan struct{})
	n.ended = ended
	go func() {
		_ = cmd.Wait() // how it ended shows in the log
		close(ended)
	}()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		select {
		case <-ended:
			return fmt.Errorf("%s ended:\n%s", filepath.Base(n.program), n.log)
		default:
		}
		if _, err := get(context.Background(), n.URL+"/health"); err == nil && n.listens() {
			return nil
		}
	}
	return fmt.Errorf("%s does not answer:\n%s", filepath.Base(n.program), n.log)
}

// listens reports whether the node can be reached at its other ports.
func (n *Node) listens() bool {
	for _, address := range n.ports {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return false
		}
		c.Close()
	}
	return true
}

// Runs reports whether the process runs.
func (n *Node) Runs() bool {
	select {
	case <-n.ended:
		return false
	default:
		return true
	}
}

// Stop ends the process as an operator does: what it took is on disk then.
func (n *Node) Stop() {
	_ = n.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	<-n.ended
}

// Kill ends the process as kill -9 does: what it took in the last seconds is lost.
func (n *Node) Kill() {
	if n.ended == nil {
		return
	}
	_ = n.cmd.Process.Kill() // it may have ended
	<-n.ended
}

// get returns the body of an answer of status 200.
func get(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	return do(req)
}

func post(ctx context.Context, url, body string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	_, err = do(req)
	return err
}

func do(req *http.Request) (string, error) {
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode/100 != 2 {
		return "", errors.New(resp.Status + ": " + strings.TrimSpace(string(b)))
	}
	return string(b), nil
}

// NewSingle starts a single node that keeps its data in dir and samples of any age. Who
// calls it kills it.
func NewSingle(t testing.TB, dir string) (*Node, error) {
	t.Helper()
	return newSingle(Program(t, "victoria-metrics"), dir)
}

// NewForgetful is NewSingle that drops samples which are older than a year.
func NewForgetful(t testing.TB, dir string) (*Node, error) {
	t.Helper()
	return newSingle(Program(t, "victoria-metrics"), dir, "-retentionPeriod=1y")
}

// NewNewSingle is NewSingle of a version newer than Debian's, without an index by day.
func NewNewSingle(t testing.TB, dir string) (*Node, error) {
	t.Helper()
	return newSingle(tool(t, "victoria-metrics"), dir, "-disablePerDayIndex")
}

func newSingle(path, dir string, args ...string) (*Node, error) {
	addresses, err := freeAddresses(1)
	if err != nil {
		return nil, err
	}
	address := addresses[0]
	n := &Node{URL: "http://" + address, program: path, args: append([]string{
		"-storageDataPath=" + dir, "-httpListenAddr=" + address,
		"-retentionPeriod=100y", "-search.latencyOffset=0s", "-search.disableCache", "-memory.allowedBytes=512MB",
	}, args...)}
	if err := n.Start(); err != nil {
		n.Kill()
		return nil, err
	}
	return n, nil
}

// URL returns a URL that is known to be one.
func URL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}
