package packagetest_test

import (
	"strings"
	"testing"
)

// TestRPM goes the way of the other package. This machine's rpm knows nothing of
// the packages of Debian, so what it depends on is read and not resolved.
func TestRPM(t *testing.T) {
	m := newMachine(t, packages(t))
	m.prints("rpm --query --requires --package /packages/first/*.rpm | grep -c '^/usr/sbin/useradd$'", "1")
	m.run("rpm --install --nodeps /packages/first/*.rpm")
	m.prints("stat -c '%U %G %a' "+data, user+" "+user+" 750")
	m.run("huggingface_exporter check-config " + config)
	m.exist(true, "/usr/share/zsh/site-functions/_huggingface_exporter", "/usr/share/licenses/huggingface-exporter/LICENSE")

	address := m.listenOn()
	s := m.start(address)
	m.write("/tmp/export.csv", export)
	m.run(asUser + "huggingface_exporter import --storage.path=" + data + " /tmp/export.csv")
	s.answers("/api/v1/records", export)
	s.stop()

	mine := "hub:\n  organizations: []\n"
	m.write(config, mine)
	m.run("rpm --upgrade --nodeps /packages/second/*.rpm")
	if got := m.read(config); got != mine {
		t.Errorf("expected the configuration as it was, got\n%s", got)
	}
	s = m.start(address)
	s.answers("/api/v1/records", export)
	s.stop()

	m.run("rpm --erase huggingface-exporter")
	m.exist(false, "/usr/bin/huggingface_exporter", unit)
	m.exist(true, data+"/records", config+".rpmsave")
	if got := m.read(config + ".rpmsave"); !strings.Contains(got, mine) {
		t.Errorf("expected the configuration to be kept, got\n%s", got)
	}
}
