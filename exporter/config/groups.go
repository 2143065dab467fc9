package config

import (
	"fmt"
	"path"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// Group is a name for a set of repositories. Groups may overlap.
type Group struct {
	Name string `yaml:"name"`
	// Repos are full names of repositories, globs of them like "org/*", or either after a type of
	// repositories: "model:org/*".
	Repos []string `yaml:"repos" is:"repos"`
	// Collections are slugs of collections on the Hub, whose repositories are in the group.
	Collections []string `yaml:"collections"`
}

// checkRepos returns an error if text is no name or glob of repositories.
func checkRepos(text string) error {
	repoType, glob, typed := strings.Cut(text, ":")
	if !typed {
		glob = text
	}
	if _, err := path.Match(glob, ""); err != nil || glob == "" || typed && repoType == "" {
		return fmt.Errorf("expected a name or glob of repositories like org/name, org/* or model:org/*, got %q", text)
	}
	return nil
}

// completeGroups checks what the tags do not say.
func completeGroups(d *decoder, groups []Group) {
	first := make(map[string]int)
	for i, g := range groups {
		at := fmt.Sprintf("groups[%d]", i)
		if j, ok := first[g.Name]; ok {
			d.fault(at+".name", "expected each group once, got %q again (first in groups[%d])", g.Name, j)
		} else {
			first[g.Name] = i
		}
		switch {
		case g.Name == "":
			d.fault(at+".name", "expected the name of a group, got none")
		case len(g.Name) > maxGroupName || strings.ContainsFunc(g.Name, func(r rune) bool { return r < ' ' }):
			d.fault(at+".name", "expected at most %d bytes without control characters, got %s", maxGroupName, textenc.Quote(g.Name))
		}
		if len(g.Repos)+len(g.Collections) == 0 {
			d.fault(at+".repos", "expected repos or collections in the group, got none")
		}
		for j, slug := range g.Collections {
			owner, name, ok := strings.Cut(slug, "/")
			if !ok || owner == "" || name == "" || strings.ContainsAny(slug, " \t\n?#%") || strings.Contains(name, "/") {
				d.fault(fmt.Sprintf("%s.collections[%d]", at, j), "expected the slug of a collection like org/title-64f9a55bb3115b4f513ec026, got %q", slug)
			}
		}
	}
}

// maxGroupName bounds the name of a group, which is a label of metrics and a parameter of requests.
const maxGroupName = 128
