// Package groups gives names to sets of repositories: all variants of a model, all repositories
// of a team. A group has repositories by name, by glob, and as they are in collections on the
// Hub. Groups may overlap.
//
// This is the only place where names of groups are resolved: a Reader of the package asks
// the one below it for sets of repositories.
package groups

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// Definition says what is in a group.
type Definition struct {
	Name string
	// Repos are full names of repositories, globs of them like "org/*", or either after a type of
	// repositories: "model:org/*".
	Repos []string
	// Collections are slugs of collections on the Hub.
	Collections []string
}

// Check returns an error if groups cannot be used: for those that no configuration has checked.
func Check(definitions []Definition) error {
	seen := make(map[string]bool, len(definitions))
	for _, d := range definitions {
		if d.Name == "" || seen[d.Name] {
			return fmt.Errorf("expected a name that no other group has, got %s", textenc.Quote(d.Name))
		}
		seen[d.Name] = true
		for _, s := range d.Repos {
			if _, glob := split(s); glob == "" || strings.HasPrefix(s, ":") || !validGlob(glob) {
				return fmt.Errorf("group %s: expected a name or glob of repositories like org/name, org/* or model:org/*, got %s", textenc.Quote(d.Name), textenc.Quote(s))
			}
		}
	}
	return nil
}

func validGlob(glob string) bool {
	_, err := path.Match(glob, "")
	return err == nil
}

// split returns the type of an item of Repos, "" for any, and the name or glob.
func split(s string) (t history.RepoType, glob string) {
	if t, glob, ok := strings.Cut(s, ":"); ok {
		return history.RepoType(t), glob
	}
	return "", s
}

// pattern is a glob of repositories.
type pattern struct {
	repoType history.RepoType // "" for any
	glob     string
}

func (p pattern) matches(r history.Repo) bool {
	if p.repoType != "" && p.repoType != r.Type {
		return false
	}
	ok, _ := path.Match(p.glob, r.Name)
	return ok
}

// Groups are the groups of a configuration. They may be used from several goroutines.
type Groups struct {
	dir string // of files with what is below, "" for none

	mu          sync.Mutex // of changes
	definitions []Definition
	collections map[string]*collection // by slug
	counters    map[string]*counter    // by name of the group

	current atomic.Pointer[resolved]
}

// resolved are groups with what is in them. It does not change.
type resolved struct {
	names    []string // sorted
	sets     map[string]*history.Set
	revision string
}

// New returns groups without any.
func New() *Groups {
	g := &Groups{collections: make(map[string]*collection)}
	g.current.Store(new(resolved))
	return g
}

// Set replaces all groups.
func (g *Groups) Set(definitions []Definition) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.definitions = definitions
	g.resolve()
}

// Revision names what is in the groups: two equal names promise the same. It is "" without
// groups.
func (g *Groups) Revision() string { return g.current.Load().revision }

// Names returns the names of the groups, sorted.
func (g *Groups) Names() []string { return g.current.Load().names }

// resolve works out what is in the groups. g.mu is held.
func (g *Groups) resolve() {
	now := &resolved{sets: make(map[string]*history.Set, len(g.definitions))}
	sum := sha256.New()
	for _, d := range g.definitions {
		types := make(map[string][]history.RepoType) // by name
		var globs []pattern
		fmt.Fprintf(sum, "%q %q", d.Name, d.Repos)
		for _, s := range d.Repos {
			t, glob := split(s)
			if strings.ContainsAny(glob, `*?[\`) {
				globs = append(globs, pattern{t, glob})
			} else {
				types[glob] = append(types[glob], t)
			}
		}
		for _, slug := range d.Collections {
			for _, s := range g.collections[slug].members() {
				fmt.Fprintf(sum, " %q", s)
				t, name := split(s)
				types[name] = append(types[name], t)
			}
		}
		fmt.Fprintln(sum)
		now.names = append(now.names, d.Name)
		now.sets[d.Name] = &history.Set{Has: func(r history.Repo) bool {
			return slices.ContainsFunc(types[r.Name], func(t history.RepoType) bool { return t == "" || t == r.Type }) ||
				slices.ContainsFunc(globs, func(p pattern) bool { return p.matches(r) })
		}}
	}
	if slices.Sort(now.names); len(now.names) > 0 {
		now.revision = hex.EncodeToString(sum.Sum(nil)[:8])
	}
	if was := g.current.Load(); was.revision == now.revision {
		return // what is kept by the addresses of the sets still holds
	}
	g.current.Store(now)
}

// filter returns f with the sets of its groups in place of their names. An error is a *wire.Fault.
func (n *resolved) filter(f history.Filter) (history.Filter, error) {
	for _, name := range f.Groups {
		set := n.sets[name]
		switch {
		case set == nil && len(n.names) == 0:
			return f, &wire.Fault{Field: "group", Message: fmt.Sprintf("expected no group, because the configuration has none, got %s", textenc.Quote(name))}
		case set == nil:
			return f, &wire.Fault{Field: "group", Message: fmt.Sprintf("expected %s, got %s", textenc.Alternatives(n.names), textenc.Quote(name))}
		case !slices.Contains(f.Sets, set):
			f.Sets = append(slices.Clip(f.Sets), set)
		}
	}
	f.Groups = nil
	return f, nil
}
