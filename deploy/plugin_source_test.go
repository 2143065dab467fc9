package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// TestPluginSourceBuildsByItself builds the plugin's backend from nothing but what is
// packed as its source.
func TestPluginSourceBuildsByItself(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the plugin's backend")
	}
	dir := t.TempDir()
	run := func(in, name string, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir = in
		// As make pure, whose compiled packages are there already.
		cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
	}
	run(root, "scripts/plugin-source.sh", dir)
	run(dir, "go", "build", "./...")
	run(dir, "go", "vet", "-tags=mage", ".")

	// What the frontend is built of, its dashboards among it.
	for _, name := range []string{"package-lock.json", ".npmrc", ".config/webpack/webpack.config.ts", "src/module.ts", "src/dashboards/publisher-analytics.json"} {
		if info, err := os.Lstat(filepath.Join(dir, name)); err != nil || !info.Mode().IsRegular() {
			t.Errorf("expected the file %s in the plugin's source, got %v", name, err)
		}
	}
	top, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range top {
		if slices.Contains([]string{"node_modules", "dist", "backendtest"}, entry.Name()) {
			t.Errorf("expected sources alone, got %s", entry.Name())
		}
	}
}
