package mutation

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestBreakagesAreNoticed makes each breakage in turn and expects the tests that it
// names to fail. They pass without it: otherwise their failing would prove nothing.
func TestBreakagesAreNoticed(t *testing.T) {
	if n := len(breakages); n < 20 {
		t.Errorf("expected twenty breakages or more, got %d", n)
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, b := range breakages {
		if seen[b.what] {
			t.Errorf("%q is listed twice", b.what)
		}
		seen[b.what] = true
		t.Run(b.what, func(t *testing.T) {
			if out, err := goTest(root, b, ""); err != nil || strings.Contains(out, "no tests to run") {
				t.Fatalf("without the breakage, expected tests of %s that match %q and pass, got %v\n%s", b.pkg, b.run, err, out)
			}
			out, err := goTest(root, b, overlay(t, root, b))
			failed := failures(out)
			switch {
			case err == nil:
				t.Errorf("%s: nothing fails with %q in place of %q", b.file, b.new, b.old)
			case len(failed) == 0:
				t.Errorf("%s: expected a test that fails with %q in place of %q, got %v\n%s", b.file, b.new, b.old, err, out)
			default:
				t.Logf("noticed by %s", strings.Join(failed, ", "))
			}
		})
	}
}

// failed is the line in which go test names a test that failed.
var failed = regexp.MustCompile(`(?m)^ *--- FAIL: (\S+)`)

// failures returns the tests that failed, parts of them included. There are none
// where the breakage does not compile.
func failures(out string) []string {
	var names []string
	for _, m := range failed.FindAllStringSubmatch(out, -1) {
		names = append(names, m[1])
	}
	return names
}

// overlay writes the broken file and what tells the go command of it.
func overlay(t *testing.T, root string, b breakage) string {
	t.Helper()
	original := filepath.Join(root, b.file)
	text, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), b.old); n != 1 {
		t.Fatalf("%s: expected %q once, got it %d times: the product moved on, and this breakage has to follow", b.file, b.old, n)
	}
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.go")
	if err := os.WriteFile(broken, []byte(strings.Replace(string(text), b.old, b.new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {original: broken}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, list, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// goTest runs the tests that a breakage names, with an overlay unless that is "".
func goTest(root string, b breakage, overlay string) (string, error) {
	// Vet is for what is there to stay. A test that a breakage hangs is one that fails.
	args := []string{"test", "-vet=off", "-short", "-failfast", "-timeout=5m", "-run", b.run}
	if overlay != "" {
		args = append(args, "-overlay="+overlay)
	}
	cmd := exec.Command("go", append(args, "./"+b.pkg)...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	return string(out), err
}
