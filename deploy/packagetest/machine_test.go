// Package packagetest_test installs the packages for Debian and RPM systems, uses
// what they install as the system would, upgrades, removes and purges them.
//
// All of it happens in a copy of this machine: a root folder in which every change
// goes to a memory file system, seen by the processes of the test alone.
package packagetest_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// machine is a copy of this machine, on which packages are installed.
type machine struct {
	*testing.T
	pid string // of the process whose mounts and process numbers it has
}

// setUp is run by a shell that has mounts and process numbers of its own; $1 is an
// empty folder. It says "ready", and the copy ends with it.
const setUp = `set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 copy "$1"
mkdir "$1/changes" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=/,upperdir=$1/changes,workdir=$1/work" copy "$1/root"
mount -t proc proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
mount --rbind /sys "$1/root/sys"
mount -t tmpfs -o mode=1777 tmp "$1/root/tmp"
mount -t tmpfs -o mode=755 run "$1/root/run"
# The index of all manual pages is not written anew for each package.
rm -f "$1/root/var/lib/man-db/auto-update"
echo ready
exec sleep infinity`

// newMachine makes a copy, in which the packages are in the folder /packages. Where that takes
// rights that the test has not got, it is skipped, unless CI asks for all tests.
func newMachine(t *testing.T, packages string) *machine {
	t.Helper()
	folder := t.TempDir()
	cmd := exec.Command("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", setUp, "sh", folder)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	ready := make([]byte, len("ready\n"))
	if _, err := out.Read(ready); err != nil || string(ready) != "ready\n" {
		_ = cmd.Wait() // it failed
		if os.Getenv("CI") == "" {
			t.Skipf("this machine cannot be copied, which takes root and mounts of one's own:\n%s", stderr.String())
		}
		t.Fatalf("this machine cannot be copied: %s", stderr.String())
	}
	children, err := os.ReadFile("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/task/" + strconv.Itoa(cmd.Process.Pid) + "/children")
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{t, strings.TrimSpace(string(children))}
	if err := os.CopyFS(m.path("/packages"), os.DirFS(packages)); err != nil {
		t.Fatal(err)
	}
	return m
}

// path is the place of a file of the copy, as this machine sees it.
func (m *machine) path(name string) string {
	return filepath.Join("/proc", m.pid, "root", m.root(), name)
}

// root is the root folder of the copy, as the process of the copy sees it.
func (m *machine) root() string {
	m.Helper()
	mounts, err := os.ReadFile("/proc/" + m.pid + "/mounts")
	if err != nil {
		m.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if fields := strings.Fields(line); fields[0] == "copy" && fields[2] == "overlay" {
			return fields[1]
		}
	}
	m.Fatal("the copy of the machine has ended")
	return ""
}

// command is one to run in the copy.
func (m *machine) command(args ...string) *exec.Cmd {
	m.Helper()
	enter := []string{"--target", m.pid, "--mount", "--pid", "--", "chroot", m.root(), "env", "-i",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "HOME=/root", "LC_ALL=C.UTF-8"}
	return exec.CommandContext(m.Context(), "nsenter", append(enter, args...)...)
}

// run runs a shell's line in the copy, which has to succeed, and returns all that
// it printed.
func (m *machine) run(line string) string {
	m.Helper()
	out, err := m.command("sh", "-c", line).CombinedOutput()
	if err != nil {
		m.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}

// fails runs a line that has to fail.
func (m *machine) fails(line string) {
	m.Helper()
	var exit *exec.ExitError
	if out, err := m.command("sh", "-c", line).CombinedOutput(); !errors.As(err, &exit) {
		m.Errorf("%s: expected it to fail, got %v\n%s", line, err, out)
	}
}

// prints compares what a line prints.
func (m *machine) prints(line, want string) {
	m.Helper()
	if got := strings.TrimSpace(m.run(line)); got != want {
		m.Errorf("%s: expected %q, got %q", line, want, got)
	}
}

// exist checks that there are, or that there are not, files of these names.
func (m *machine) exist(want bool, names ...string) {
	m.Helper()
	for _, name := range names {
		_, err := os.Lstat(m.path(name))
		if got := err == nil; got != want {
			m.Errorf("%s: expected it to exist: %v; %v", name, want, err)
		}
	}
}

// write writes a file of the copy.
func (m *machine) write(name, text string) {
	m.Helper()
	if err := os.WriteFile(m.path(name), []byte(text), 0o644); err != nil {
		m.Fatal(err)
	}
}

// read reads a file of the copy.
func (m *machine) read(name string) string {
	m.Helper()
	b, err := os.ReadFile(m.path(name))
	if err != nil {
		m.Fatal(err)
	}
	return string(b)
}
