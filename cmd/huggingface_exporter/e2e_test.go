package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/huggingface-exporter/huggingface_exporter/internal/victoriatest"
)

// These tests run the program itself, as a user does. It is built once, with the
// race detector if the tests are.

var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	// Most tests wait for their processes most of the time.
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "huggingface_exporter")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, progName)
		build := exec.Command("go", "build", fmt.Sprintf("-race=%v", raceDetector), "-o", binary, ".")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building the program: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// patience bounds every wait: for what should come at once, on a busy machine.
const patience = 3 * time.Minute

// runner runs the program in a folder of its own.
type runner struct {
	*testing.T
	dir      string
	env      []string      // of commands, besides that of the tests
	patience time.Duration // with a command
	engine   *victoriatest.Node
}

func newRunner(t *testing.T) *runner {
	t.Helper()
	return &runner{T: t, dir: t.TempDir(), patience: patience}
}

func (r *runner) path(name string) string { return filepath.Join(r.dir, name) }

func (r *runner) command(args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(r.Context(), r.patience)
	r.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = r.dir
	// By default the race detector waits a second before it lets a process end.
	cmd.Env = append(append(os.Environ(), "GORACE=atexit_sleep_ms=10 "+os.Getenv("GORACE")), r.env...)
	return cmd
}

// run runs the program to its end.
func (r *runner) run(stdin io.Reader, args ...string) (stdout, stderr string, code int) {
	r.Helper()
	cmd := r.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.Fatalf("%q: %v", args, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// ok runs the program, which has to succeed, and returns its output.
func (r *runner) ok(args ...string) string {
	r.Helper()
	stdout, stderr, code := r.run(nil, args...)
	if code != 0 {
		r.Fatalf("%q: exit %d\n%s", args, code, stderr)
	}
	return stdout
}

// refused runs the program, which has to fail and to say so.
func (r *runner) refused(stdin io.Reader, want []string, args ...string) {
	r.Helper()
	stdout, stderr, code := r.run(stdin, args...)
	if code != 1 || stdout != "" {
		r.Errorf("%q: exit %d, output %q; want 1 and none\n%s", args, code, stdout, stderr)
	}
	for _, w := range want {
		if !strings.Contains(stderr, w) {
			r.Errorf("%q: the error is\n%s\nwant\n%s", args, stderr, w)
		}
	}
}

// write makes a file that is so many minutes old.
func (r *runner) write(name, text string, minutes int) string {
	r.Helper()
	full := r.path(name)
	if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
		r.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o666); err != nil {
		r.Fatal(err)
	}
	old := time.Now().Add(-time.Duration(minutes) * time.Minute)
	if err := os.Chtimes(full, old, old); err != nil {
		r.Fatal(err)
	}
	return full
}

func (r *runner) read(name string) string {
	r.Helper()
	b, err := os.ReadFile(r.path(name))
	if err != nil {
		r.Fatal(err)
	}
	return string(b)
}

// snapshot returns names and content of all files below a folder.
func (r *runner) snapshot(name string) map[string]string {
	r.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(r.path(name), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			files[path] = "folder"
			return err
		}
		b, err := os.ReadFile(path)
		files[path] = string(b)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.Fatal(err)
	}
	return files
}

// service is a running serve.
type service struct {
	*runner
	cmd *exec.Cmd
	url string
	log *logBuffer
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

var listening = regexp.MustCompile(`msg="Listening on" address=(\S+)`)

// serve starts serve on a free port and waits until it listens. It is killed at
// the end of the test.
func (r *runner) serve(args ...string) *service {
	r.Helper()
	s := &service{runner: r, log: new(logBuffer)}
	s.cmd = r.command(append([]string{"serve", "--web.listen-address=127.0.0.1:0"}, args...)...)
	s.cmd.Stderr = s.log
	if err := s.cmd.Start(); err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			s.cmd.Process.Kill()
			s.cmd.Wait()
		}
	})
	r.wait("serve to listen", func() bool {
		m := listening.FindStringSubmatch(s.log.String())
		if m != nil {
			s.url = "http://" + m[1]
		}
		return m != nil
	}, s.log)
	return s
}

// ready starts serve and waits until it is ready.
func (r *runner) ready(args ...string) *service {
	r.Helper()
	s := r.serve(args...)
	s.until("/-/ready answers 200", func() bool { code, _ := s.get("/-/ready"); return code == http.StatusOK })
	return s
}

// wait waits until done reports true.
func (r *runner) wait(what string, done func() bool, log fmt.Stringer) {
	r.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(30 * time.Millisecond) {
		if time.Now().After(end) {
			r.Fatalf("waited in vain for: %s\n%s", what, log)
		}
	}
}

func (s *service) until(what string, done func() bool) {
	s.Helper()
	s.wait(what, done, s.log)
}

func (s *service) do(method, path string) (code int, body string) {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), method, s.url+path, nil)
	if err != nil {
		s.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.Fatalf("%s %s: %v\n%s", method, path, err, s.log)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.Fatalf("%s %s: %v\n%s", method, path, err, s.log)
	}
	return resp.StatusCode, string(b)
}

func (s *service) get(path string) (code int, body string) {
	s.Helper()
	return s.do(http.MethodGet, path)
}

// metric returns the value of a series of /metrics, "" if it is not there.
func (s *service) metric(series string) string {
	s.Helper()
	code, body := s.get("/metrics")
	if code != http.StatusOK {
		s.Fatalf("/metrics: %d\n%s", code, body)
	}
	for line := range strings.Lines(body) {
		if v, ok := strings.CutPrefix(line, series+" "); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// expectMetric checks the value of a series.
func (s *service) expectMetric(series, want string) {
	s.Helper()
	if got := s.metric(series); got != want {
		s.Errorf("%s is %q, want %q", series, got, want)
	}
}

// untilMetric waits until a series has that value.
func (s *service) untilMetric(series, want string) {
	s.Helper()
	s.until(series+" "+want, func() bool { return s.metric(series) == want })
}

// stop sends SIGTERM and returns the exit code.
func (s *service) stop() int {
	s.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.Fatal(err)
	}
	_ = s.cmd.Wait()
	return s.cmd.ProcessState.ExitCode()
}

// header is the first line of an export.
const header = "repoType,repoName,total,timestamp,downloads\n"

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstded(t *testing.T, text string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(w.EncodeAll([]byte(text), nil))
}
