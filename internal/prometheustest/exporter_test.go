package prometheustest

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary builds the exporter once for all tests, without cgo as releases are.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "huggingface_exporter")
	build := exec.Command("go", "build", "-o", path, "../../cmd/huggingface_exporter")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the exporter: %w\n%s", err, out)
	}
	return path, nil
})

// scratch is a directory for what all tests share.
var scratch string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "prometheustest-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	scratch = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// exporter is a running exporter and its store.
type exporter struct {
	url  string
	data string
	days int // of which exports were imported
}

// startExporter serves a new store that holds the given export.
func startExporter(t *testing.T, csv string) *exporter {
	t.Helper()
	e := &exporter{data: filepath.Join(t.TempDir(), "data")}
	e.importCSV(t, csv)
	address := freeAddress(t)
	e.url = "http://" + address
	start(t, e.url+"/-/ready", mustBinary(t), "serve", "--storage.path="+e.data, "--web.listen-address="+address)
	return e
}

// importCSV imports an export into the store, beside the server where it runs, as what the
// Hub said on two days that follow those before: the second one confirms the first.
func (e *exporter) importCSV(t *testing.T, csv string) {
	t.Helper()
	for range 2 {
		e.days++
		asOf := time.Date(2024, 5, e.days, 6, 0, 0, 0, time.UTC).Format(time.RFC3339)
		cmd := exec.Command(mustBinary(t), "import", "--storage.path="+e.data, "--as-of="+asOf, "-")
		cmd.Stdin = strings.NewReader(csv)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("import: %v\n%s", err, out)
		}
	}
}

// page returns the metrics page as a client without wishes gets it.
func (e *exporter) page(t *testing.T) []byte {
	t.Helper()
	response, err := http.Get(e.url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("GET /metrics: status %s, error %v", response.Status, err)
	}
	return body
}

func mustBinary(t *testing.T) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// start runs a server until the test ends, waits until it is ready at the given
// address, and shows what it said if the test failed.
func start(t *testing.T, ready, name string, args ...string) {
	t.Helper()
	var said bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	var exit error
	go func() {
		exit = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
			if exit != nil {
				t.Errorf("%s: expected it to end with 0 after SIGTERM, got %v", filepath.Base(name), exit)
			}
		case <-time.After(30 * time.Second):
			t.Errorf("%s: expected it to end after SIGTERM, killed it after 30 s", filepath.Base(name))
			cmd.Process.Kill()
			<-ended
		}
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(name), said.String())
		}
	})
	waitFor(t, filepath.Base(name)+" to be ready", func() error {
		select {
		case <-ended:
			t.Fatalf("%s ended before it was ready: %v", filepath.Base(name), exit)
		default:
		}
		return answersOK(ready)
	})
}

// freeAddress returns an address of loopback that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// answersOK asks for an address and returns an error unless the answer is 200.
func answersOK(url string) error {
	response, err := http.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: status %s", url, response.Status)
	}
	return nil
}

// patience is how long a condition may take to come true on a slow machine.
const patience = 2 * time.Minute

// waitFor asks until there is no error.
func waitFor(t *testing.T, what string, ask func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := ask()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited %s for %s: %v", patience, what, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
