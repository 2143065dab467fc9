package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// decode reads text into c. Faults of the content are collected in w; what is
// not YAML at all is returned.
func (w *walker) decode(text []byte, c *Config) error {
	root, err := w.document(text)
	if err != nil || root == nil || len(w.faults) > 0 {
		return err
	}
	w.walk(root, typeOf(c), "")
	if len(w.faults) > 0 {
		return nil
	}
	// The walk has said all there is to say with line and field; the library
	// reads the values, and is as strict.
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(c); err != nil {
		return w.syntax(err)
	}
	return nil
}

// document returns the root node of the one document in text, nil if there is
// none.
func (w *walker) document(text []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, w.syntax(err)
	}
	switch err := dec.Decode(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		return nil, w.syntax(err)
	default:
		w.faults = append(w.faults, Error{File: w.file, Line: second.Line,
			Message: "expected one YAML document, a second one starts here"})
	}
	return doc.Content[0], nil
}

var yamlError = regexp.MustCompile(`^(?:yaml: )?(?:unmarshal errors:\s+)?(?:line (\d+): )?((?s).*)$`)

// syntax turns an error of the YAML library into one of ours. The library's line
// is at times the one before the fault, and the message says so.
func (w *walker) syntax(err error) error {
	m := yamlError.FindStringSubmatch(err.Error())
	line, convErr := strconv.Atoi(m[1])
	if convErr != nil {
		line = 1
	}
	return Errors{{File: w.file, Line: line, Message: "not YAML, here or just below: " + m[2]}}
}

// quote shows a node in a message: a scalar quoted, anything else by its kind.
func quote(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	const most = 80
	if v := n.Value; len(v) > most {
		return fmt.Sprintf("%q... (%d bytes)", strings.ToValidUTF8(v[:most], ""), len(v))
	}
	return strconv.Quote(n.Value)
}
