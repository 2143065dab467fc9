package packagetest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// packages is the folder of two versions of the packages, "first" and "second":
// make package-test builds them.
func packages(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("PACKAGES")
	if dir == "" {
		t.Skip("make package-test builds the packages and runs this")
	}
	return dir
}

const (
	export = `repoType,repoName,total,timestamp,downloads
model,acme/one,40,2024-05-01T00:00:00.000Z,7
model,acme/one,40,2024-05-02T00:00:00.000Z,9
`
	asUser = "setpriv --reuid=" + user + " --regid=" + user + " --clear-groups "
	wanted = "/etc/systemd/system/multi-user.target.wants/huggingface_exporter.service"
)

// TestDebianPackage goes the way of a package on a machine, from its installation
// to its end.
func TestDebianPackage(t *testing.T) {
	m := newMachine(t, packages(t))
	m.run("dpkg --install /packages/first/*.deb")
	m.installed()

	// It serves, takes in what its user imports meanwhile, and ends when it is told to.
	address := m.listenOn()
	s := m.start(address)
	s.answers("/metrics", "huggingface_exporter_build_info")
	m.write("/tmp/export.csv", export)
	m.run(asUser + "huggingface_exporter import --storage.path=" + data + " /tmp/export.csv")
	s.answers("/api/v1/records", export)
	s.stop()
	m.prints("stat -c '%U %G %a' "+data, user+" "+user+" 750")

	// An upgrade keeps what the administrator wrote and what was collected.
	mine := "hub:\n  token_file: hub.token\n  organizations: []\n"
	m.write(config, mine)
	m.run("printf hf_secret | install -m 600 -o " + user + " /dev/stdin " + token)
	m.prints(asUser+"cat "+token, "hf_secret")
	out := m.run(asUser + "env HF_ENDPOINT=http://127.0.0.1:1 huggingface_exporter doctor --config.file=" + config +
		" --storage.path=" + data + " --web.listen-address=" + address + " 2>&1")
	if !strings.Contains(out, " 0 fail") || strings.Contains(out, "its mode is") || !strings.Contains(out, "ok    store") {
		t.Errorf("expected doctor to be content with what is installed, got\n%s", out)
	}
	m.run("systemctl disable huggingface_exporter 2>/dev/null || deb-systemd-helper disable huggingface_exporter.service")
	before := m.run("huggingface_exporter --version")
	m.run("dpkg --install /packages/second/*.deb </dev/null")
	if after := m.run("huggingface_exporter --version"); after == before {
		t.Errorf("expected another version after the upgrade, got %s", after)
	}
	if got := m.read(config); got != mine {
		t.Errorf("expected the configuration as it was, got\n%s", got)
	}
	m.exist(false, wanted) // it was disabled, and stays so
	s = m.start(address)
	s.answers("/api/v1/records", export)
	s.stop()

	// Removing keeps configuration, token and history.
	m.run("dpkg --remove huggingface-exporter")
	m.exist(false, "/usr/bin/huggingface_exporter", unit, "/usr/share/man/man1/huggingface_exporter.1.gz")
	m.exist(true, config, flags, token, data+"/records")
	m.run("dpkg --install /packages/second/*.deb </dev/null")
	s = m.start(address)
	s.answers("/api/v1/records", export)
	s.stop()

	// Purging takes all of it, and a new installation begins anew.
	m.run("dpkg --purge huggingface-exporter")
	m.exist(false, "/etc/huggingface_exporter", flags, data, "/usr/share/doc/huggingface-exporter", wanted)
	m.fails("dpkg --status huggingface-exporter")
	m.run("dpkg --install /packages/second/*.deb </dev/null")
	m.installed()
	m.prints("dpkg --audit", "")
}

// installed checks what is there after the first installation.
func (m *machine) installed() {
	m.Helper()
	m.prints("stat -c '%U %G %a' "+data, user+" "+user+" 750")
	m.prints("stat -c '%U %G %a' "+config, "root root 644")
	m.prints("id -gn "+user, user)
	m.prints("getent passwd "+user+" | cut -d: -f6,7", data+":/usr/sbin/nologin")
	m.prints("test $(id -u "+user+") -lt 1000 && echo of the system", "of the system")
	m.run("huggingface_exporter check-config " + config)
	m.run("huggingface_exporter check-config /usr/share/doc/huggingface-exporter/config.example.yaml")
	m.exist(true, wanted, "/usr/share/man/man1/huggingface_exporter.1.gz", "/usr/share/doc/huggingface-exporter/rules/alerts.yaml", "/usr/share/zsh/vendor-completions/_huggingface_exporter")
	// Bash completes the commands and the flags.
	m.prints(`bash -c '. /usr/share/bash-completion/completions/huggingface_exporter
		complete -p huggingface_exporter >/dev/null
		COMP_WORDS=(huggingface_exporter exp) COMP_CWORD=1; _huggingface_exporter_bash_autocomplete; echo "${COMPREPLY[@]}"
		COMP_WORDS=(huggingface_exporter export --ord) COMP_CWORD=2; _huggingface_exporter_bash_autocomplete; echo "${COMPREPLY[@]}"'`,
		"export\n--order")
	// systemd takes the unit as it is.
	if out := m.run("systemd-analyze verify --man=no " + unit + " 2>&1"); strings.Contains(out, filepath.Base(unit)) {
		m.Errorf("systemd says of the unit:\n%s", out)
	}
}

// TestLintian has Debian's own checks look at the package.
func TestLintian(t *testing.T) {
	m := newMachine(t, packages(t))
	out := m.run("lintian --allow-root --fail-on error,warning --tag-display-limit 0 /packages/first/*.deb")
	if strings.Contains(out, "E:") || strings.Contains(out, "W:") {
		t.Errorf("lintian says\n%s", out)
	}
}
