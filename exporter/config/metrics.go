package config

import (
	"fmt"
	"regexp"
	"strings"
)

// Metrics says what /metrics shows of the repositories.
type Metrics struct {
	// Include are regular expressions over the full name of a repository; a
	// repository is shown if one of them matches it, or if there are none.
	Include []Regexp `yaml:"include"`
	// Exclude are regular expressions over the full name of a repository; one
	// that any of them matches is not shown.
	Exclude []Regexp `yaml:"exclude"`
	// MaxRepos is the most repositories that are shown. Those with the largest totals
	// stay.
	MaxRepos int `yaml:"max_repos" default:"100000" min:"1"`
	// Families says of metric families of repositories whether they are shown; one that is
	// not in it is.
	Families Families `yaml:"families"`
}

// Families are switches of metric families by name. The names that there are come from
// who reads the configuration.
type Families map[string]bool

// formerFamilies have the names of families by those that files of earlier versions have.
var formerFamilies = map[string]string{"corrected": "removed"}

// Web says how many requests are answered at once.
type Web struct {
	// MaxRequests is the most that are answered at once, of scrapes and of all
	// other requests apart, and MaxExports the most exports that run at once; 0 sets no
	// bound.
	MaxRequests int `yaml:"max_requests" default:"512" min:"0" zero:"no limit"`
	MaxExports  int `yaml:"max_exports" default:"64" min:"0" zero:"no limit"`
	// MaxExportBytes is the most memory that exports at once take for the repositories
	// they are of; 0 sets no bound. One alone takes as much as it needs.
	MaxExportBytes int `yaml:"max_export_bytes" default:"134217728" min:"0" zero:"no limit"`
}

// Query says what an answer may take.
type Query struct {
	// Timeout is how long an answer may take to be found; for an export, how long
	// until it begins.
	Timeout Duration `yaml:"timeout" default:"2m"`
	// MaxRows is the most rows of an answer; 0 sets no bound.
	MaxRows int `yaml:"max_rows" min:"0" zero:"no limit"`
	// ExtraLabels are added to the series of PromQL and remote read, as a scrape would have
	// added job and instance.
	ExtraLabels map[string]string `yaml:"extra_labels"`
}

func (q *Query) complete(d *decoder) { checkLabels(d, "query.extra_labels", q.ExtraLabels) }

// Regexp is a regular expression (RE2). As in Prometheus, it has to match the
// whole of a text: "org/.*" does not match "my-org/x".
type Regexp string

// check returns an error that quotes an expression which is none.
func (r Regexp) check() error {
	// Alone first, so that the error speaks of what was written; then as a part
	// of a larger expression, which an open \Q would not fit into.
	for _, text := range []string{string(r), "(?:" + string(r) + ")"} {
		if _, err := regexp.Compile(text); err != nil {
			return fmt.Errorf("expected a regular expression, got %q: %w", string(r), err)
		}
	}
	return nil
}

// AnyOf returns one expression that matches the whole of what any of them
// matches the whole of; nil if there are none. They have been checked.
func AnyOf(exprs []Regexp) *regexp.Regexp {
	if len(exprs) == 0 {
		return nil
	}
	parts := make([]string, len(exprs))
	for i, e := range exprs {
		parts[i] = "(?:" + string(e) + ")"
	}
	return regexp.MustCompile("^(?s:" + strings.Join(parts, "|") + ")$")
}
