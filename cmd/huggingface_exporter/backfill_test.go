package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

// importer stands in for VictoriaMetrics's /api/v1/import.
type importer struct {
	url string

	mu     sync.Mutex
	lines  []string
	closed chan struct{} // where not nil, requests wait until it is closed
	came   int
}

func newImporter(t *testing.T) *importer {
	t.Helper()
	i := new(importer)
	s := httptest.NewServer(i)
	t.Cleanup(s.Close)
	i.url = s.URL
	return i
}

func (i *importer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	if strings.HasSuffix(r.URL.Path, "/export") { // as it is compared what arrived
		defer i.mu.Unlock()
		_, _ = io.WriteString(w, strings.Join(i.lines, ""))
		return
	}
	i.came++
	first, closed := i.came == 1, i.closed
	i.mu.Unlock()
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		return
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return // who sent it has gone
	}
	if closed != nil && !first {
		select {
		case <-closed:
		case <-r.Context().Done():
			return
		}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.lines = slices.AppendSeq(i.lines, strings.Lines(string(text)))
}

// taken returns how many lines were taken, and the different ones in order.
func (i *importer) taken() (int, []string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	lines := slices.Sorted(slices.Values(i.lines))
	return len(lines), slices.Compact(lines)
}

func TestBackfillOpenMetrics(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("six.csv", sixRows, 5)
	r.ok("import", "six.csv")
	const model = `huggingface_repo_downloads_total{job="hf",org="huggingface",repo="huggingface/CodeBERTa-small-v1",repo_type="model"} `
	const dataset = `huggingface_repo_downloads_total{job="hf",org="huggingface",repo="huggingface/documentation-images",repo_type="dataset"} `
	lines := model + "4362447 1611273600\n" + model + "4362451 1611360000\n" + model + "4362458 1611446400\n" + model + "4362460 1611532800\n" +
		dataset + "2167256 1637971200\n" + dataset + "2167259 1638057600\n" + dataset + "2167277 1638144000\n" + dataset + "2167284 1638230400\n"
	f := func(want string, args ...string) {
		t.Helper()
		out := r.ok(append([]string{"backfill", "--to=openmetrics", "--label=job=hf"}, args...)...)
		_, samples, _ := strings.Cut(out, " counter\n")
		if samples != want+"# EOF\n" {
			t.Errorf("%q: got\n%s\nexpected\n%s", args, out, want)
		}
	}
	f(lines)
	f(lines, "--output=-")
	f(lines[strings.Index(lines, dataset):], "--repo-type=dataset")
	f(model+"4362451 1611360000\n"+model+"4362458 1611446400\n", "--from=2021-01-23", "--to-day=2021-01-23")
	f(model+"4362447 1611273600\n"+model+"4362451 1611360000\n", "--until=2021-01-23T23:00:00Z")

	_, stderr, code := r.run(nil, "backfill", "--to=openmetrics", "--output=b.txt", "--label=job=hf")
	if code != 0 || stderr != "2 series, 8 samples written to b.txt\n" || !strings.HasSuffix(r.read("b.txt"), lines+"# EOF\n") {
		t.Errorf("exit %d, %s\n%s", code, stderr, r.read("b.txt"))
	}
}

// Samples are at least three hours old for promtool, and none is of the future.
func TestBackfillUntilNow(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	day := func(d int) string {
		return time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, d).Format(time.RFC3339Nano)
	}
	text := header
	for d := -3; d <= 0; d++ {
		text += fmt.Sprintf("model,o/m,100,%s,10\n", day(d))
	}
	r.write("x.csv", text, 1)
	r.ok("import", "x.csv")
	before := time.Now()
	out := r.ok("backfill", "--to=openmetrics")
	after := time.Now()
	var last int64
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "#") {
			var value int64
			if _, err := fmt.Sscan(line[strings.Index(line, "}")+1:], &value, &last); err != nil {
				t.Fatal(err)
			}
		}
	}
	midnight := func(t time.Time) int64 { return t.Add(-headAge).Truncate(24 * time.Hour).Unix() }
	if last != midnight(before) && last != midnight(after) {
		t.Errorf("the last sample is of %d, expected it at the last midnight three hours ago, %d\n%s", last, midnight(after), out)
	}
}

func TestBackfillTells(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("x.csv", header+"model,o/a,5,2024-01-01,3\nmodel,o/a,5,2024-01-02,4\nmodel,o/b,,2024-01-01,3\n", 5)
	r.ok("import", "x.csv")
	_, stderr, code := r.run(nil, "backfill", "--to=openmetrics", "--output=/dev/null")
	for _, want := range []string{"2 series, 5 samples written to /dev/null\n", "1 repository without a total", "1 repository with more downloads"} {
		if code != 0 || !strings.Contains(stderr, want) {
			t.Errorf("exit %d, %s\nexpected %q", code, stderr, want)
		}
	}
}

func TestBackfillRefuses(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("six.csv", sixRows, 5)
	r.ok("import", "six.csv")
	f := func(want string, args ...string) {
		t.Helper()
		r.refused(nil, []string{want}, append([]string{"backfill"}, args...)...)
	}
	f("'--to' not provided")
	f("must be one of openmetrics,victoriametrics,remote-write", "--to=graphite")
	f("expected --url with --to=remote-write, got none", "--to=remote-write")
	f("expected no --output with --to=victoriametrics", "--to=victoriametrics", "--url=http://h", "--output=x")
	f("it always writes a new file", "--to=openmetrics", "--url=http://h")
	f("it always writes a new file", "--to=openmetrics", "--resume=x")
	f("--url: expected a URL like", "--to=victoriametrics", "--url=h:1")
	f("--url: expected a URL without user and password", "--to=victoriametrics", "--url=http://me:pa55@h")
	f("--label: expected a label like", "--to=openmetrics", "--label=job")
	f("--from: expected a date like", "--to=openmetrics", "--from=x")
	f("--to-day: expected a date like", "--to=openmetrics", "--to-day=x")
	f("expected --to-day on or after --from", "--to=openmetrics", "--from=2024-01-02", "--to-day=2024-01-01")
	f("--until: expected a time like", "--to=openmetrics", "--until=2024-01-01")
	f("--until: expected a time that is not in the future", "--to=openmetrics", "--until=2999-01-01T00:00:00Z")
	f("--timeout: expected a duration above zero", "--to=remote-write", "--url=http://h", "--timeout=0s")
	f("no such file", "--to=remote-write", "--url=http://h", "--http.config.file=none")
	f("there is no such directory", "--to=openmetrics", "--storage.path=none")
	r.write("http.yaml", "basic_auth: pa55\n", 1)
	f("http.yaml: expected HTTP client settings", "--to=remote-write", "--url=http://h", "--http.config.file=http.yaml")
	if _, stderr, _ := r.run(nil, "backfill", "--to=remote-write", "--url=http://h", "--http.config.file=http.yaml"); strings.Contains(stderr, "pa55") {
		t.Errorf("the error shows a secret: %s", stderr)
	}
}

// A backfill that was stopped in its midst goes on, and in the end all is there.
func TestBackfillResumes(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("x.csv", r.ok("generate", "--repos=250", "--days=1150"), 5)
	r.ok("import", "x.csv")
	whole := newImporter(t)
	_, stderr, code := r.run(nil, "backfill", "--to=victoriametrics", "--url="+whole.url)
	n, want := whole.taken()
	if code != 0 || n < 200 || !strings.Contains(stderr, "series, ") {
		t.Fatalf("exit %d, %d lines\n%s", code, n, stderr)
	}
	f := func(signal syscall.Signal) {
		t.Helper()
		i := newImporter(t)
		i.closed = make(chan struct{}) // the second batch is not taken
		args := []string{"backfill", "--to=victoriametrics", "--url=" + i.url, "--resume=mark.json"}
		cmd := r.command(args...)
		log := new(logBuffer)
		cmd.Stderr = log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		r.wait("the second batch", func() bool {
			i.mu.Lock()
			defer i.mu.Unlock()
			return i.came >= 2
		}, log)
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		some, _ := i.taken()
		if some == 0 || some >= n {
			t.Errorf("%d of %d lines were taken before the end", some, n)
		}
		if signal == syscall.SIGINT {
			for _, want := range []string{"interrupted", "was accepted.", "Run the same command again to continue"} {
				if !strings.Contains(log.String(), want) {
					t.Errorf("expected %q, got\n%s", want, log)
				}
			}
		}

		// Not with other flags, nor over another history.
		r.refused(nil, []string{`mark.json is of a backfill with --org="", expected the same, got "acme"`, "start over"}, append(args, "--org=acme")...)
		r.refused(nil, []string{`with --label=""`}, append(args, "--label=job=x")...)
		r.refused(nil, []string{"--until"}, append(args, "--until=2024-01-01T00:00:00Z")...)
		r.refused(nil, []string{"of another state of the stored history"}, append(args, "--storage.path="+r.other())...)

		close(i.closed)
		_, stderr, code := r.run(nil, args...)
		all, got := i.taken()
		if code != 0 || !slices.Equal(got, want) {
			t.Errorf("%s: exit %d, %d different lines, expected %d\n%s", signal, code, len(got), len(want), stderr)
		}
		if signal == syscall.SIGINT && all != n {
			t.Errorf("%d lines came, expected each of %d once", all, n)
		}
		if _, err := os.Stat(r.path("mark.json")); err == nil {
			t.Error("the file is still there though all is done")
		}
	}
	f(syscall.SIGINT)
	f(syscall.SIGKILL)
}

// other returns a store of something else.
func (r *runner) other() string {
	r.Helper()
	r.write("other.csv", sixRows, 5)
	r.ok("import", "--storage.path=other", "other.csv")
	return "other"
}

func TestBackfillRefusesAnotherFile(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("six.csv", sixRows, 5)
	r.ok("import", "six.csv")
	f := func(text, want string) {
		t.Helper()
		r.write("mark", text, 1)
		r.refused(nil, []string{want}, "backfill", "--to=victoriametrics", "--url=http://127.0.0.1:1", "--resume=mark")
		if r.read("mark") != text {
			t.Error("the file was changed")
		}
	}
	f("", "expected a file that backfill wrote")
	f("x", "expected a file that backfill wrote")
	f(`{"version":2}`, "expected a file that backfill wrote")
	f(`{"version":1,"to":"x"}`, "expected a file that backfill wrote")
	r.refused(nil, []string{"--resume: "}, "backfill", "--to=victoriametrics", "--url=http://127.0.0.1:1", "--resume=no/folder/mark")
}

// What a receiver refuses ends the command with what it said, and no secret.
func TestBackfillIsRefused(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("six.csv", sixRows, 5)
	r.ok("import", "six.csv")
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if _, password, _ := q.BasicAuth(); password != "pa55word" {
			t.Errorf("got the password %q", password)
		}
		w.WriteHeader(http.StatusForbidden)
		json.NewEncoder(w).Encode(q.Header)
	}))
	defer s.Close()
	r.write("pass", "pa55word\n", 1)
	r.write("http.yaml", "basic_auth: {username: me, password_file: pass}\n", 1)
	_, stderr, code := r.run(nil, "backfill", "--to=remote-write", "--url="+s.URL, "--http.config.file=http.yaml")
	if code != 1 || !strings.Contains(stderr, "responded with 403 Forbidden") || !strings.Contains(stderr, "<secret>") ||
		strings.Contains(stderr, "pa55word") || strings.Contains(stderr, "bWU6cGE1NXdvcmQ") {
		t.Errorf("exit %d\n%s", code, stderr)
	}
}
