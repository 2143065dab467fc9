package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Files are globs of CSV exports on disk (.csv, .csv.gz, .csv.zst), which serve
// imports at start and again when they change. A relative glob starts from the
// folder of the configuration file. By default there are none.
type Files []string

// globMeta escapes what a glob gives a meaning to.
var globMeta = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`)

// MatchFiles returns the regular files that the globs match now, each once and
// in the order of their names, and the globs that match none.
func (c *Config) MatchFiles() (files, unmatched []string, err error) {
	for _, glob := range c.Files {
		full := glob
		if !filepath.IsAbs(glob) {
			full = filepath.Join(globMeta.Replace(c.dir), glob)
		}
		matches, err := filepath.Glob(full)
		if err != nil {
			return nil, nil, fmt.Errorf("files: glob %q: %w", glob, err)
		}
		matches = slices.DeleteFunc(matches, func(name string) bool {
			info, err := os.Stat(name)
			return err == nil && !info.Mode().IsRegular()
		})
		if len(matches) == 0 {
			unmatched = append(unmatched, glob)
		}
		files = append(files, matches...)
	}
	slices.Sort(files)
	return slices.Compact(files), unmatched, nil
}
