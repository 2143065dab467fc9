package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Push says where the page /metrics is pushed to, beside scrapes or in place of
// them.
type Push struct {
	// URL is the receiver's, "" for no push.
	URL string `yaml:"url" url:"http://localhost:8428"`
	// Interval is the time between two pushes, Timeout how long one may take.
	Interval Duration `yaml:"interval" default:"1m" min:"1s"`
	Timeout  Duration `yaml:"timeout" default:"30s"`
	// ExtraLabels are added to each sample.
	ExtraLabels map[string]string `yaml:"extra_labels"`
	HTTP        HTTP              `yaml:",inline"`
	OldHTTP     OldHTTP           `yaml:",inline"`
}

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

func (p *Push) complete(d *decoder) {
	p.OldHTTP.moveTo(&p.HTTP, d, "push")
	p.HTTP.complete(d, "push")
	checkLabels(d, "push.extra_labels", p.ExtraLabels)
}

// checkLabels checks labels that series of repositories get.
func checkLabels(d *decoder, at string, labels map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		switch path := at + "." + name; {
		case !labelName.MatchString(name) || strings.HasPrefix(name, "__"):
			d.fault(path, "expected a label name like job, got %q", name)
		case slices.Contains([]string{"repo_type", "org", "repo", "group"}, name):
			d.fault(path, "expected a label that repositories and groups do not already have, got %q", name)
		case labels[name] == "":
			d.fault(path, "expected a value for the label, got none")
		}
	}
}
