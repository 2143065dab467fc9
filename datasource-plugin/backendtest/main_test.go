package backendtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// These tests run the plugin's program and the exporter's, as Grafana and a user
// do. Both are built once, with the race detector if the tests are.

var pluginProgram, exporterProgram string

const module = "github.com/huggingface-exporter/huggingface_exporter/"

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "gpx_publisheranalytics")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		pluginProgram = filepath.Join(dir, "gpx_publisheranalytics")
		exporterProgram = filepath.Join(dir, "huggingface_exporter")
		for program, source := range map[string]string{
			pluginProgram:   module + "datasource-plugin/pkg",
			exporterProgram: module + "cmd/huggingface_exporter",
		} {
			build := exec.Command("go", "build", fmt.Sprintf("-race=%v", raceDetector), "-tags=arrow_json_stdlib", "-o", program, source)
			if out, err := build.CombinedOutput(); err != nil {
				fmt.Fprintf(os.Stderr, "building %s: %v\n%s", source, err, out)
				return 1
			}
		}
		return m.Run()
	}())
}

// patience bounds every wait: for what should come at once, on a busy machine.
const patience = 3 * time.Minute
