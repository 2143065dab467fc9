package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const unit = "deploy/systemd/huggingface_exporter.service"

func TestUnit(t *testing.T) {
	text := read(t, unit)
	state := regexp.MustCompile(`(?m)^StateDirectory=(\S+)$`).FindStringSubmatch(text)
	start := regexp.MustCompile(`(?m)^ExecStart=(\S+) (.*)$`).FindStringSubmatch(text)
	if state == nil || start == nil {
		t.Fatal("expected StateDirectory and ExecStart")
	}
	if want := "--storage.path=/var/lib/" + state[1]; !strings.HasSuffix(start[2], want) {
		t.Errorf("expected %s at the end of ExecStart, got %s", want, start[2])
	}
	for _, want := range []string{"DynamicUser=yes", "ProtectSystem=strict", "CapabilityBoundingSet="} {
		if !strings.Contains(text, "\n"+want+"\n") {
			t.Errorf("expected %s", want)
		}
	}
	// The comment names the credential as systemd does.
	if m := regexp.MustCompile(`(?m)^LoadCredential=([^:]+):`).FindStringSubmatch(text); m == nil ||
		!strings.Contains(text, "token_file: /run/credentials/huggingface_exporter.service/"+m[1]+"\n") {
		t.Errorf("expected the credential %v in the comment", m)
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
	out, err := exec.CommandContext(t.Context(), analyze, "verify", name).CombinedOutput()
	if err != nil || strings.Contains(string(out), filepath.Base(unit)) {
		t.Errorf("%v\n%s", err, out)
	}
}
