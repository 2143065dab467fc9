package docs_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// world is what the pages are run in: programs, and ports in place of those that
// the pages name.
type world struct {
	bin   string            // a folder of programs
	ports map[string]string // the port in use for the one on the pages
	root  string            // the project
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{bin: t.TempDir(), ports: make(map[string]string)}
	var err error
	if w.root, err = filepath.Abs(root); err != nil {
		t.Fatal(err)
	}
	for name, pkg := range map[string]string{"huggingface_exporter": "./cmd/huggingface_exporter", "fakehub": "./internal/fakehub/cmd/fakehub"} {
		build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(w.bin, name), pkg)
		build.Dir = root
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	// All are held until all are chosen, so that no two are the same.
	for _, port := range []string{"10061", "8765", "9090", "8428"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		w.ports[port] = fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
	}
	return w
}

// environment is that of a session: nothing of the person who runs the test but
// what Go needs.
func (w *world) environment(dir string) []string {
	env := []string{
		"PATH=" + w.bin + ":" + os.Getenv("PATH"),
		"HOME=" + filepath.Join(dir, "home"), "LC_ALL=C.UTF-8", "TZ=UTC", "NO_PROXY=*", "CI=true",
		"HF_ENDPOINT=http://127.0.0.1:" + w.ports["8765"],
		"PROJECT=" + w.root,
	}
	out, err := exec.Command("go", "env", "GOMODCACHE", "GOCACHE", "GOPROXY", "GOFLAGS", "GOSUMDB").Output()
	if err != nil {
		return env
	}
	values := strings.Split(string(out), "\n")
	for i, name := range []string{"GOMODCACHE", "GOCACHE", "GOPROXY", "GOFLAGS", "GOSUMDB"} {
		env = append(env, name+"="+values[i])
	}
	return env
}

var (
	address = regexp.MustCompile(`\b(localhost|127\.0\.0\.1):(10061|8765|9090|8428)\b`)
	served  = regexp.MustCompile(`(?m)^((?:[A-Z_]+=\S+ +)*(?:bin/)?huggingface_exporter serve[^&|>#\n]*)(#.*)?$`)
	// Folders of a system are those of the session.
	system = strings.NewReplacer(
		"/var/lib/huggingface_exporter", "$PWD/var", "/backup/", "$PWD/backup/", "/path/to/prometheus/data", "$PWD/prometheus",
		"git clone https://github.com/huggingface-exporter/huggingface_exporter", "git clone --quiet $PROJECT huggingface_exporter",
		"make run\n", "make run LISTEN=127.0.0.1:10061 STORAGE=$PWD/demo-data >run.log 2>&1 & made=$! && until_ready http://127.0.0.1:10061/-/ready\n",
		"cd huggingface_exporter\n", "cd huggingface_exporter && cp examples/six-rows.csv export.csv\n",
	)
)

// place makes the commands of a page ones of the session. Those that serve are
// stopped once they do, if they are meant to.
func (w *world) place(commands string, serves bool) string {
	commands = system.Replace(commands)
	if serves {
		commands = served.ReplaceAllString(commands, "for_a_while http://127.0.0.1:10061/-/ready env $1 --web.listen-address=127.0.0.1:10061 $2")
	}
	for _, m := range makes {
		commands = m.ReplaceAllString(commands, "make --directory=$$PROJECT --dry-run $1 >/dev/null ")
	}
	return address.ReplaceAllStringFunc(commands, func(s string) string {
		_, port, _ := strings.Cut(s, ":")
		return "127.0.0.1:" + w.ports[port]
	})
}

// makes are the targets that a session does not run: make knows them, and that is
// checked. Other tests and the workflows run them.
var makes = []*regexp.Regexp{
	regexp.MustCompile(`(?m)^make ((?:docs-test|test|test-bench|test-release|mutation|plugin|grafana|stack|e2e|bench|fuzz|soak|coverage|campaigns|frontend|release|publish|package-test|audit|validate-plugin|lint|unit|clean)\b[^#\n]*)`),
}

// unplace gives what was printed the addresses of the page again.
func (w *world) unplace(printed, dir string) string {
	for shown, port := range w.ports {
		printed = strings.ReplaceAll(printed, "127.0.0.1:"+port, "localhost:"+shown)
	}
	return strings.ReplaceAll(printed, dir+"/", "")
}
