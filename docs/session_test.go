package docs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience bounds a page: for what takes seconds, on a busy machine.
const patience = 10 * time.Minute

// prelude is what each session begins with. Programs that run until they are told
// to stop end with it.
const prelude = `set -u
# until_ready URL: waits for a server.
until_ready() {
	for ((i = 0; i < 600; i++)); do curl -sf -o /dev/null --noproxy '*' "$1" && return; sleep 0.1; done
	echo "$1 does not answer" >&2
	return 1
}
# for_a_while URL COMMAND ...: a command that serves until it is stopped, from an
# empty folder if it names none; "make run" is stopped before.
made=
for_a_while() {
	local url=$1 pid
	shift
	[ -z "$made" ] || { kill "$made"; wait "$made" || true; made=; }
	case "$*" in *--storage.path=*) ;; *) set -- "$@" --storage.path="$PWD/served" ;; esac
	"$@" >served.log 2>&1 &
	pid=$!
	until_ready "$url" || { cat served.log >&2; kill "$pid"; return 1; }
	kill "$pid"
	wait "$pid" || { cat served.log >&2; return 1; }
	rm served.log
}
trap 'trap - EXIT; kill $(jobs -p) 2>/dev/null; wait' EXIT
`

// run runs the blocks of a page as one session in a folder, and checks what each
// of them did.
func (w *world) run(t *testing.T, page, dir, before string, blocks []block) {
	t.Helper()
	var script strings.Builder
	script.WriteString(prelude)
	script.WriteString(before)
	script.WriteString("\n")
	for i, b := range blocks {
		commands := w.place(b.commands, !b.expected)
		if !b.expected {
			commands = "set -e\n" + commands
		}
		// Braces, so that folders, variables and jobs stay. The end is marked even
		// where the commands leave the shell.
		fmt.Fprintf(&script, "echo; echo '@@ %d'; %s\nstatus=$?; set +e; echo \"@@ end %d $status\"\n", i, commands, i)
	}
	name := filepath.Join(t.TempDir(), "session.sh")
	if err := os.WriteFile(name, []byte(script.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", name)
	cmd.Dir, cmd.Env = dir, w.environment(dir)
	// A group of its own, all of which is ended in the end.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what a command left behind
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v\n%s", page, err, output.String())
	}
	for i, b := range blocks {
		_, rest, began := strings.Cut(output.String(), fmt.Sprintf("\n@@ %d\n", i))
		printed, status, ended := strings.Cut(rest, fmt.Sprintf("@@ end %d ", i))
		where := fmt.Sprintf("%s:%d: %s", page, b.line, strings.TrimSpace(b.commands))
		switch {
		case !began:
			t.Fatalf("%s: was not reached", where)
		case !ended:
			t.Fatalf("%s: failed\n%s", where, rest)
		case !b.expected && !strings.HasPrefix(status, "0\n"):
			t.Fatalf("%s: exit %.3s\n%s", where, status, printed)
		case b.expected && !matches(w.unplace(printed, dir), b.output):
			t.Errorf("%s: expected\n%s\ngot\n%s", where, b.output, w.unplace(printed, dir))
		}
	}
}

// matches compares what was printed with what a page shows: "..." in a line stands
// for anything in that line, and a line of it alone for any number of lines.
func matches(printed, shown string) bool {
	var pattern strings.Builder
	pattern.WriteString(`(?s)^\s*`)
	for line := range strings.Lines(strings.TrimSpace(shown)) {
		line = strings.TrimRight(line, " \n")
		if line == "..." {
			pattern.WriteString(`(?:[^\n]*\n)*?`)
			continue
		}
		for i, part := range strings.Split(line, "...") {
			if i > 0 {
				pattern.WriteString(`[^\n]*?`)
			}
			pattern.WriteString(regexp.QuoteMeta(part))
		}
		pattern.WriteString(` *(?:\n|$)`)
	}
	pattern.WriteString(`\s*$`)
	return regexp.MustCompile(pattern.String()).MatchString(printed)
}

func TestMatches(t *testing.T) {
	f := func(printed, shown string, want bool) {
		t.Helper()
		if got := matches(printed, shown); got != want {
			t.Errorf("%q for %q: expected %v", printed, shown, want)
		}
	}
	f("a b\n", "a b\n", true)
	f("a b\n", "a c\n", false)
	f("a b\nmore\n", "a b\n", false)
	f("time=1 msg=x\n", "time=... msg=x\n", true)
	f("time=1\nmsg=x\n", "time=... msg=x\n", false)
	f("a\n1\n2\nb\n", "a\n...\nb\n", true)
	f("a\nb\n", "a\n...\nb\n", true)
	f("a\nc\n", "a\n...\nb\n", false)
	f("a\n1\n2\n", "a\n...\n", true)
}
