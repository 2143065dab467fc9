package main

import (
	"os/exec"
	"strings"
	"testing"
)

// The backend links what it asks with, not what answers or stores.
func TestDependencies(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	const ours = "github.com/huggingface-exporter/huggingface_exporter/"
	deps := strings.Fields(string(out))
	for _, dep := range deps {
		for _, forbidden := range []string{
			"github.com/parquet-go/parquet-go",
			"github.com/klauspost/compress/gzhttp",
			"gopkg.in/yaml.v3",
			ours + "cmd",
			ours + "exporter/api/server",
			ours + "exporter/config",
			ours + "exporter/engine",
			ours + "exporter/exposition",
			ours + "exporter/localstore",
			ours + "exporter/victoria",
			ours + "internal/fakehub",
			ours + "internal/server",
		} {
			if dep == forbidden || strings.HasPrefix(dep, forbidden+"/") {
				t.Errorf("the backend links %s", dep)
			}
		}
	}
	// So that a change of names does not make the list above mean nothing.
	if !strings.Contains(string(out), ours+"exporter/api/client\n") {
		t.Errorf("expected the client of the API among %d packages", len(deps))
	}
}
