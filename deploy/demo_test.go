//go:build unix

package deploy_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
)

// demoData runs scripts/demo-data.sh until its files are there, and returns their
// folder.
func demoData(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	binary := filepath.Join(dir, "huggingface_exporter")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./cmd/huggingface_exporter")
	build.Dir, build.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	demo := filepath.Join(dir, "demo")
	script := exec.CommandContext(t.Context(), "sh", filepath.Join(root, "scripts/demo-data.sh"), binary, demo)
	script.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it sleeps in a process of its own
	var stderr bytes.Buffer
	script.Stderr = &stderr
	out, err := script.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := script.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	if err := syscall.Kill(-script.Process.Pid, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	_ = script.Wait() // it was killed
	if !strings.Contains(line, "ready") || stderr.Len() > 0 {
		t.Fatalf("expected demo-data.sh to get ready, got %q and\n%s", line, stderr.String())
	}
	return demo
}

// recordsOf reads a file of the demo data.
func recordsOf(t *testing.T, name string) []history.Record {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := history.Collect(hubcsv.Read(f, hubcsv.Options{File: name}))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return records
}

func TestDemoData(t *testing.T) {
	before := history.DayOf(time.Now())
	demo := demoData(t)
	after := history.DayOf(time.Now())

	// Days up to yesterday, and a total that is the sum of all of them or more.
	orgs := make(map[string]bool)
	totals, sums := make(map[history.Repo]int64), make(map[history.Repo]int64)
	last := history.NoDay
	for _, r := range recordsOf(t, filepath.Join(demo, "3-history.csv")) {
		orgs[r.Repo.Org()] = true
		totals[r.Repo] = r.Total
		sums[r.Repo] += r.Downloads
		last = max(last, r.Day)
	}
	if last != before-1 && last != after-1 {
		t.Errorf("expected days up to yesterday, %s, got %s", before-1, last)
	}
	if !orgs["acme"] || !orgs["globex"] {
		t.Errorf("expected acme and globex, got %v", orgs)
	}
	for r, total := range totals {
		if total < sums[r] {
			t.Errorf("%s: expected a total of %d or more, got %d", r, sums[r], total)
		}
	}
	// The present tells of each repository once, and its total is no lower.
	present := recordsOf(t, filepath.Join(demo, "4-present.csv"))
	if len(present) != len(totals) {
		t.Errorf("expected %d repositories, got %d", len(totals), len(present))
	}
	for _, r := range present {
		if total, ok := totals[r.Repo]; !ok || r.Total < total {
			t.Errorf("%s: expected a total of %d or more, got %d", r.Repo, total, r.Total)
		}
	}
	// Of two exports the later one tells less, and as much as the history.
	earlier := recordsOf(t, filepath.Join(demo, "1-earlier.csv"))
	corrected := recordsOf(t, filepath.Join(demo, "2-corrected.csv"))
	var more, less int64
	for i, r := range earlier {
		more, less = more+r.Downloads, less+corrected[i].Downloads
	}
	if len(earlier) != len(corrected) || more <= less || less == 0 {
		t.Errorf("expected a correction, got %d downloads and then %d", more, less)
	}
	modified := func(name string) time.Time {
		t.Helper()
		info, err := os.Stat(filepath.Join(demo, name))
		if err != nil {
			t.Fatal(err)
		}
		return info.ModTime()
	}
	if a, b, c := modified("1-earlier.csv"), modified("2-corrected.csv"), modified("3-history.csv"); !a.Before(b) || !b.Before(c) {
		t.Errorf("expected files of rising ages, got %s, %s, %s", a, b, c)
	}

	t.Run("samples", func(t *testing.T) { demoSamples(t, demo, len(totals)) })
}

// demoSamples checks what is made of the demo data for the past of Prometheus.
func demoSamples(t *testing.T, demo string, repos int) {
	out, err := exec.CommandContext(t.Context(), "sh", filepath.Join(root, "scripts/demo-samples.sh"), demo, `,job="j"`).Output()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasSuffix(out, []byte("\n# EOF\n")) {
		t.Error("expected # EOF at the end")
	}
	type sample struct {
		value float64
		time  int64
	}
	newest := make(map[string]sample)
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		series, rest, _ := strings.Cut(line, "} ")
		var s sample
		if _, err := fmt.Sscan(rest, &s.value, &s.time); err != nil || !strings.HasSuffix(series, `",job="j"`) {
			t.Fatalf("expected a sample, got %s: %v", strconv.Quote(line), err)
		}
		if was, ok := newest[series]; ok && (s.value < was.value || s.time <= was.time) {
			t.Fatalf("%s: a counter that falls, or a time that comes again: %v after %v", series, s, was)
		}
		newest[series] = s
	}
	if len(newest) != repos {
		t.Errorf("expected the counters of %d repositories, got %d", repos, len(newest))
	}
	for series, s := range newest {
		if age := time.Since(time.Unix(s.time, 0)); age < 3*time.Hour || age > 5*time.Hour {
			t.Errorf("%s: expected samples up to three hours ago, got %s", series, age)
			break
		}
	}
}
