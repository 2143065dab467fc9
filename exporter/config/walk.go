package config

import (
	"fmt"
	"reflect"
	"strings"

	"gopkg.in/yaml.v3"
)

// walker goes through the nodes of a file beside the Go types that they are for,
// notes the line of each field and collects the faults.
type walker struct {
	file string
	// lines has the line of each field that occurs, by its path.
	lines  map[string]int
	faults Errors
}

func typeOf(v any) reflect.Type { return reflect.TypeOf(v).Elem() }

// fault reports a fault of the field at path, on the line of the field or, if it
// does not occur, of the nearest section around it.
func (w *walker) fault(path, format string, args ...any) {
	line, at := 0, path
	for {
		if l, ok := w.lines[at]; ok {
			line = l
			break
		}
		at = at[:max(0, strings.LastIndexAny(at, ".["))]
	}
	w.at(line, path, format, args...)
}

func (w *walker) at(line int, path, format string, args ...any) {
	w.faults = append(w.faults, Error{File: w.file, Line: line, Field: path, Message: fmt.Sprintf(format, args...)})
}

// walk checks that n is what a value of type t is written as. A null leaves the
// default and is always right.
func (w *walker) walk(n *yaml.Node, t reflect.Type, path string) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if _, ok := w.lines[path]; !ok || path == "" {
		w.lines[path] = n.Line
	}
	if n.ShortTag() == "!!null" {
		return
	}
	if u, ok := reflect.TypeAssert[yaml.Unmarshaler](reflect.New(t)); ok {
		if err := u.UnmarshalYAML(n); err != nil {
			w.at(n.Line, path, "%s", err)
		}
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		if n.Kind != yaml.MappingNode {
			w.at(n.Line, path, "expected a mapping with %s, got %s", fieldList(t), quote(n))
			return
		}
		w.walkMapping(n, t, path)
	case reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			w.at(n.Line, path, "expected a list, got %s", quote(n))
			return
		}
		for i, item := range n.Content {
			at := fmt.Sprintf("%s[%d]", path, i)
			if item.ShortTag() == "!!null" {
				w.at(item.Line, at, "expected a value, got none")
				continue
			}
			w.walk(item, t.Elem(), at)
		}
	default:
		w.walkScalar(n, t, path)
	}
}

func (w *walker) walkMapping(n *yaml.Node, t reflect.Type, path string) {
	seen := make(map[string]int)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			w.at(key.Line, path, "expected the name of a field, got %s", quote(key))
			continue
		}
		if key.ShortTag() == "!!merge" {
			w.at(key.Line, path, "expected the name of a field, got a merge key (<<)")
			continue
		}
		at := key.Value
		if path != "" {
			at = path + "." + key.Value
		}
		if first, ok := seen[key.Value]; ok {
			w.at(key.Line, at, "given twice, first on line %d", first)
			continue
		}
		seen[key.Value] = key.Line
		field, ok := fieldNamed(t, key.Value)
		if !ok {
			w.at(key.Line, at, "unknown field, expected %s", fieldList(t))
			continue
		}
		w.lines[at] = key.Line
		w.walk(value, field.Type, at)
	}
}

// scalars says how each kind of value is written, and the YAML tag it then has.
var scalars = map[reflect.Kind]struct{ tag, want string }{
	reflect.Bool:   {"!!bool", "true or false"},
	reflect.Int:    {"!!int", "a whole number"},
	reflect.String: {"!!str", "a text (in quotes, if it looks like something else)"},
}

func (w *walker) walkScalar(n *yaml.Node, t reflect.Type, path string) {
	s, ok := scalars[t.Kind()]
	if !ok {
		panic("config: no rule for a field of type " + t.String() + " at " + path)
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() != s.tag {
		w.at(n.Line, path, "expected %s, got %s", s.want, quote(n))
		return
	}
	if err := n.Decode(reflect.New(t).Interface()); err != nil {
		w.at(n.Line, path, "expected %s, got %s", s.want, quote(n))
	}
}

// fieldNamed returns the field of a section by its name in the file.
func fieldNamed(t reflect.Type, name string) (reflect.StructField, bool) {
	for f := range t.Fields() {
		if name != "" && fieldName(f) == name {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// fieldName returns the name of a field in the file, "" if it is not of the file.
func fieldName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if name == "-" || !f.IsExported() {
		return ""
	}
	return name
}

func fieldList(t reflect.Type) string {
	var names []string
	for i := range t.NumField() {
		if name := fieldName(t.Field(i)); name != "" {
			names = append(names, name)
		}
	}
	if len(names) == 1 {
		return names[0]
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// lastName returns the name of the field itself out of its path.
func lastName(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }
