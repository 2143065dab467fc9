package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tool returns the program of a tool that scripts/tool.sh builds. Building one takes
// minutes, so a test is skipped where it was not built yet and REQUIRE_TOOLS is not
// set, as make unit does.
func tool(t *testing.T, name string) string {
	t.Helper()
	built, err := filepath.Glob(filepath.Join(root, "bin/tools", name+"-*", name))
	if err != nil {
		t.Fatal(err)
	}
	if len(built) == 0 && os.Getenv("REQUIRE_TOOLS") == "" {
		t.Skipf("there is no %s; make need-tools builds it", name)
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join(root, "scripts/tool.sh"), name).Output()
	if err != nil {
		t.Fatalf("scripts/tool.sh %s: %v", name, err)
	}
	return strings.TrimSpace(string(out))
}
