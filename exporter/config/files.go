package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Files are the files on disk that serve imports at start and again when they change. By
// default there are none.
type Files []FileSet

// FileSet are the files that a glob matches: CSV exports, plain or compressed, or archives of
// listings. A relative glob starts from the folder of the configuration file. In the file a
// FileSet of CSV exports may be its glob alone.
type FileSet struct {
	Glob string `yaml:"glob" is:"glob" want:"a glob like exports/*.csv"`
	// Readings says how archives are read, nil for CSV exports.
	Readings *Readings `yaml:"readings"`
}

// MarshalYAML writes the glob alone if there is nothing else.
func (s FileSet) MarshalYAML() (any, error) {
	if s.Readings == nil {
		return s.Glob, nil
	}
	type fields FileSet
	return fields(s), nil
}

// Readings says what is in archives of listings that others have saved.
type Readings struct {
	// Columns has the names that columns have in the archive, by our names of them.
	Columns Columns `yaml:"columns,omitempty"`
	// Wide is what the numbers of a CSV with a column a repository are, "" for other archives.
	Wide string `yaml:"wide,omitempty" oneof:"total last_month likes"`
	// Organizations are those whose repositories are kept, all without any.
	Organizations []string `yaml:"organizations,omitempty" want:"the name of an organization"`
	// RepoType is the type of repositories of which the archive does not say it.
	RepoType string `yaml:"repo_type,omitempty"`
	// Day is that of archives that have it neither in a column nor in their name.
	Day string `yaml:"day,omitempty" is:"day"`
}

// Columns are names of columns by our names of them.
type Columns map[string]string

// columnNames are our names of the columns of archives.
var columnNames = []string{"repo", "repo_type", "org", "day", "total", "last_month", "likes"}

// complete checks what the tags do not say.
func (f Files) complete(d *decoder) {
	for i, set := range f {
		at := fmt.Sprintf("files[%d]", i)
		switch known := func(e Error) bool { return e.Field == at || e.Field == at+".glob" }; {
		case set.Glob == "" && !slices.ContainsFunc(d.faults, known):
			d.fault(at+".glob", "expected a glob like exports/*.csv, got none")
		case set.Readings != nil && set.Readings.Wide != "":
			for name := range set.Readings.Columns {
				if name != "day" {
					d.fault(at+".readings.columns", "expected only the column name for day in a wide CSV, got one for %s: the other columns are repositories", name)
				}
			}
		}
	}
}

// globMeta escapes what a glob gives a meaning to.
var globMeta = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`)

// File is a file to import.
type File struct {
	Name     string
	Readings *Readings // as in the FileSet that matches it first
}

// MatchFiles returns the regular files that the globs match now, each once and
// in the order of their names, and the globs that match none.
func (c *Config) MatchFiles() (files []File, unmatched []string, err error) {
	for _, set := range c.Files {
		full := set.Glob
		if !filepath.IsAbs(full) {
			full = filepath.Join(globMeta.Replace(c.dir), full)
		}
		matches, err := filepath.Glob(full)
		if err != nil {
			return nil, nil, fmt.Errorf("files: glob %q: %w", set.Glob, err)
		}
		matches = slices.DeleteFunc(matches, func(name string) bool {
			info, err := os.Stat(name)
			return err == nil && !info.Mode().IsRegular()
		})
		if len(matches) == 0 {
			unmatched = append(unmatched, set.Glob)
		}
		for _, name := range matches {
			files = append(files, File{name, set.Readings})
		}
	}
	slices.SortStableFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(files, func(a, b File) bool { return a.Name == b.Name }), unmatched, nil
}
