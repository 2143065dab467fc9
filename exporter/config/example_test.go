package config

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const exampleFile = "../../config.example.yaml"

// shownInstead has the fields for which the example shows something else than
// the default.
var shownInstead = map[string]string{"files": "[examples/*.csv]"}

// The example holds every field once, says the default of each in the comment
// above it, and shows it.
func TestExampleDocumentsEveryField(t *testing.T) {
	if _, err := Load(exampleFile, families...); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	var example, defaults yaml.Node
	if err := yaml.Unmarshal(text, &example); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal([]byte(mustYAML(t, Default(families...))), &defaults); err != nil {
		t.Fatal(err)
	}
	shown, want := make(map[string]field), make(map[string]field)
	fields(example.Content[0], "", shown)
	fields(defaults.Content[0], "", want)

	var declared []string
	declaredFields(reflect.TypeFor[Config](), "", &declared)
	if len(declared) < 70 {
		t.Fatalf("only %d fields found in Config: %q", len(declared), declared)
	}
	for _, path := range declared {
		got, ok := shown[path]
		if !ok {
			t.Errorf("%s is not in the example", path)
			continue
		}
		delete(shown, path)
		def := want[path].value
		if value, ok := shownInstead[path]; ok {
			if got.value != value {
				t.Errorf("%s: the example shows %s, want %s", path, got.value, value)
			}
		} else if got.value != def {
			t.Errorf("%s: the example shows %s, the default is %s", path, got.value, def)
		}
		comment := strings.Split(strings.TrimSpace(got.comment), "\n")
		if last := comment[len(comment)-1]; last != strings.TrimSpace("# Default: "+def) {
			t.Errorf("%s: the comment above it ends in %q, want %q", path, last, "# Default: "+def)
		}
		if len(comment) < 2 {
			t.Errorf("%s: the comment says nothing but the default", path)
		}
	}
	for path := range shown {
		t.Errorf("%s is in the example and not in Config", path)
	}
}

type field struct{ value, comment string }

// fields collects the fields below a mapping that are not sections.
func fields(n *yaml.Node, path string, into map[string]field) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := strings.TrimPrefix(path+"."+key.Value, ".")
		if value.Kind == yaml.MappingNode && len(value.Content) > 0 {
			fields(value, at, into)
			continue
		}
		text := value.Value
		if value.Kind == yaml.MappingNode {
			text = "{}"
		}
		if value.Kind == yaml.SequenceNode {
			var items []string
			for _, item := range value.Content {
				items = append(items, item.Value)
			}
			text = "[" + strings.Join(items, ", ") + "]"
		}
		into[at] = field{value: text, comment: key.HeadComment}
	}
}

// declaredFields collects the paths of the fields of a section type, those left out that
// are deprecated.
func declaredFields(t reflect.Type, path string, into *[]string) {
	for _, f := range fieldsOf(t) {
		at := strings.TrimPrefix(path+"."+f.Name, ".")
		_, isScalar := scalarOf(f.Type)
		switch {
		case f.Tag.Get("deprecated") != "":
		case f.Type == reflect.TypeFor[Families]():
			for _, name := range families {
				*into = append(*into, at+"."+name)
			}
		case f.Type.Kind() == reflect.Struct && f.Type.PkgPath() == t.PkgPath() && !isScalar:
			declaredFields(f.Type, at, into)
		default:
			*into = append(*into, at)
		}
	}
}

// The example works as it is, from wherever it is started.
func TestExampleFindsTheExamples(t *testing.T) {
	c, err := Load(exampleFile, families...)
	if err != nil {
		t.Fatal(err)
	}
	files, unmatched, err := c.MatchFiles()
	if err != nil || len(unmatched) > 0 || len(files) == 0 {
		t.Fatalf("files %v, globs without a match %q, error %v", files, unmatched, err)
	}
	if !slices.IsSortedFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) }) {
		t.Errorf("%v are not in order", files)
	}
}
