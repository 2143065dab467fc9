package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/localstore"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// patient is a Hub, a configuration and a store to examine, in a folder that is the
// working directory of the test.
type patient struct {
	*testing.T
	home  string
	hub   *fakehub.Hub
	url   string
	ahead atomic.Int64 // by how many seconds the Hub's clock is ahead of ours
}

const exportCSV = "repoType,repoName,total,timestamp,downloads\nmodel,o/a,9,2024-01-01,1\n"

const (
	formedToken = "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH"
	oddToken    = "hf_TheSecretOfTheTest_0123456789" // not of the Hub's form
)

func newPatient(t *testing.T) *patient {
	t.Helper()
	home := t.TempDir()
	t.Chdir(home)
	for _, name := range []string{"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_ENDPOINT", "XDG_CACHE_HOME"} {
		t.Setenv(name, "")
	}
	t.Setenv("HF_HOME", home)
	t.Setenv("HOME", home)
	p := &patient{T: t, home: home}
	p.hub = fakehub.New(fakehub.Options{Now: func() time.Time { return time.Now().Add(time.Duration(p.ahead.Load()) * time.Second) }})
	s := httptest.NewServer(p.hub)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	p.url = s.URL
	p.addOrg("massive", fakehub.Team)
	p.addOrg("globex", fakehub.Free)
	p.hub.AddOrg("empty", fakehub.Free)
	p.hub.AddToken(formedToken, "massive")
	p.hub.AddToken(oddToken, "massive")
	p.config("name: massive")
	return p
}

// addOrg makes an organization with a model of two days and a dataset of one.
func (p *patient) addOrg(name string, plan fakehub.Plan) {
	p.hub.AddOrg(name, plan)
	p.hub.AddRepo(history.Model, name+"/m").SetDay(20000, 10).SetDay(20001, 20)
	p.hub.AddRepo(history.Dataset, name+"/d").SetDay(20000, 5)
}

// write makes a file that its user alone may read.
func (p *patient) write(name, text string) {
	p.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o777), os.WriteFile(name, []byte(text), 0o600), os.Chmod(name, 0o600)); err != nil {
		p.Fatal(err)
	}
}

func (p *patient) chmod(name string, mode fs.FileMode) {
	p.Helper()
	if err := os.Chmod(name, mode); err != nil {
		p.Fatal(err)
	}
}

// config writes c.yaml, with an organization in the flow style of YAML.
func (p *patient) config(org string) {
	p.Helper()
	p.write("token", formedToken+"\n")
	p.write("c.yaml", fmt.Sprintf("hub: {endpoint: %q, token_file: token, organizations: [{%s}]}\n", p.url, org))
}

// examine runs the checks and expects each text of want in a line, as
// "verdict check: found -> advice".
func (p *patient) examine(wantFailures bool, o Options, want ...string) Report {
	p.Helper()
	if o.ConfigFile == "" {
		o.ConfigFile = "c.yaml"
	}
	if o.StoragePath == "" {
		o.StoragePath = "./data"
	}
	if o.Addresses == nil {
		o.Addresses = []string{"127.0.0.1:0"}
	}
	o.Log = slog.New(slog.DiscardHandler)
	report := Run(p.Context(), o)
	var lines []string
	for _, f := range report {
		lines = append(lines, string(f.Verdict)+" "+f.Check+": "+f.Found+" -> "+f.Advice)
		if (f.Verdict == OK) != (f.Advice == "") {
			p.Errorf("%+v: expected advice for all that is not ok, and for that alone", f)
		}
	}
	text := strings.Join(lines, "\n")
	if got := report.Count(Fail) > 0; got != wantFailures {
		p.Errorf("failures: %v, want %v", got, wantFailures)
	}
	for _, w := range want {
		if !strings.Contains(text, w) {
			p.Errorf("there is no %q", w)
		}
	}
	if strings.Contains(text, formedToken[3:]) || strings.Contains(text, oddToken[3:]) {
		p.Error("a token is shown")
	}
	if p.Failed() {
		p.Fatalf("%+v: got\n%s", o, text)
	}
	return report
}

func TestDoctorOfTheConfiguration(t *testing.T) {
	p := newPatient(t)
	p.write("bad.yaml", "hub: {orgs: []}\nstorage: {engin: x}\n")
	p.examine(true, Options{ConfigFile: "bad.yaml"}, "fail config: bad.yaml:1: hub.orgs: unknown field", "bad.yaml:2: storage.engin: unknown field", "-> fix these errors", "ok store", "ok port")
	p.examine(true, Options{ConfigFile: "none.yaml"}, "fail config: cannot read the configuration", "-> set --config.file")
	p.write("empty.yaml", "")
	t.Setenv("HF_ENDPOINT", p.url)
	p.examine(false, Options{ConfigFile: "empty.yaml"}, "warn config: empty.yaml configures nothing to collect", "ok hub: ")
	p.hub.AddOrg("huggingface", fakehub.Free)
	p.hub.AddRepo(history.Model, "huggingface/m")
	p.examine(false, Options{ConfigFile: "empty.yaml"}, "ok hub: "+p.url+" answers", "ok clock")
	p.hub.Fail(fakehub.On{}, fakehub.Always, fakehub.Status(502))
	p.examine(false, Options{ConfigFile: "empty.yaml"}, "warn hub: models of", "or ignore it while no organization is collected")
	p.hub.Heal()
	p.write("files.yaml", "files: [no/*.csv, six.csv]\n")
	p.write("six.csv", exportCSV)
	p.examine(false, Options{ConfigFile: "files.yaml", Offline: true}, "ok config: files.yaml: 0 organizations, 1 file", `warn config: files: "no/*.csv" matches no file`)
	p.write("open.yaml", "hub: {token: "+formedToken+", endpoint: '"+p.url+"', organizations: [{name: massive}]}\n")
	p.chmod("open.yaml", 0o644)
	p.examine(false, Options{ConfigFile: "open.yaml"}, "warn config: open.yaml contains a token and has mode 0644", "-> chmod 600 open.yaml", "ok hub: massive")
	p.write("web.yaml", "basic_auth_users: {a: b}\nnot_a_field: 1\n")
	p.examine(true, Options{WebConfigFile: "web.yaml"}, "fail config: web.yaml: ")
	p.write("web.yaml", "basic_auth_users: {a: $2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi}\n")
	p.examine(false, Options{WebConfigFile: "web.yaml"}, "ok config: web.yaml")
}

// Credentials that would go over the network as they are.
func TestDoctorOfAnEndpointWithoutTLS(t *testing.T) {
	p := newPatient(t)
	const rest = "endpoint: 'http://hub.invalid', organizations: [{name: a}, {name: b}]}\n"
	p.write("c.yaml", "hub: {token: "+formedToken+", "+rest)
	p.examine(true, Options{Offline: true}, "fail token: a: hub.endpoint: expected https", "got http://hub.invalid", "-> use an https endpoint")
	p.write("c.yaml", "hub: {allow_insecure_token: true, token: "+formedToken+", "+rest)
	p.examine(false, Options{Offline: true}, "warn token: a: hub.endpoint: expected https", "ok token: a")
}

func TestDoctorOfTokens(t *testing.T) {
	p := newPatient(t)
	f := func(wantFailures bool, want string, org string) {
		t.Helper()
		p.config(org)
		p.write("token", formedToken)
		p.examine(wantFailures, Options{}, want)
	}
	f(true, "fail token: massive: cannot read a token: open ", "name: massive, token_file: nowhere")
	p.write("void", "")
	f(true, "an empty file -> put the token there", "name: massive, token_file: void")
	p.write("two", "hf_one hf_two")
	f(true, "expected a token of only letters, digits", "name: massive, token_file: two")
	p.write("odd", oddToken)
	f(false, "odd, which does not look like a token of the Hub", "name: massive, token_file: odd")
	p.chmod("odd", 0o640)
	f(false, "contains a token and has mode 0640", "name: massive, token_file: odd")

	// No token at all.
	none := func(wantFailures bool, want []string, org string) {
		t.Helper()
		p.write("none.yaml", "hub: {endpoint: '"+p.url+"', organizations: [{"+org+"}]}\n")
		if err := os.Remove("token"); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		p.examine(wantFailures, Options{ConfigFile: "none.yaml"}, want...)
	}
	none(true, []string{"fail token: massive: no token", "-> set hub.token_file, or HF_TOKEN", "fail hub: massive"}, "name: massive, source: publisher_analytics")
	none(false, []string{"warn token: massive: no token", "warn hub: massive: no publisher analytics", "ok hub: massive: "}, "name: massive")
	none(false, []string{"ok token: globex: no token; public listings need none"}, "name: globex, source: listings")
	// The Hub's own file.
	p.write("token", formedToken)
	p.chmod("token", 0o644)
	p.write("none.yaml", "hub: {endpoint: '"+p.url+"', organizations: [{name: massive}]}\n")
	p.examine(false, Options{ConfigFile: "none.yaml"}, "ok token: massive: a token from "+p.home+"/token", "warn token: "+p.home+"/token contains a token")
}

func TestDoctorOfTheHub(t *testing.T) {
	p := newPatient(t)
	f := func(fault fakehub.Fault, org string, wantFailures bool, want ...string) {
		t.Helper()
		p.config(org)
		p.write("token", formedToken)
		if fault != nil {
			p.hub.Fail(fakehub.On{}, fakehub.Always, fault)
		}
		p.examine(wantFailures, Options{}, want...)
		p.hub.Heal()
	}
	const both = "name: massive, source: publisher_analytics"
	f(fakehub.Status(401), both, true, "fail hub: massive: publisher_analytics of \"massive\": auth", "-> check that the token is complete")
	f(fakehub.Status(403), both, true, "forbidden", "(Team or Enterprise plan)")
	f(fakehub.Status(404), both, true, "not_found", "-> check the name of the organization")
	f(fakehub.TooManyFor("pages", 200), both, true, "rate_limited", "-> wait for the rate limit to reset")
	f(fakehub.Status(503), both, true, "server", "-> wait: the Hub has a problem")
	f(fakehub.LoginPage(), both, true, "expected CSV, got an HTML page", "-> check hub.endpoint")
	f(fakehub.RedirectToLogin(), both, true, "was redirected to the login page")
	f(fakehub.Status(500), "name: massive, source: listings", true, "fail hub: massive: models of")
	f(nil, "name: globex", false, "warn hub: globex: no publisher analytics, so public listings are read", "ok hub: globex: ")
	f(nil, "name: empty, source: listings", false, "warn hub: empty: ", "lists no repositories")
	f(nil, "name: nowhere, source: listings", true, "fail hub: nowhere: overview of \"nowhere\": not_found", "-> check the name of the organization")
	f(nil, "name: nowhere", true, "fail hub: nowhere: publisher_analytics of \"nowhere\": not_found", "-> check the name of the organization")
	p.ahead.Store(3600)
	f(nil, both, false, "warn clock: ", "behind the Hub's -> set it, for example with NTP")
	p.ahead.Store(-1000)
	f(nil, both, false, "warn clock: ", "ahead of the Hub's")
	p.write("gone.yaml", "hub: {endpoint: 'http://127.0.0.1:1', token_file: token, organizations: [{name: massive}]}\n")
	for _, f := range p.examine(true, Options{ConfigFile: "gone.yaml"}, "fail hub: massive: ", "network", "-> check DNS, the proxy") {
		if f.Check == "clock" {
			t.Errorf("a clock was compared with nothing: %+v", f)
		}
	}
}

func TestDoctorOfTheStore(t *testing.T) {
	p := newPatient(t)
	store, err := localstore.Open(t.Context(), "data", localstore.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	rows := hubcsv.Read(strings.NewReader(exportCSV), hubcsv.Options{Version: history.Version{Source: history.Published, AsOf: 1}})
	if _, err := store.Append(t.Context(), history.Batch{Rows: rows}); err != nil {
		t.Fatal(err)
	}
	store.Close()
	f := func(wantFailures bool, want ...string) {
		t.Helper()
		p.examine(wantFailures, Options{Offline: true}, want...)
	}
	names, err := filepath.Glob("data/records/*.parquet")
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
	f(true, "fail store: data/records/", "is damaged", "-> see Backups")
	newer := strings.Replace(string(whole), "huggingface_exporter.layout\x18\x011", "huggingface_exporter.layout\x18\x019", 1)
	write([]byte(strings.Replace(newer, "huggingface_exporter.checksum", "huggingface_exporter.checkers", 1)))
	f(true, "its layout is 9, the newest that this version reads is 1", "-> upgrade huggingface_exporter")
	write(whole)
	p.write("data/records/notes.txt", "milk")
	f(true, "notes.txt")
	if err := os.Remove("data/records/notes.txt"); err != nil {
		t.Fatal(err)
	}
	p.chmod("data", 0o777)
	f(false, "warn store: everyone on this machine can change ./data")
	p.examine(true, Options{Offline: true, StoragePath: "c.yaml"}, "fail store: expected a directory at c.yaml, got a file")
	p.write("queue.yaml", "storage: {queue_path: waiting/here}\n")
	p.examine(false, Options{Offline: true, ConfigFile: "queue.yaml"}, "ok queue: waiting/here: directory of the queue")
}

func TestDoctorOfPorts(t *testing.T) {
	p := newPatient(t)
	serving := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/-/healthy" {
			fmt.Fprintln(w, "huggingface_exporter is running.")
		}
	}))
	defer serving.Close()
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	go func() { // takes connections and says nothing
		for {
			c, err := mute.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	f := func(address string, wantFailures bool, want ...string) {
		t.Helper()
		p.examine(wantFailures, Options{Offline: true, Addresses: []string{address}}, want...)
	}
	f("127.0.0.1:0", false, "ok port: 127.0.0.1:0 is free")
	f(mute.Addr().String(), true, "fail port: "+mute.Addr().String()+" is in use by another program", "-> stop the program that listens there")
	address := serving.Listener.Addr().String()
	f(address, false, "ok port: "+address+": huggingface_exporter is listening")
	f("nothing", true, "fail port: listen tcp: ", "-> use host:port")
	f("vsock://:1", false)

	f("unix://s", false, "ok port: unix://s is free")
	l, err := net.Listen("unix", "s")
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	f("unix://s", false, "ok port: unix://s is a leftover of a killed process")
}
