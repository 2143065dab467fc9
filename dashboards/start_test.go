package dashboards

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

// scratch is a folder for what all tests share.
var scratch string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "dashboards-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	scratch = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// binary builds the exporter once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	file := filepath.Join(scratch, "huggingface_exporter")
	build := exec.Command("go", "build", "-o", file, "../cmd/huggingface_exporter")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the exporter: %w\n%s", err, out)
	}
	return file, nil
})

// needTool returns the path of a program, and fails the test if there is none: a
// test that is left out would look like one that passed.
func needTool(t *testing.T, name string) string {
	t.Helper()
	file, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is not in PATH: install it (Debian: apt-get install prometheus); make test does", name)
	}
	return file
}

// process is a running program.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
	exit  error
	said  bytes.Buffer
}

// start runs a program until the test ends, or stop is called.
func start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(name, args...), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.exit = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(name), p.said.String())
		}
	})
	return p
}

// stop ends the program and waits for its end.
func (p *process) stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.cmd.Process.Kill()
		<-p.ended
	}
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

// get returns the body of an answer with status 200.
func get(url string) (string, error) {
	response, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: status %s: %s", url, response.Status, body)
	}
	return string(body), err
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

// exporter is a running exporter.
type exporter struct {
	*process
	address string
}

// Two organizations whose names are such that serve collects them right after its
// start: one has publisher analytics, of the other there are listings alone.
const (
	orgAnalytics = "globex"
	orgListings  = "zorg"
)

// startExporter runs the program as users have it, and waits until it has collected
// two organizations and shows what the Hub took back of a third: every metric that
// it can show is then on its page.
func startExporter(t *testing.T) *exporter {
	t.Helper()
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	storage := "--storage.path=" + filepath.Join(dir, "data")
	// A fall that the next day confirms, and a jump that is more than a month of downloads.
	for i, total := range []int{1000, 900, 900, 5000, 5000} {
		cmd := exec.Command(program, "import", storage, fmt.Sprintf("--as-of=2026-01-%dT06:00:00Z", 23+i), "-")
		cmd.Stdin = strings.NewReader(fmt.Sprintf("repoType,repoName,total,timestamp,downloads\nmodel,acme/heron,%d,2026-01-22T00:00:00.000Z,%d\n", total, total))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("import: %v\n%s", err, out)
		}
	}
	config := filepath.Join(dir, "config.yaml")
	text := fmt.Sprintf("hub:\n  endpoint: %s\n  token: hf_fake\n  organizations:\n    - {name: %s, source: publisher_analytics}\n    - {name: %s, source: listings}\n",
		startHub(t), orgAnalytics, orgListings)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e := &exporter{address: freeAddress(t)}
	e.process = start(t, program, "serve", "--config.file="+config, storage, "--web.listen-address="+e.address)
	waitFor(t, "two collections and two corrections on the page", func() error {
		page, err := get("http://" + e.address + "/metrics")
		for _, want := range []string{
			`huggingface_exporter_collection_success{org="` + orgAnalytics + `"} 1`,
			`huggingface_exporter_collection_success{org="` + orgListings + `"} 1`,
			`huggingface_repo_downloads_removed_total{repo_type="model",org="acme",repo="acme/heron"} 100`,
			`huggingface_repo_downloads_backdated_total{repo_type="model",org="acme",repo="acme/heron"} `,
			`huggingface_repo_downloads_total{repo_type="model",org="` + orgAnalytics + `",`,
			`huggingface_repo_likes{repo_type="model",org="` + orgListings + `",`,
			`huggingface_exporter_http_requests_total{`,
		} {
			if err == nil && !strings.Contains(page, want) {
				err = fmt.Errorf("expected the line %s", want)
			}
		}
		return err
	})
	return e
}

// page returns the metrics page.
func (e *exporter) page(t *testing.T) string {
	t.Helper()
	page, err := get("http://" + e.address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// startHub runs a stand-in for the Hub and returns its address.
func startHub(t *testing.T) string {
	t.Helper()
	hub := fakehub.New(fakehub.Options{})
	for _, org := range []string{orgAnalytics, orgListings} {
		if err := hub.Populate(synthetic.Options{Org: org, Repos: 20, Days: 30}); err != nil {
			t.Fatal(err)
		}
	}
	hub.AddToken("hf_fake", orgAnalytics, orgListings)
	s := httptest.NewServer(hub)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s.URL
}
