package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
)

const unit = "deploy/systemd/huggingface_exporter.service"

func TestUnit(t *testing.T) {
	text := read(t, unit)
	state := regexp.MustCompile(`(?m)^StateDirectory=(\S+)$`).FindStringSubmatch(text)
	start := regexp.MustCompile(`(?m)^ExecStart=(\S+) (.*)$`).FindStringSubmatch(text)
	if state == nil || start == nil {
		t.Fatal("expected StateDirectory and ExecStart")
	}
	if want := "--storage.path=/var/lib/" + state[1] + " $ARGS"; !strings.HasSuffix(start[2], want) {
		t.Errorf("expected %s at the end of ExecStart, got %s", want, start[2])
	}
	for _, want := range []string{
		"User=huggingface_exporter", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes", "NoNewPrivileges=yes",
		"RemoveIPC=yes", "RestrictSUIDSGID=yes", "CapabilityBoundingSet=",
	} {
		if !strings.Contains(text, "\n"+want+"\n") {
			t.Errorf("expected %s", want)
		}
	}
	// The flags that an administrator adds are those of the package's file.
	name := regexp.MustCompile(`(?m)^EnvironmentFile=-(\S+)$`).FindStringSubmatch(text)
	if name == nil || !strings.Contains(read(t, releaseFile), "dst: "+name[1]+"\n") {
		t.Errorf("expected the file of the flags %v among those of the packages", name)
	}
	if !regexp.MustCompile(`(?m)^ARGS=""$`).MatchString(read(t, "deploy/package/default")) {
		t.Error("expected ARGS in deploy/package/default")
	}
}

// TestPackagedConfiguration checks the configuration that a package installs.
func TestPackagedConfiguration(t *testing.T) {
	name := filepath.Join(root, "deploy/package/config.yaml")
	c, err := config.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Hub.Organizations) != 0 || c.Hub.TokenFile != "" || len(c.Files) != 0 {
		t.Errorf("expected nothing to be collected before someone says so, got %+v", c)
	}
}

// TestUnitIsVerified asks systemd, where there is one. The program of the unit is
// not installed here: another one stands for it.
func TestUnitIsVerified(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`(?m)^ExecStart=\S+`).ReplaceAllString(read(t, unit), "ExecStart="+program)
	name := filepath.Join(t.TempDir(), filepath.Base(unit))
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", name).CombinedOutput()
	if err != nil || strings.Contains(string(out), filepath.Base(unit)) {
		t.Errorf("%v\n%s", err, out)
	}
}
