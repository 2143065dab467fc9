package main

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"golang.org/x/crypto/bcrypt"
)

const reloadSuccessful = "huggingface_exporter_config_last_reload_successful"

func TestServeRoutes(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("in/six.csv", sixRows, 5)
	r.write("c.yaml", "files: [in/*.csv]\n", 5)
	s := r.ready("--config.file=c.yaml")

	f := func(method, path string, wantCode int, want string) {
		t.Helper()
		if code, body := s.do(method, path); code != wantCode || !strings.Contains(body, want) {
			t.Errorf("%s %s: got %d\n%s\nwant %d, %q", method, path, code, body, wantCode, want)
		}
	}
	f("GET", "/-/healthy", 200, "is running")
	f("GET", "/-/ready", 200, "is ready")
	f("GET", "/api/v1/status", 200, `"repos":2,"records":6,"recorded":{"from":"2021-01-22","to":"2021-11-29"}`)
	f("GET", "/api/v1/overview?period=all_time&group_by=repo_type", 200, "4362460")
	f("GET", "/api/v1/repos?period=last_month&limit=50&trend=30", 200, "huggingface/documentation-images")
	f("GET", "/api/v1/records?from=x", 400, `"field":"from"`)
	f("GET", "/api/v1/nothing", 404, `"error"`)
	f("GET", "/", 200, `<a href="metrics">`)
	f("GET", "/", 200, "Stored: 6 daily records")
	f("GET", "/nothing", 404, "")
	f("POST", "/metrics", 405, "Expected GET, HEAD")
	f("GET", "/-/reload", 405, "Expected POST")
	f("DELETE", "/", 405, "Expected GET, HEAD")
	f("POST", "/-/healthy", 405, "Expected GET, HEAD")

	// Every link of the page leads somewhere.
	_, page := s.get("/")
	links := regexp.MustCompile(`(?:href|src)="([^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(links) < 20 {
		t.Errorf("%d links on the page", len(links))
	}
	for _, l := range links {
		f("GET", "/"+strings.TrimPrefix(html.UnescapeString(l[1]), "."), 200, "")
	}

	for series, want := range map[string]string{
		"huggingface_exporter_store_records":                         "6",
		"huggingface_exporter_store_repos":                           "2",
		`huggingface_exporter_file_imports_total{outcome="success"}`: "1",
		`huggingface_exporter_file_imports_total{outcome="failure"}`: "0",
		reloadSuccessful: "1",
		`huggingface_exporter_http_requests_total{code="404",route="other"}`:     "1",
		`huggingface_exporter_http_requests_total{code="405",route="/-/reload"}`: "1",
		"huggingface_exporter_store_refresh_failures_total":                      "0",
	} {
		s.expectMetric(series, want)
	}
	_, metrics := s.get("/metrics")
	for _, name := range []string{
		"huggingface_exporter_build_info{", "go_goroutines ", "process_start_time_seconds ",
		"huggingface_exporter_store_segments ", "huggingface_exporter_store_bytes ",
		"huggingface_exporter_store_last_change_timestamp_seconds 1", "huggingface_exporter_repos_over_limit 0",
		`huggingface_exporter_http_request_duration_seconds_count{route="/"} `,
	} {
		if !strings.Contains(metrics, "\n"+name) {
			t.Errorf("/metrics has no %s", name)
		}
	}
	problems, err := promlint.New(strings.NewReader(metrics)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("lint of /metrics: %v, %v", problems, err)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("exit %d\n%s", code, s.log)
	}
}

// The example configuration works as it is, from whatever folder.
func TestExampleConfiguration(t *testing.T) {
	t.Parallel()
	file, err := filepath.Abs("../../config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := newRunner(t).ready("--config.file=" + file)
	s.expectMetric(codeBERT, "4362460")
	s.expectMetric(images, "2167284")
	s.expectMetric(`huggingface_exporter_file_imports_total{outcome="success"}`, "2")
	s.expectMetric(`huggingface_exporter_file_imports_total{outcome="failure"}`, "0")
}

func TestReloadOfRunningService(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("six.csv", sixRows, 5)
	r.write("c.yaml", "files: [six.csv]\n", 5)
	s := r.ready("--config.file=c.yaml")
	s.expectMetric(codeBERT, "4362460")

	reload := func(wantCode int, want string) {
		t.Helper()
		if code, body := s.do("POST", "/-/reload"); code != wantCode || !strings.Contains(body, want) {
			t.Errorf("got %d\n%s\nwant %d, %q", code, body, wantCode, want)
		}
	}
	r.write("c.yaml", "metrics: {exclude: ['.*/CodeBERT.*']}\n", 5)
	reload(200, "reloaded")
	s.expectMetric(codeBERT, "")
	s.expectMetric(images, "2167284")
	s.expectMetric(reloadSuccessful, "1")
	at := s.metric("huggingface_exporter_config_last_reload_success_timestamp_seconds")

	r.write("c.yaml", "metrics: {exclude: ['(']}\n", 5)
	reload(500, "c.yaml:1: metrics.exclude[0]: expected a regular expression")
	s.expectMetric(codeBERT, "")
	s.expectMetric(images, "2167284")
	s.expectMetric(reloadSuccessful, "0")
	s.expectMetric("huggingface_exporter_config_last_reload_success_timestamp_seconds", at)

	if err := os.Remove(r.path("c.yaml")); err != nil {
		t.Fatal(err)
	}
	reload(500, "c.yaml")

	r.write("c.yaml", "metrics: {families: {downloads: false}}\n", 5)
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.untilMetric(reloadSuccessful, "1")
	s.expectMetric(images, "")
	s.expectMetric(`huggingface_org_repos{repo_type="model",org="huggingface"}`, "1")
}

func TestFilesAreImportedAgainWhenTheyChange(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	// The total as it is: whether it grew by downloads is known on a later day.
	const series = `huggingface_repo_downloads_all_time{repo_type="model",org="o",repo="o/m"}`
	failures := `huggingface_exporter_file_imports_total{outcome="failure"}`
	r.write("in/m.csv", header+"model,o/m,100,2024-01-01,1\n", 30)
	r.write("c.yaml", "files: [in/*.csv, in/*.csv.gz]\n", 5)
	s := r.ready("--config.file=c.yaml")
	s.expectMetric(series, "100")

	r.write("in/m.csv", header+"model,o/m,120,2024-01-01,1\nmodel,o/m,120,2024-01-02,20\n", 20)
	s.untilMetric(series, "120")
	s.expectMetric("huggingface_exporter_store_records", "2")

	r.write("in/m.csv", header+"model,o/m,200,2024-01-01,x\n", 10)
	s.untilMetric(failures, "1")
	s.expectMetric(series, "120")
	if log := s.log.String(); !strings.Contains(log, "column downloads") {
		t.Errorf("the log does not say what is wrong:\n%s", log)
	}

	r.write("in/new.csv.gz", gzipped(t, header+"model,o/m,300,2024-01-03,5\n"), 5)
	s.untilMetric(series, "300")

	// Everything is still there after a restart, without the files too.
	if code := s.stop(); code != 0 {
		t.Errorf("exit %d\n%s", code, s.log)
	}
	s = r.ready()
	s.expectMetric(series, "300")
	s.expectMetric("huggingface_exporter_store_records", "3")
}

// An import in another process is taken in.
func TestImportBesideServe(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	s := r.ready()
	s.expectMetric(codeBERT, "")
	s.expectMetric("huggingface_exporter_store_records", "0")
	r.write("six.csv", sixRows, 5)
	r.ok("import", "six.csv")
	s.untilMetric(codeBERT, "4362460")
	s.expectMetric("huggingface_exporter_store_records", "6")
	if code, body := s.get("/api/v1/records"); code != 200 || body != sixRows {
		t.Errorf("/api/v1/records: %d\n%s", code, body)
	}
	r.expectOutput(sixRows, "export")
}

func TestBasicAuth(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	hash, err := bcrypt.GenerateFromPassword([]byte("open sesame"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	r.write("web.yaml", fmt.Sprintf("basic_auth_users:\n  prom: %s\n", hash), 1)
	s := r.serve("--web.config.file=web.yaml")
	f := func(user, password string, want int) {
		t.Helper()
		for _, path := range []string{"/metrics", "/-/healthy", "/api/v1/records", "/"} {
			req, err := http.NewRequestWithContext(t.Context(), "GET", s.url+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if user != "" {
				req.SetBasicAuth(user, password)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%s as %q with %q: got %d, want %d", path, user, password, resp.StatusCode, want)
			}
		}
	}
	s.until("it is ready", func() bool { return strings.Contains(s.log.String(), "msg=Ready") })
	f("prom", "open sesame", 200)
	f("prom", "wrong", 401)
	f("other", "open sesame", 401)
	f("", "", 401)
}

// A request under way when the process is told to stop is answered to its end.
func TestStopDrains(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	text := r.ok("generate", "--repos=150", "--days=1200")
	r.write("x.csv", text, 1)
	r.ok("import", "x.csv")
	s := r.ready()

	// More than the buffers between the two take, as long as nothing is read.
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	resp, err := client.Get(s.url + "/api/v1/records")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body := bufio.NewReader(resp.Body)
	first, err := body.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.until("it stops", func() bool { return strings.Contains(s.log.String(), "Shutting down") })
	rest, err := io.ReadAll(body)
	if err != nil || first+string(rest) != text {
		t.Errorf("the answer is not complete: %d of %d bytes, %v", len(first)+len(rest), len(text), err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, s.log)
	}
}

// A client that takes nothing does not keep the process from stopping.
func TestStopIsBounded(t *testing.T) {
	t.Parallel() // the server gives such a connection some seconds
	r := newRunner(t)
	s := r.serve()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("GET / HTTP/1.1\r\n")); err != nil { // and no more
		t.Fatal(err)
	}
	s.until("it is ready", func() bool { return strings.Contains(s.log.String(), "msg=Ready") })
	begin := time.Now()
	if code := s.stop(); code != 0 {
		t.Errorf("exit %d\n%s", code, s.log)
	}
	if d := time.Since(begin); d > 24*time.Second {
		t.Errorf("stopped after %v", d)
	}
}

func TestServeThatCannotListen(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r.refused(nil, []string{"address already in use"}, "serve", "--web.listen-address="+l.Addr().String())
}
