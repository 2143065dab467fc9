// Package config reads the configuration file: strict YAML, every fault with its file,
// line and field.
//
// A field's tags say all that holds for it alone: default (as YAML), min and max of a number
// or duration, zero (what 0 means), oneof (the texts that are allowed), want (a text that
// is not empty), url (a URL like this one) and is (a glob, a day, repositories). What holds between fields, and
// which names of files start from the folder of the configuration, is in the methods
// complete of the sections.
// config.example.yaml documents every field; a test holds it and the sections together.
package config

import (
	"cmp"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/huggingface-exporter/huggingface_exporter/internal/parallel"
)

// Config is the content of a configuration file. Names of files in it are complete: those
// that were relative start from the folder of the file, the globs of Files excepted.
type Config struct {
	Hub     Hub     `yaml:"hub"`
	Files   Files   `yaml:"files"`
	Groups  []Group `yaml:"groups"`
	Metrics Metrics `yaml:"metrics"`
	Web     Web     `yaml:"web"`
	Badges  Badges  `yaml:"badges"`
	Query   Query   `yaml:"query"`
	Push    Push    `yaml:"push"`
	Storage Storage `yaml:"storage"`

	dir  string // which relative globs start from
	text []byte // the configuration in effect, names of files as they were written
}

// Default returns the configuration that an empty file gives. families are the names of
// the metric families that Metrics can switch; without any, all names are taken.
func Default(families ...string) *Config {
	c := &Config{dir: ".", Metrics: Metrics{Families: make(Families)}}
	for _, name := range families {
		c.Metrics.Families[name] = true
	}
	setDefaults(reflect.ValueOf(c).Elem())
	return c
}

// MaxFile bounds a configuration file, in bytes: a larger one is another file.
const MaxFile = 16 << 20

// Load reads a configuration file; families are as for Default. What is wrong with its
// content is an Errors, which lists every fault; an empty file gives the defaults.
func Load(file string, families ...string) (*Config, error) {
	text, err := parallel.ReadFile(file, MaxFile+1)
	if err == nil && len(text) > MaxFile {
		err = fmt.Errorf("expected at most %d bytes in %s, got more", MaxFile, file)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the configuration: %w", err)
	}
	return Parse(file, text, families...)
}

// Parse reads the text of a configuration file. The file's name is for error messages,
// its folder what relative paths in it start from.
func Parse(file string, text []byte, families ...string) (*Config, error) {
	c := Default(families...)
	c.dir = filepath.Dir(file)
	d := &decoder{file: file, dir: c.dir, families: families, lines: map[string]int{"": 1}}
	root, err := d.document(text)
	if err != nil {
		return nil, err
	}
	if root != nil && len(d.faults) == 0 {
		d.decode(root, reflect.ValueOf(c).Elem(), "", "")
	}
	if c.text, err = c.YAML(); err != nil {
		return nil, err
	}
	if len(d.faults) == d.values {
		c.Hub.complete(d)
		c.Files.complete(d)
		completeGroups(d, c.Groups)
		c.Push.complete(d)
		c.Query.complete(d)
		c.Storage.complete(d)
	}
	if len(d.faults) > 0 {
		slices.SortStableFunc(d.faults, func(a, b Error) int { return cmp.Compare(a.Line, b.Line) })
		return nil, d.faults
	}
	return c, nil
}

// YAML returns the configuration in effect, defaults included, as the text of a
// configuration file. Secrets are masked.
func (c *Config) YAML() ([]byte, error) {
	if c.text != nil {
		return c.text, nil
	}
	text, err := yaml.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("cannot print the configuration: %w", err)
	}
	return text, nil
}
