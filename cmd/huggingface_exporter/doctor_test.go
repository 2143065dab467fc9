package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// patient is a Hub, a configuration and a store for doctor to look at.
type patient struct{ *collects }

func newPatient(t *testing.T, orgs ...string) *patient {
	t.Helper()
	for _, name := range []string{"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_ENDPOINT", "XDG_CACHE_HOME"} {
		t.Setenv(name, "")
	}
	p := &patient{newCollects(t)}
	t.Setenv("HF_HOME", p.dir)
	t.Setenv("HOME", p.dir)
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
func (p *patient) examine(wantCode int, want []string, args ...string) []finding {
	p.Helper()
	args = append([]string{"doctor", "--format=json", "--web.listen-address=127.0.0.1:0"}, args...)
	if !slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "--config.file") }) {
		args = append(args, "--config.file=c.yaml")
	}
	stdout, stderr, code := p.run(nil, args...)
	var got struct {
		OK       bool
		Findings []finding
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		p.Fatalf("%v\n%s%s", err, stdout, stderr)
	}
	var lines []string
	for _, f := range got.Findings {
		lines = append(lines, string(f.Verdict)+" "+f.Check+": "+f.Found+" -> "+f.Do)
		if (f.Verdict == good) != (f.Do == "") {
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
	p := newPatient(t, "name: massive", "name: globex, source: listings")
	p.examine(0, []string{
		"ok config: c.yaml: 2 organisations, 0 files to import",
		"ok port: 127.0.0.1:0 is free",
		"ok store: ./data is not there yet; serve makes it",
		"ok token: massive: a token from ", "token ->",
		"ok hub: massive: http://127.0.0.1", "gives its publisher analytics ->",
		"ok hub: globex: ", "lists its repositories",
		"ok clock: as the Hub's",
	})
	if _, err := os.Stat(p.path("data")); !os.IsNotExist(err) {
		t.Error("doctor made the folder of the store")
	}
	p.collect(0)
	p.ahead.Store(0)
	before := p.snapshot("data")
	for _, f := range p.examine(0, []string{"ok store: ./data: 3 records of ", "files of layout 1, "}) {
		if f.Verdict != good {
			t.Errorf("%+v", f)
		}
	}
	if after := p.snapshot("data"); len(after) != len(before) {
		t.Errorf("doctor changed the store: %d files, and then %d", len(before), len(after))
	}

	// For people.
	stdout, stderr, code := p.run(nil, "doctor", "--config.file=c.yaml", "--web.listen-address=127.0.0.1:0")
	if code != 0 || stderr != "" || !strings.Contains(stdout, "ok    clock   as the Hub's\n") || !strings.HasSuffix(stdout, " ok, 0 warn, 0 fail\n") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	p.hub.Fail(fakehub.On{}, fakehub.Always, fakehub.Status(500))
	stdout, stderr, code = p.run(nil, "doctor", "--config.file=c.yaml", "--web.listen-address=127.0.0.1:0")
	if code != 1 || !strings.Contains(stdout, "\n              -> wait: the Hub has a fault\n") || !strings.Contains(stderr, "2 of 8 checks failed") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	p.examine(0, []string{"ok config"}, "--offline")
}

func TestDoctorOfTheConfiguration(t *testing.T) {
	p := newPatient(t, "name: massive")
	p.write("bad.yaml", "hub: {organisations: []}\nstorage: {engin: x}\n", 1)
	p.examine(1, []string{"fail config: bad.yaml:1: hub.organisations: unknown field", "bad.yaml:2: storage.engin: unknown field", "-> mend these", "ok store", "ok port"}, "--config.file=bad.yaml")
	p.examine(1, []string{"fail config: cannot read the configuration", "-> name the right one"}, "--config.file=none.yaml")
	p.write("empty.yaml", "", 1)
	t.Setenv("HF_ENDPOINT", p.url)
	p.examine(0, []string{"warn config: empty.yaml names nothing to collect", "ok hub: "}, "--config.file=empty.yaml")
	p.hub.AddOrg("huggingface", fakehub.Free)
	p.hub.AddRepo(history.Model, "huggingface/m")
	p.examine(0, []string{"ok hub: " + p.url + " answers", "ok clock"}, "--config.file=empty.yaml")
	p.hub.Fail(fakehub.On{}, fakehub.Always, fakehub.Status(502))
	p.examine(0, []string{"warn hub: models of", "or leave it, as long as no organisation is collected"}, "--config.file=empty.yaml")
	p.hub.Heal()
	p.write("files.yaml", "files: [no/*.csv, six.csv]\n", 1)
	p.write("six.csv", sixRows, 1)
	p.examine(0, []string{"ok config: files.yaml: 0 organisations, 1 files", `warn config: files: "no/*.csv" matches no file`}, "--config.file=files.yaml", "--offline")
	if err := os.Chmod(p.write("open.yaml", "hub: {token: "+formedToken+", endpoint: '"+p.url+"', organizations: [{name: massive}]}\n", 1), 0o644); err != nil {
		t.Fatal(err)
	}
	p.examine(0, []string{"warn config: open.yaml holds a token, and its mode is 0644", "-> chmod 600 open.yaml", "ok hub: massive"}, "--config.file=open.yaml")
	p.write("web.yaml", "basic_auth_users: {a: b}\nnot_a_field: 1\n", 1)
	p.examine(1, []string{"fail config: web.yaml: "}, "--web.config.file=web.yaml")
	p.write("web.yaml", "basic_auth_users: {a: $2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi}\n", 1)
	p.examine(0, []string{"ok config: web.yaml"}, "--web.config.file=web.yaml")
}

func TestDoctorOfTokens(t *testing.T) {
	p := newPatient(t, "name: massive")
	f := func(wantCode int, want string, org string) {
		t.Helper()
		p.config(org)
		p.secret("token", formedToken)
		p.examine(wantCode, []string{want})
	}
	f(1, "fail token: massive: cannot read a secret: open ", "name: massive, token_file: nowhere")
	p.secret("void", "")
	f(1, "an empty file -> put the token there", "name: massive, token_file: void")
	p.secret("two", "hf_one hf_two")
	f(1, "expected a token of letters, digits", "name: massive, token_file: two")
	p.secret("odd", hubToken)
	f(0, "odd, which does not look like one of the Hub's", "name: massive, token_file: odd")
	if err := os.Chmod(p.path("odd"), 0o640); err != nil {
		t.Fatal(err)
	}
	f(0, "holds a token, and its mode is 0640", "name: massive, token_file: odd")

	// No token at all.
	none := func(wantCode int, want []string, org string) {
		t.Helper()
		p.write("none.yaml", "hub: {endpoint: '"+p.url+"', organizations: [{"+org+"}]}\n", 1)
		if err := os.Remove(p.path("token")); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		p.examine(wantCode, want, "--config.file=none.yaml")
	}
	none(1, []string{"fail token: massive: none", "-> set hub.token_file, or HF_TOKEN", "fail hub: massive"}, "name: massive, source: publisher_analytics")
	none(0, []string{"warn token: massive: none", "warn hub: massive: no publisher analytics", "ok hub: massive: "}, "name: massive")
	none(0, []string{"ok token: globex: none, and its public listings need none"}, "name: globex, source: listings")
	// The Hub's own file.
	p.write("token", formedToken, 1)
	p.write("none.yaml", "hub: {endpoint: '"+p.url+"', organizations: [{name: massive}]}\n", 1)
	p.examine(0, []string{"ok token: massive: a token from " + p.path("token"), "warn token: " + p.path("token") + " holds a token"}, "--config.file=none.yaml")
}

func TestDoctorOfTheHub(t *testing.T) {
	p := newPatient(t, "name: massive")
	f := func(fault fakehub.Fault, org string, wantCode int, want ...string) {
		t.Helper()
		p.config(org)
		p.secret("token", formedToken)
		if fault != nil {
			p.hub.Fail(fakehub.On{}, fakehub.Always, fault)
		}
		p.examine(wantCode, want)
		p.hub.Heal()
	}
	const both = "name: massive, source: publisher_analytics"
	f(fakehub.Status(401), both, 1, "fail hub: massive: publisher_analytics of \"massive\": auth", "-> check that the token is whole")
	f(fakehub.Status(403), both, 1, "forbidden", "which has a Team or Enterprise plan")
	f(fakehub.Status(404), both, 1, "not_found", "-> check the name of the organisation")
	f(fakehub.TooManyFor("pages", 200), both, 1, "rate_limited", "-> wait until the limit is over")
	f(fakehub.Status(503), both, 1, "server", "-> wait: the Hub has a fault")
	f(fakehub.LoginPage(), both, 1, "expected CSV, got an HTML page", "-> check hub.endpoint")
	f(fakehub.RedirectToLogin(), both, 1, "was sent to the login page")
	f(fakehub.Status(500), "name: massive, source: listings", 1, "fail hub: massive: models of")
	f(nil, "name: globex", 0, "warn hub: globex: no publisher analytics, so its public listings are read", "ok hub: globex: ")
	f(nil, "name: empty, source: listings", 0, "warn hub: empty: ", "lists no repository of it")
	f(nil, "name: nowhere", 1, "fail hub: nowhere: publisher_analytics of \"nowhere\": not_found", "-> check the name of the organisation")
	p.ahead.Store(3600)
	f(nil, both, 0, "warn clock: ", "behind the Hub's -> set it, by NTP")
	p.ahead.Store(-1000)
	f(nil, both, 0, "warn clock: ", "ahead of the Hub's")
	p.write("gone.yaml", "hub: {endpoint: 'http://127.0.0.1:1', token_file: token, organizations: [{name: massive}]}\n", 1)
	for _, f := range p.examine(1, []string{"fail hub: massive: ", "network", "-> check name resolution, the proxy"}, "--config.file=gone.yaml") {
		if f.Check == "clock" {
			t.Errorf("a clock was compared with nothing: %+v", f)
		}
	}
}

func TestDoctorOfTheStore(t *testing.T) {
	p := newPatient(t, "name: massive")
	p.collect(0)
	f := func(wantCode int, want ...string) {
		t.Helper()
		p.examine(wantCode, want, "--offline")
	}
	names, err := filepath.Glob(p.path("data/records/*.parquet"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	whole, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	write := func(b []byte) {
		t.Helper()
		if err := os.WriteFile(names[0], b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(whole[:len(whole)-1])
	f(1, "fail store: data/records/", "is damaged", "-> see the chapter Backups")
	newer := strings.Replace(string(whole), "huggingface_exporter.layout\x18\x011", "huggingface_exporter.layout\x18\x019", 1)
	write([]byte(strings.Replace(newer, "huggingface_exporter.checksum", "huggingface_exporter.checkers", 1)))
	f(1, "its layout is 9, the newest that this version reads is 1", "-> upgrade huggingface_exporter")
	write(whole)
	p.write("data/records/notes.txt", "milk", 1)
	f(1, "notes.txt")
	if err := os.Remove(p.path("data/records/notes.txt")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(p.path("data"), 0o777); err != nil {
		t.Fatal(err)
	}
	f(0, "warn store: anybody on this machine may change ./data")
	p.examine(1, []string{"fail store: expected a folder at c.yaml, got a file"}, "--offline", "--storage.path=c.yaml")
	p.write("queue.yaml", "storage: {queue_path: waiting/here}\n", 1)
	p.examine(0, []string{"ok queue: waiting/here: what cannot be stored yet waits there"}, "--offline", "--config.file=queue.yaml")
}

// Another user than the store's is told what it may not.
func TestDoctorOfPermissions(t *testing.T) {
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
	f(out, "fail  store   ./data cannot be written to: write to ./data: permission denied\n              -> give the folder to the user that serve runs as: chown -R USER ./data")
	if os.Geteuid() == 0 {
		f(out, "fail  token   massive: cannot read a secret: open ")
	}
	p.write("queue.yaml", "storage: {queue_path: data/queue}\n", 1)
	f(run("--config.file=queue.yaml"), "fail  queue   write to data: permission denied\n              -> make data/queue and give it to the user")
	f(run("--storage.path=data/new/store"), "fail  store   data/new/store is not there and cannot be made: write to data: permission denied")
	if err := os.Chmod(p.path("data"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestDoctorOfPorts(t *testing.T) {
	p := newPatient(t, "name: massive")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { // what takes connections and says nothing
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	p.examine(1, []string{"fail port: " + l.Addr().String() + " is taken, by another program", "-> stop what listens there"}, "--offline", "--web.listen-address="+l.Addr().String())
	l.Close()
	s := p.serve()
	address := strings.TrimPrefix(s.url, "http://")
	p.examine(0, []string{"ok port: " + address + ": a huggingface_exporter serves there"}, "--offline", "--web.listen-address="+address)
	p.examine(1, []string{"fail port: listen tcp: ", "-> write it as host:port"}, "--offline", "--web.listen-address=nothing")
}

func TestDoctorOfAnEngine(t *testing.T) {
	p := newPatient(t, "name: massive")
	p.write("down.yaml", "storage: {engine: victoriametrics, victoriametrics: {insert_url: 'http://127.0.0.1:1'}}\n", 1)
	begin := time.Now()
	p.examine(1, []string{"fail engine: ", "127.0.0.1:1", "-> check storage.victoriametrics"}, "--config.file=down.yaml")
	if d := time.Since(begin); d > askTime+patience {
		t.Errorf("it took %s", d)
	}
	p.examine(0, []string{"warn engine: not asked"}, "--config.file=down.yaml", "--offline")

	u, _ := p.storageEngine()
	p.write("up.yaml", fmt.Sprintf("storage: {engine: victoriametrics, victoriametrics: {insert_url: %q, flush_url: %q}}\n", u, u+"/internal/force_flush"), 1)
	p.write("six.csv", sixRows, 1)
	p.ok("import", "six.csv", "--config.file=up.yaml")
	p.examine(0, []string{`ok engine: victoriametrics: the history "default" has 6 records of 2 repositories`, "ok engine: victoriametrics takes samples at " + u}, "--config.file=up.yaml")
	p.write("half.yaml", fmt.Sprintf("storage: {engine: victoriametrics, victoriametrics: {insert_url: %q, select_url: %q}}\n", u+"/nowhere", u), 1)
	p.examine(1, []string{"ok engine: victoriametrics: the history", "fail engine: ", "-> check storage.victoriametrics.insert_url"}, "--config.file=half.yaml")
}
