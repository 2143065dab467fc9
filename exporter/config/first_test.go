package config

import (
	"cmp"
	"os"
	"testing"

	"gopkg.in/yaml.v3"
)

// A file of the first version is taken as it is, and each field of it holds.
func TestFilesOfTheFirstVersion(t *testing.T) {
	c, err := Load("testdata/first.yaml", families...)
	if err != nil {
		t.Fatal(err)
	}
	var file, effect yaml.Node
	text, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &effect); err != nil {
		t.Fatal(err)
	}
	if text, err = os.ReadFile("testdata/first.yaml"); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	n := 0
	contains(t, "", file.Content[0], effect.Content[0], &n)
	if n < 49 {
		t.Errorf("only %d fields were compared", n)
	}
}

// contains checks that each scalar below want stands at the same place of got; n
// counts them.
func contains(t *testing.T, path string, want, got *yaml.Node, n *int) {
	t.Helper()
	if want.Kind != got.Kind || want.Kind == yaml.SequenceNode && len(want.Content) != len(got.Content) {
		t.Errorf("%s: got %q for %q", path, got.Value, want.Value)
		return
	}
	switch want.Kind {
	case yaml.ScalarNode:
		*n++
		if got.Value != want.Value && got.Value != masked {
			t.Errorf("%s: got %q, want %q", path, got.Value, want.Value)
		}
	case yaml.SequenceNode:
		for i, item := range want.Content {
			contains(t, path+"[]", item, got.Content[i], n)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(want.Content); i += 2 {
			name := cmp.Or(formerFamilies[want.Content[i].Value], want.Content[i].Value)
			found := false
			for j := 0; j+1 < len(got.Content); j += 2 {
				if got.Content[j].Value == name {
					found = true
					contains(t, path+"."+name, want.Content[i+1], got.Content[j+1], n)
				}
			}
			if !found {
				t.Errorf("%s.%s is not in effect", path, name)
			}
		}
	}
}
