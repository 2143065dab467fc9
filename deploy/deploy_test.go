// Package deploy_test checks that what runs the exporter agrees with it: the image,
// the stack of containers, the unit of systemd and the manifests of Kubernetes.
package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
)

// root is the folder of the project.
const root = ".."

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// decode reads a YAML file, which may have no fields but those of v if it is a struct.
func decode(t *testing.T, name string, v any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, name)), v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// at returns what is found in nested maps and lists by the given keys and indexes,
// nil if there is nothing.
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

// texts returns a list of strings.
func texts(v any) []string {
	l, _ := v.([]any)
	var out []string
	for _, s := range l {
		text, _ := s.(string)
		out = append(out, text)
	}
	return out
}

// port is that of the exporter.
const port = "10061"

func TestPortIsTheDefault(t *testing.T) {
	if text := read(t, "cmd/huggingface_exporter/web.go"); !strings.Contains(text, `defaultAddress = ":`+port+`"`) {
		t.Errorf("expected the default address :%s in web.go", port)
	}
}

func TestConfigurations(t *testing.T) {
	for _, name := range []string{"deploy/demo/exporter.yaml", "deploy/kubernetes/config.yaml"} {
		if _, err := config.Load(filepath.Join(root, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

var fromLine = regexp.MustCompile(`(?m)^FROM (?:--platform=\S+ )?(\S+)(?: AS (\S+))?$`)

func TestDockerfile(t *testing.T) {
	text := read(t, "Dockerfile")
	stages := make(map[string]bool)
	for _, m := range fromLine.FindAllStringSubmatch(text, -1) {
		if image := m[1]; !stages[image] {
			pinned(t, "Dockerfile", image)
		}
		stages[m[2]] = true
	}
	for _, target := range []string{"demo", "exporter"} {
		if !stages[target] {
			t.Errorf("expected a stage %s, got %v", target, stages)
		}
	}
	version := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(read(t, "go.mod"))[1]
	if !strings.Contains(text, " golang:"+version+"-") {
		t.Errorf("expected an image of Go %s, as go.mod asks for", version)
	}
	last := text[strings.LastIndex(text, "\nFROM "):]
	for _, want := range []string{"\nUSER 65532:65532\n", "\nEXPOSE " + port + "\n", "\nVOLUME /data\n", "--storage.path=/data"} {
		if !strings.Contains(last, want) {
			t.Errorf("expected %q in the last stage, got\n%s", want, last)
		}
	}
	// What is copied has to pass .dockerignore.
	ignore := read(t, ".dockerignore")
	for _, m := range regexp.MustCompile(`(?m)^COPY (\w.*) \S+$`).FindAllStringSubmatch(text, -1) {
		for source := range strings.FieldsSeq(m[1]) {
			if !strings.Contains(ignore, "\n!"+source+"\n") {
				t.Errorf("%s is copied, and .dockerignore leaves it out", source)
			}
			if _, err := os.Stat(filepath.Join(root, source)); err != nil {
				t.Error(err)
			}
		}
	}
}

// pinned checks that an image has a tag that stands for something.
func pinned(t *testing.T, where, image string) {
	t.Helper()
	name := image[strings.LastIndex(image, "/")+1:]
	if _, tag, ok := strings.Cut(name, ":"); !ok || tag == "latest" || strings.Contains(tag, "$") {
		t.Errorf("%s: expected an image with a tag, and not latest, got %q", where, image)
	}
}
