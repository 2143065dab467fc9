// Package config reads the configuration file: strict YAML, every fault with
// its file, line and field.
//
// Each section of the file is a Go file here, which holds its fields, their
// defaults and what they are checked for. config.example.yaml documents every
// field; a test holds it and the sections together.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"gopkg.in/yaml.v3"
)

// Config is the content of a configuration file.
type Config struct {
	Hub     Hub     `yaml:"hub"`
	Files   Files   `yaml:"files"`
	Metrics Metrics `yaml:"metrics"`
	Web     Web     `yaml:"web"`
	Query   Query   `yaml:"query"`
	Push    Push    `yaml:"push"`
	Storage Storage `yaml:"storage"`

	// dir is the folder of the file, which relative paths in it start from.
	dir string
}

// Default returns the configuration that an empty file gives. Relative paths
// start from the working directory.
func Default() *Config {
	return &Config{
		Hub:     defaultHub(),
		Files:   Files{},
		Metrics: defaultMetrics(),
		Web:     defaultWeb(),
		Query:   defaultQuery(),
		Push:    defaultPush(),
		Storage: defaultStorage(),
		dir:     ".",
	}
}

// Load reads a configuration file. What is wrong with its content is an Errors,
// which lists every fault; an empty file gives the defaults.
func Load(file string) (*Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read the configuration: %w", err)
	}
	return Parse(file, text)
}

// Parse reads the text of a configuration file. The file's name is for error
// messages, its folder what relative paths in it start from.
func Parse(file string, text []byte) (*Config, error) {
	c := Default()
	c.dir = filepath.Dir(file)
	w := &walker{file: file, lines: map[string]int{"": 1}}
	if err := w.decode(text, c); err != nil {
		return nil, err
	}
	if len(w.faults) == 0 {
		c.Hub.complete(w, c.dir)
		c.Push.complete(w, c.dir)
		c.Storage.VictoriaMetrics.complete(w, c.dir)
		c.check(w)
	}
	if len(w.faults) > 0 {
		slices.SortStableFunc(w.faults, func(a, b Error) int { return cmp.Compare(a.Line, b.Line) })
		return nil, w.faults
	}
	return c, nil
}

// check looks at what the types alone do not say.
func (c *Config) check(r reporter) {
	c.Hub.check(r)
	c.Files.check(r)
	c.Metrics.check(r)
	c.Web.check(r)
	c.Query.check(r)
	c.Push.check(r)
	c.Storage.check(r)
}

// reporter takes the faults that the check of a section finds.
type reporter interface {
	// fault reports what is wrong with the field at path ("metrics.include[1]").
	fault(path, format string, args ...any)
}

// YAML returns the configuration in effect, defaults included, as the text of a
// configuration file. Secrets are masked.
func (c *Config) YAML() ([]byte, error) {
	text, err := yaml.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("cannot print the configuration: %w", err)
	}
	return text, nil
}

// IsFault reports whether err is about the content of a configuration file, and
// not about reading it.
func IsFault(err error) bool {
	var e Errors
	return errors.As(err, &e)
}
