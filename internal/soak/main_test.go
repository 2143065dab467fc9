package soak

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// long is whether the campaigns run at full length.
var long = flag.Bool("soak", false, "run the campaigns at full length")

// program is the exporter, built once, with the race detector if the tests are.
var program string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "soak")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		program = filepath.Join(dir, "huggingface_exporter")
		build := exec.Command("go", "build", fmt.Sprintf("-race=%v", raceDetector), "-o", program, "../../cmd/huggingface_exporter")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building the exporter: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// size is how large a campaign is in its short and in its long form.
func size(short, full int) int {
	if *long {
		return full
	}
	return short
}

// figures prints the line of a campaign that held.
func figures(t *testing.T, begin time.Time, format string, args ...any) {
	t.Helper()
	if t.Failed() {
		return
	}
	took := time.Since(begin).Round(time.Second / 10)
	fmt.Printf("%s (%s): %s\n", t.Name()[len("Test"):], took, fmt.Sprintf(format, args...))
}

// patience bounds every wait: for what should come at once, on a busy machine.
const patience = 3 * time.Minute

// waitFor waits until done reports true.
func waitFor(t *testing.T, what string, log fmt.Stringer, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for: %s\n%s", what, log)
		}
	}
}
