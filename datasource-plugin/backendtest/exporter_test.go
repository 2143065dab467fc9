package backendtest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// exporter is a running exporter over a store of its own.
type exporter struct {
	cmd *exec.Cmd
	url string
	log *logBuffer
}

// logBuffer is a log that can be read while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  strings.Builder
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

// runExporter runs a command of the exporter to its end and returns its output.
func runExporter(t testing.TB, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, exporterProgram, args...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("huggingface_exporter %q: %v\n%s", args, err, &errs)
	}
	return out
}

// smallHistory fills a store with the files in testdata: a day and the total of one
// repository were larger when the Hub told of them first.
func smallHistory(t testing.TB) (store string) {
	t.Helper()
	store = t.TempDir()
	runExporter(t, "import", "--storage.path="+store, "--as-of=2021-11-28T06:00:00Z", "testdata/before-correction.csv")
	// The second export confirms the fall.
	runExporter(t, "import", "--storage.path="+store, "--as-of=2021-11-29T06:00:00Z", "testdata/history.csv")
	runExporter(t, "import", "--storage.path="+store, "--as-of=2021-11-30T06:00:00Z", "testdata/history.csv")
	return store
}

// generated fills a store with a synthetic export.
func generated(t testing.TB, repos, days int) (store string) {
	t.Helper()
	store = t.TempDir()
	file := filepath.Join(t.TempDir(), "export.csv")
	csv := runExporter(t, "generate", fmt.Sprintf("--repos=%d", repos), fmt.Sprintf("--days=%d", days))
	if err := os.WriteFile(file, csv, 0o600); err != nil {
		t.Fatal(err)
	}
	runExporter(t, "import", "--storage.path="+store, file)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	return store
}

// serve serves a store on a free port and waits until it is ready.
func serve(t testing.TB, store string, args ...string) *exporter {
	t.Helper()
	e := &exporter{log: new(logBuffer)}
	e.cmd = exec.Command(exporterProgram, append([]string{"serve", "--web.listen-address=127.0.0.1:0", "--storage.path=" + store}, args...)...)
	e.cmd.Stderr = e.log
	if err := e.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.kill)
	until(t, "the exporter is ready", e.log, func() bool {
		if e.url == "" {
			if m := listening.FindStringSubmatch(e.log.String()); m != nil {
				e.url = "http://" + m[1]
			}
			return false
		}
		resp, err := http.Get(e.url + "/-/ready")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return e
}

// kill ends the exporter at once, as a machine that fails does.
func (e *exporter) kill() {
	if e.cmd.ProcessState == nil {
		e.cmd.Process.Kill()
		e.cmd.Wait()
	}
}

// get returns the answer of a route, which has to be one.
func (e *exporter) get(t testing.TB, path string) string {
	t.Helper()
	resp, err := http.Get(e.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d, %v", path, resp.StatusCode, err)
	}
	return string(b)
}

// until waits until done reports true.
func until(t testing.TB, what string, log fmt.Stringer, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for: %s\n%s", what, log)
		}
	}
}
