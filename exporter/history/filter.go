package history

import (
	"slices"
	"strings"
)

// Filter selects repositories. An empty list or string selects all; the parts
// are combined with and.
type Filter struct {
	RepoTypes []RepoType
	// Orgs are names of organisations or users; "" is that of legacy names.
	Orgs []string
	// Repos are full names, "org/name", of whatever type.
	Repos []string
	// Search is looked for anywhere in the full name, case ignored.
	Search string
}

// IsZero reports whether f selects every repository.
func (f Filter) IsZero() bool {
	return len(f.RepoTypes) == 0 && len(f.Orgs) == 0 && len(f.Repos) == 0 && f.Search == ""
}

// ByGroup reports whether f selects whole groups of repo type and organisation
// and so needs no look at single repositories.
func (f Filter) ByGroup() bool { return len(f.Repos) == 0 && f.Search == "" }

// MatchesGroup reports whether f selects repositories of that type and
// organisation, its other parts apart.
func (f Filter) MatchesGroup(t RepoType, org string) bool {
	return (len(f.RepoTypes) == 0 || slices.Contains(f.RepoTypes, t)) &&
		(len(f.Orgs) == 0 || slices.Contains(f.Orgs, org))
}

// Matcher returns the test of f, made once for many repositories. It may be
// called from several goroutines.
func (f Filter) Matcher() func(Repo) bool {
	if f.IsZero() {
		return func(Repo) bool { return true }
	}
	var names map[string]bool
	if len(f.Repos) > 0 {
		names = make(map[string]bool, len(f.Repos))
		for _, n := range f.Repos {
			names[n] = true
		}
	}
	search := strings.ToLower(f.Search)
	return func(r Repo) bool {
		return f.MatchesGroup(r.Type, r.Org()) &&
			(names == nil || names[r.Name]) &&
			(search == "" || strings.Contains(strings.ToLower(r.Name), search))
	}
}
