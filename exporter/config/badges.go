package config

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Badges says who may see badges and charts.
type Badges struct {
	// Public are those that anybody may see, where everything else needs a password.
	Public []BadgePattern `yaml:"public"`
}

// BadgePattern is a parameter of badges and charts, repo, org or group, and a glob of its
// values: repo=my-org/*.
type BadgePattern string

// badgeParameters are those that a pattern can be for.
var badgeParameters = []string{"repo", "org", "group"}

func (p BadgePattern) check() error {
	parameter, glob, ok := strings.Cut(string(p), "=")
	if _, err := path.Match(glob, ""); !ok || err != nil || glob == "" || !slices.Contains(badgeParameters, parameter) {
		return fmt.Errorf("expected a pattern like repo=my-org/*, org=my-org or group=my-group, got %q", string(p))
	}
	return nil
}

// IsPublic reports whether anybody may see the badges and charts of these values of a
// parameter: each of them has a pattern.
func (b *Badges) IsPublic(parameter string, values []string) bool {
	for _, v := range values {
		if !slices.ContainsFunc(b.Public, func(p BadgePattern) bool {
			name, glob, _ := strings.Cut(string(p), "=")
			matches, _ := path.Match(glob, v)
			return name == parameter && matches
		}) {
			return false
		}
	}
	return true
}
