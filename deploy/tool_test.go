package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tool returns the program of a tool that scripts/tool.sh builds. Building one takes
// minutes, so a test is skipped if it is not built yet, unless REQUIRE_TOOLS names
// it, as it does in make test-release.
func tool(t *testing.T, name string) string {
	t.Helper()
	built, err := filepath.Glob(filepath.Join(root, "bin/tools", name+"-*", name))
	if err != nil {
		t.Fatal(err)
	}
	if len(built) == 0 && !slices.Contains(strings.Fields(os.Getenv("REQUIRE_TOOLS")), name) {
		t.Skipf("%s is not built; make test-release builds it", name)
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join(root, "scripts/tool.sh"), name).Output()
	if err != nil {
		t.Fatalf("scripts/tool.sh %s: %v", name, err)
	}
	return strings.TrimSpace(string(out))
}
