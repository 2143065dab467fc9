package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	httpconfig "github.com/prometheus/common/config"
	"gopkg.in/yaml.v3"

	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// Error is one fault of a configuration file.
type Error struct {
	File string
	// Line is where the fault is, from 1; for a missing field, that of the
	// section it belongs into.
	Line int
	// Field is the path of the field, as in "metrics.include[1]"; "" for a
	// fault of the file as a whole.
	Field string
	// Message says what was expected and quotes what came.
	Message string
}

// Error returns "file:line: field: message".
func (e Error) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
	}
	return fmt.Sprintf("%s:%d: %s: %s", e.File, e.Line, e.Field, e.Message)
}

// Errors are all faults of a configuration file, in the order of its lines. It
// is never empty.
type Errors []Error

// Error lists the faults, a line each.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, fault := range e {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}

// IsFault reports whether err is about the content of a configuration file, and
// not about reading it.
func IsFault(err error) bool {
	var e Errors
	return errors.As(err, &e)
}

// decoder reads the nodes of a file into Go values, notes the line of each field and
// collects the faults.
type decoder struct {
	file, dir string
	families  []string
	// lines has the line of each field that occurs, by its path.
	lines  map[string]int
	faults Errors
	values int // how many faults are about a value of the right type
	hidden int // above zero inside of what may hold secrets, which no fault quotes
}

// fault reports what is wrong with the field at path ("metrics.include[1]"), on the line
// of the field or, if it does not occur, of the nearest section around it.
func (d *decoder) fault(path, format string, args ...any) {
	at := path
	for d.lines[at] == 0 {
		at = at[:max(0, strings.LastIndexAny(at, ".["))]
	}
	d.faultAt(d.lines[at], path, format, args...)
}

func (d *decoder) faultAt(line int, path, format string, args ...any) {
	d.faults = append(d.faults, Error{File: d.file, Line: line, Field: path, Message: fmt.Sprintf(format, args...)})
}

// path returns the name of a file, a relative one from the folder of the configuration.
func (d *decoder) path(name string) string { return httpconfig.JoinDir(d.dir, name) }

// document returns the root node of the one document in text, nil if there is none. What
// is not YAML at all is an error.
func (d *decoder) document(text []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, d.syntax(err)
	}
	if err := dec.Decode(&second); err == nil {
		d.faultAt(second.Line, "", "expected one YAML document, but a second one starts here")
	} else if !errors.Is(err, io.EOF) {
		return nil, d.syntax(err)
	}
	return doc.Content[0], nil
}

var yamlError = regexp.MustCompile(`^(?:yaml: )?(?:unmarshal errors:\s+)?(?:line (\d+): )?((?s).*)$`)

// syntax turns an error of the YAML library into one of ours. The library's line
// is at times the one before the fault, and the message says so.
func (d *decoder) syntax(err error) error {
	m := yamlError.FindStringSubmatch(err.Error())
	line, convErr := strconv.Atoi(m[1])
	if convErr != nil {
		line = 1
	}
	return Errors{{File: d.file, Line: line, Message: "not YAML, here or just below: " + m[2]}}
}

// decode reads n, which stands at path, into v. tag is that of the field. A null leaves
// the default and is always right.
func (d *decoder) decode(n *yaml.Node, v reflect.Value, tag reflect.StructTag, path string) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if _, ok := d.lines[path]; !ok || path == "" {
		d.lines[path] = n.Line
	}
	if n.ShortTag() == "!!null" {
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if mayHoldSecrets(v.Type()) {
		d.hidden++
		defer func() { d.hidden-- }()
	}
	if v.Type() == reflect.TypeFor[FileSet]() && n.Kind == yaml.ScalarNode {
		glob := fieldsOf(v.Type())[0]
		v, tag = v.FieldByIndex(glob.Index), glob.Tag
	}
	if s, ok := scalarOf(v.Type()); ok {
		d.decodeScalar(n, v, s, tag, path)
		return
	}
	switch v.Kind() {
	case reflect.Struct, reflect.Map:
		d.decodeMapping(n, v, path)
	case reflect.Slice:
		d.decodeList(n, v, tag, path)
	default: // any
		if err := n.Decode(v.Addr().Interface()); err != nil {
			d.faultAt(n.Line, path, "expected a value, got %s", d.quote(n))
		}
	}
}

// mayHoldSecrets reports whether values of t, which are ours or those of Prometheus' HTTP
// clients, are or have secrets.
func mayHoldSecrets(t reflect.Type) bool {
	return t == reflect.TypeFor[Secret]() || t.PkgPath() == reflect.TypeFor[httpconfig.HTTPClientConfig]().PkgPath()
}

func (d *decoder) decodeList(n *yaml.Node, v reflect.Value, tag reflect.StructTag, path string) {
	if n.Kind != yaml.SequenceNode {
		d.faultAt(n.Line, path, "expected a list, got %s", d.quote(n))
		return
	}
	v.SetZero()
	for i, item := range n.Content {
		at := fmt.Sprintf("%s[%d]", path, i)
		if item.ShortTag() == "!!null" {
			d.faultAt(item.Line, at, "expected a value, got none")
			continue
		}
		value := reflect.New(v.Type().Elem()).Elem()
		setDefaults(value)
		d.decode(item, value, tag, at)
		v.Set(reflect.Append(v, value))
	}
}

func (d *decoder) decodeMapping(n *yaml.Node, v reflect.Value, path string) {
	if h, ok := reflect.TypeAssert[*httpconfig.Headers](v.Addr()); ok {
		v = reflect.ValueOf(&h.Headers).Elem()
	}
	var fields []reflect.StructField
	var names []string // none: any
	switch {
	case v.Type() == reflect.TypeFor[Families]():
		names = d.families
	case v.Type() == reflect.TypeFor[Columns]():
		names = columnNames
	case v.Kind() == reflect.Struct:
		fields = fieldsOf(v.Type())
		for _, f := range fields {
			if f.Tag.Get("deprecated") == "" {
				names = append(names, f.Name)
			}
		}
	}
	if n.Kind != yaml.MappingNode {
		d.faultAt(n.Line, path, "%s, got %s", strings.TrimSuffix("expected a mapping with "+textenc.Alternatives(names), " with "), d.quote(n))
		return
	}
	seen := make(map[string]int)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := key.Value
		if v.Type() == reflect.TypeFor[Families]() {
			name = cmp.Or(formerFamilies[name], name)
		}
		at := strings.TrimPrefix(path+"."+name, ".")
		field := slices.IndexFunc(fields, func(f reflect.StructField) bool { return f.Name == name })
		switch {
		case key.Kind != yaml.ScalarNode:
			d.faultAt(key.Line, path, "expected the name of a field, got %s", d.quote(key))
		case key.ShortTag() == "!!merge":
			d.faultAt(key.Line, path, "expected the name of a field, got a merge key (<<)")
		case seen[name] > 0:
			d.faultAt(key.Line, at, "given twice, first on line %d", seen[name])
		case field < 0 && len(names) > 0 && !slices.Contains(names, name):
			d.faultAt(key.Line, at, "unknown field, expected %s", textenc.Alternatives(names))
		case field < 0:
			d.lines[at] = key.Line
			item := reflect.New(v.Type().Elem()).Elem()
			d.decode(value, item, "", at)
			if v.IsNil() {
				v.Set(reflect.MakeMap(v.Type()))
			}
			v.SetMapIndex(reflect.ValueOf(name), item)
		default:
			d.lines[at] = key.Line
			d.decode(value, v.FieldByIndex(fields[field].Index), fields[field].Tag, at)
		}
		seen[name] = key.Line
	}
}

func (d *decoder) decodeScalar(n *yaml.Node, v reflect.Value, s scalar, tag reflect.StructTag, path string) {
	if n.Kind != yaml.ScalarNode || s.tag != "" && n.ShortTag() != s.tag || n.Decode(v.Addr().Interface()) != nil {
		d.faultAt(n.Line, path, "expected %s, got %s", s.want, d.quote(n))
		return
	}
	if name := variable.FindString(n.Value); name != "" {
		d.faultAt(n.Line, path, "expected the value itself, got %s: environment variables are not expanded; %s", name, d.inPlaceOfVariable(path))
		return
	}
	if err := s.check(v, tag); err != nil {
		d.faultAt(n.Line, path, "%s", err)
		d.values++
	}
}

// variable is how programs that expand variables of the environment write one.
var variable = regexp.MustCompile(`\$\{[A-Za-z_][A-Za-z0-9_]*\}`)

// inPlaceOfVariable says what does what a variable is meant to do in a field.
func (d *decoder) inPlaceOfVariable(path string) string {
	switch {
	case path == "hub.token":
		return "remove the field and set HF_TOKEN in the environment, or name a file with hub.token_file"
	case d.hidden > 0:
		return "name a file that has the secret with " + path + "_file"
	}
	return "write the value, or replace the variable before the start, for example with envsubst"
}

// quote shows a node in a message: a scalar quoted, unless it may be a secret, anything
// else by its kind.
func (d *decoder) quote(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case d.hidden > 0:
		return "something else"
	}
	return textenc.Quote(n.Value)
}
