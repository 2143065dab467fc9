package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/internal/doctor"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// patient is a Hub, a configuration and a store for doctor to look at.
type patient struct{ *collects }

func newPatient(t *testing.T, orgs ...string) *patient {
	t.Helper()
	p := &patient{newCollects(t)}
	p.env = []string{"HF_TOKEN=", "HUGGING_FACE_HUB_TOKEN=", "HF_TOKEN_PATH=", "HF_ENDPOINT=", "XDG_CACHE_HOME=", "HF_HOME=" + p.dir, "HOME=" + p.dir}
	p.org("massive", fakehub.Team)
	p.org("globex", fakehub.Free)
	p.hub.AddOrg("empty", fakehub.Free)
	p.config(orgs...)
	// The token of that test is not one of the Hub's form.
	p.hub.AddToken(formedToken, "massive")
	p.secret("token", formedToken)
	return p
}

const formedToken = "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH"

// secret writes a file that its user alone may read.
func (p *patient) secret(name, text string) {
	p.Helper()
	if err := os.Chmod(p.write(name, text+"\n", 1), 0o600); err != nil {
		p.Fatal(err)
	}
}

// examine runs doctor and checks that what it says has each of these in a line, as
// "verdict check: text", and that none is a failure if the exit code is 0.
func (p *patient) examine(wantCode int, want []string, args ...string) []doctor.Finding {
	p.Helper()
	args = append([]string{"doctor", "--format=json", "--web.listen-address=127.0.0.1:0"}, args...)
	if !slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "--config.file") }) {
		args = append(args, "--config.file=c.yaml")
	}
	stdout, stderr, code := p.run(nil, args...)
	var got struct {
		OK       bool
		Findings []doctor.Finding
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		p.Fatalf("%v\n%s%s", err, stdout, stderr)
	}
	var lines []string
	for _, f := range got.Findings {
		lines = append(lines, string(f.Verdict)+" "+f.Check+": "+f.Found+" -> "+f.Advice)
		if (f.Verdict == doctor.OK) != (f.Advice == "") {
			p.Errorf("%+v: only what is not good has something to do", f)
		}
	}
	if code != wantCode || got.OK != (code == 0) {
		p.Errorf("exit %d, ok %v, want exit %d", code, got.OK, wantCode)
	}
	for _, w := range want {
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, w) }) {
			p.Errorf("there is no %q", w)
		}
	}
	if strings.Contains(stdout+stderr, formedToken[3:]) || strings.Contains(stdout+stderr, hubToken[3:]) {
		p.Error("a token is shown")
	}
	if p.Failed() {
		p.Fatalf("%q: got\n%s\n%s", args, strings.Join(lines, "\n"), stderr)
	}
	return got.Findings
}

func TestDoctorFindsAllWell(t *testing.T) {
	t.Parallel()
	p := newPatient(t, "name: massive", "name: globex, source: listings")
	p.examine(0, []string{
		"ok config: c.yaml: 2 organizations, 0 files to import",
		"ok port: 127.0.0.1:0 is free",
		"ok store: ./data does not exist yet; serve creates it",
		"ok token: massive: a token from ", "token ->",
		"ok hub: massive: http://127.0.0.1", "provides its publisher analytics ->",
		"ok hub: globex: ", "lists its repositories",
		"ok clock: same as the Hub's",
	})
	if _, err := os.Stat(p.path("data")); !os.IsNotExist(err) {
		t.Error("doctor made the folder of the store")
	}
	p.collect(0)
	p.ahead.Store(0)
	before := p.snapshot("data")
	for _, f := range p.examine(0, []string{"ok store: ./data: 3 records of ", "files of layout 1, "}) {
		if f.Verdict != doctor.OK {
			t.Errorf("%+v", f)
		}
	}
	if after := p.snapshot("data"); len(after) != len(before) {
		t.Errorf("doctor changed the store: %d files, and then %d", len(before), len(after))
	}

	// For people.
	stdout, stderr, code := p.run(nil, "doctor", "--config.file=c.yaml", "--web.listen-address=127.0.0.1:0")
	if code != 0 || stderr != "" || !strings.Contains(stdout, "ok    clock   same as the Hub's\n") || !strings.HasSuffix(stdout, " ok, 0 warn, 0 fail\n") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	p.hub.Fail(fakehub.On{}, fakehub.Always, fakehub.Status(500))
	stdout, stderr, code = p.run(nil, "doctor", "--config.file=c.yaml", "--web.listen-address=127.0.0.1:0")
	if code != 1 || !strings.Contains(stdout, "\n              -> wait: the Hub has a problem\n") || !strings.Contains(stderr, "2 of 8 checks failed") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	p.examine(0, []string{"ok config"}, "--offline")
}

// Another user than the store's is told what it may not.
func TestDoctorOfPermissions(t *testing.T) {
	t.Parallel()
	p := newPatient(t, "name: massive")
	p.collect(0)
	for _, dir := range []string{filepath.Dir(binary), p.dir, filepath.Dir(p.dir)} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(p.path("data"), 0o555); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		t.Helper()
		cmd := p.command(append([]string{"doctor", "--web.listen-address=127.0.0.1:0", "--offline"}, args...)...)
		if os.Geteuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		out, err := cmd.Output()
		if err == nil {
			t.Errorf("%q: no failure\n%s", args, out)
		}
		return string(out)
	}
	f := func(out, want string) {
		t.Helper()
		if !strings.Contains(out, want) {
			t.Errorf("there is no %q in\n%s", want, out)
		}
	}
	out := run("--config.file=c.yaml")
	f(out, "fail  store   ./data is not writable: write to ./data: permission denied\n              -> make the user of serve the owner of the directory: chown -R USER ./data")
	if os.Geteuid() == 0 {
		f(out, "fail  token   massive: cannot read a token: open ")
	}
	// serve shows what is there, and warns.
	serve := p.command("serve", "--web.listen-address=127.0.0.1:0")
	log := new(logBuffer)
	serve.Stderr = log
	if os.Geteuid() == 0 {
		serve.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	p.wait("serve is ready", func() bool { return strings.Contains(log.String(), "msg=Ready") }, log)
	f(log.String(), "level=WARN")
	f(log.String(), "The storage directory is not writable")
	_ = serve.Process.Signal(syscall.SIGTERM)
	_ = serve.Wait()

	p.write("queue.yaml", "storage: {queue_path: data/queue}\n", 1)
	f(run("--config.file=queue.yaml"), "fail  queue   write to data: permission denied\n              -> create data/queue and make the user")
	f(run("--storage.path=data/new/store"), "fail  store   data/new/store does not exist and cannot be created: write to data: permission denied")
	if err := os.Chmod(p.path("data"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestDoctorBesideServe(t *testing.T) {
	t.Parallel()
	p := newPatient(t, "name: massive")
	address := strings.TrimPrefix(p.serve().url, "http://")
	p.examine(0, []string{"ok port: " + address + ": huggingface_exporter is listening"}, "--offline", "--web.listen-address="+address)

	// Also behind a password and a prefix.
	p.write("web.yaml", "basic_auth_users: {prom: $2a$04$VKcUSe1c7qjg0YyQ1WRSFO2vpdZSRZ2fpT2RfWyBHkUiQWfuKJDdq}\n", 1)
	flags := []string{"--web.config.file=web.yaml", "--web.route-prefix=/hf"}
	address = strings.TrimPrefix(p.serve(append(flags, "--storage.path=other")...).url, "http://")
	p.examine(0, []string{"ok port: " + address + ": huggingface_exporter is listening"}, append(flags, "--offline", "--web.listen-address="+address)...)
}

func TestDoctorOfAnEngine(t *testing.T) {
	t.Parallel()
	p := newPatient(t, "name: massive")
	p.write("down.yaml", "storage: {engine: victoriametrics, victoriametrics: {insert_url: 'http://127.0.0.1:1'}}\n", 1)
	begin := time.Now()
	p.examine(1, []string{"fail engine: ", "127.0.0.1:1", "-> check storage.victoriametrics"}, "--config.file=down.yaml")
	if d := time.Since(begin); d > patience {
		t.Errorf("it took %s", d)
	}
	p.examine(0, []string{"warn engine: not asked"}, "--config.file=down.yaml", "--offline")

	u, _ := p.storageEngine()
	p.write("up.yaml", fmt.Sprintf("storage: {engine: victoriametrics, victoriametrics: {insert_url: %q, flush_url: %q}}\n", u, u+"/internal/force_flush"), 1)
	p.write("six.csv", sixRows, 1)
	p.ok("import", "six.csv", "--config.file=up.yaml")
	p.examine(0, []string{`ok engine: victoriametrics: the history "default" has 6 records of 2 repositories`, "ok engine: victoriametrics accepts samples at " + u}, "--config.file=up.yaml")
	p.write("half.yaml", fmt.Sprintf("storage: {engine: victoriametrics, victoriametrics: {insert_url: %q, select_url: %q}}\n", u+"/nowhere", u), 1)
	p.examine(1, []string{"ok engine: victoriametrics: the history", "fail engine: ", "-> check storage.victoriametrics.insert_url"}, "--config.file=half.yaml")
}
