package soak

import (
	"bytes"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestFsyncFaults has calls of fsync fail, at random, in imports and in a serve that runs
// beside them and imports, too. After each round the disk loses what a loss of power may
// take: files of which no call of fsync has succeeded for their content or, since they have
// their name, for their folder. The strace that makes the calls fail tells which these are.
func TestFsyncFaults(t *testing.T) {
	begin := time.Now()
	if out, err := exec.Command("strace", "-D", "-f", "--seccomp-bpf", "true").CombinedOutput(); err != nil {
		t.Skipf("needs strace, and the right to trace a process: %v %s", err, out)
	}
	c := &syncing{stage: newStage(t, 1, 1, 7), shown: make(map[string]float64), confirmed: make(map[string]float64)}
	c.write("config.yaml", "files: ["+c.path("served.csv")+"]\n")
	c.write("served.csv", c.export("served"))
	for c.faults < size(12, 200) && !c.Failed() {
		c.round()
	}
	e := ready(t, c.arguments()...)
	c.page(e, true)
	e.stop()
	if c.failed == 0 || *long && c.lost == 0 || len(c.shown) < 4 {
		t.Errorf("expected imports that fail, files that are lost and counters that are shown, got %d, %d and %d", c.failed, c.lost, len(c.shown))
	}
	figures(t, begin, "%d calls of fsync failed in %d rounds, %d of them in serve, of which %d starts were refused; "+
		"%d imports, %d of them ended with an error, %d of these after they counted; %d files that were not durable were lost with the power; "+
		"nothing that one of %d metrics pages had shown, or an import had confirmed, was missing afterwards",
		c.faults, c.rounds, c.inServe, c.refused, c.imports, c.failed, c.committed, c.lost, c.pages)
}

// syncing is the campaign.
type syncing struct {
	*stage
	rounds, faults, inServe, refused int
	imports, failed, committed       int
	lost, pages                      int
	// shown has the highest value of each counter on a page, confirmed what imports that
	// ended well have brought.
	shown, confirmed map[string]float64
	traces           []*trace
}

// round runs serve and imports, and takes the power away.
func (c *syncing) round() {
	c.Helper()
	c.rounds++
	c.traces = nil
	if c.random.IntN(2) == 0 {
		c.write("served.csv", c.export("served"))
	}
	_, files := storeFiles(c.path("data"))
	e := c.start(1 + c.random.IntN(files+12))
	if !c.serves(e) {
		c.refused++
		if !strings.Contains(e.log.String(), "input/output error") {
			c.Fatalf("serve ended: %s", e.log)
		}
		e = c.start(0)
		if !c.serves(e) {
			c.Fatalf("serve ended: %s", e.log)
		}
	}
	c.page(e, true)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
				c.page(e, false)
			}
		}
	}()
	for range 3 {
		c.imported()
	}
	// serve looks for new files each second.
	if c.random.IntN(2) == 0 {
		time.Sleep(time.Duration(c.random.Int64N(int64(1500 * time.Millisecond))))
	}
	close(done)
	<-ended
	// At once, as by SIGKILL, upon which strace would not write down what it knows.
	_ = e.cmd.Process.Signal(syscall.SIGQUIT)
	<-e.ended
	c.powerLoss()
}

// start starts a serve, of which the call of a number may fail.
func (c *syncing) start(call int) *exporter {
	c.Helper()
	tr := c.trace("serve", call)
	e := startBy(c.T, tr.command(), c.arguments()...)
	tr.pid = e.cmd.Process.Pid
	return e
}

// serves waits until serve is ready, or has ended.
func (c *syncing) serves(e *exporter) bool {
	c.Helper()
	ready := false
	waitFor(c.T, "serve to be ready or to end", e.log, func() bool {
		select {
		case <-e.ended:
			return true
		default:
		}
		if m := listening.FindStringSubmatch(e.log.String()); m != nil {
			e.url = "http://" + m[1]
			code, _, err := e.ask(http.MethodGet, "/-/ready")
			ready = err == nil && code == http.StatusOK
		}
		return ready
	})
	return ready
}

// page takes a metrics page, on which no counter may be below what an earlier one showed,
// also that of an earlier round. The first page of a round has what imports confirmed, too.
func (c *syncing) page(e *exporter, first bool) {
	code, body, err := askURL(e.client, e.url+"/metrics")
	if err != nil || code != http.StatusOK {
		return
	}
	c.pages++
	values := series(body)
	if first {
		for name, v := range c.confirmed {
			if values[name] < v {
				c.Errorf("round %d: an import confirmed that %s is %v, after a loss of power it is %v", c.rounds, name, v, values[name])
			}
		}
		for name, v := range c.shown {
			if values[name] < v {
				c.Errorf("round %d: a page showed that %s is %v, after a loss of power it is %v", c.rounds, name, v, values[name])
			}
		}
	}
	for name, v := range values {
		if strings.HasPrefix(name, "huggingface_repo_downloads_total{") || strings.HasPrefix(name, "huggingface_repo_downloads_all_time{") {
			if v < c.shown[name] {
				c.Errorf("round %d: %s fell from %v to %v", c.rounds, name, c.shown[name], v)
			}
			c.shown[name] = max(c.shown[name], v)
		}
	}
}

// imported imports an export, during which some calls may fail.
func (c *syncing) imported() {
	c.Helper()
	c.imports++
	c.write("new.csv", c.export("imported"))
	var out bytes.Buffer
	// It syncs all files and three folders when it opens the store. Then it writes.
	_, files := storeFiles(c.path("data"))
	at := 1 + c.random.IntN(files+9)
	if c.random.IntN(2) == 0 {
		at = files + 3 + 1 + c.random.IntN(5)
	}
	tr := c.trace("import", at)
	cmd := command(tr.command(), "import", "--storage.path="+c.path("data"), c.path("new.csv"))
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	tr.pid = cmd.Process.Pid
	switch {
	case err == nil:
		c.confirmed[`huggingface_repo_downloads_all_time{repo_type="model",org="o",repo="o/imported"}`] = float64(1000 * c.made)
	case strings.Contains(out.String(), "input/output error"):
		c.failed++
		if strings.Contains(out.String(), "is complete, and counts once its folder can be synced") {
			c.committed++
		}
	default:
		c.Fatalf("import: %v\n%s", err, &out)
	}
}
