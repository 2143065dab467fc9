package groups

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/outfile"
)

// collection is what is known of a collection on the Hub. Repositories are written as in the
// configuration: "model:org/name".
type collection struct {
	// AsOf is when the Hub last said what is in it.
	AsOf  time.Time `json:"as_of"`
	Repos []string  `json:"repos"`
	// Missing are repositories that were in it, by when they were first found not to be. They
	// stay if they are gone from the Hub, which takes them out of collections; those that the
	// Hub reports later on were taken out by people.
	Missing map[string]time.Time `json:"missing,omitempty"`
	// failure is why the Hub could not be asked the last time, "" if it could.
	failure string
}

func nameOf(r history.Repo) string { return string(r.Type) + ":" + r.Name }

// members returns what is in the collection.
func (c *collection) members() []string {
	if c == nil {
		return nil
	}
	return slices.Concat(c.Repos, slices.Sorted(maps.Keys(c.Missing)))
}

// CollectionsFile is the name of the file with what is known of collections.
const CollectionsFile = "collections.json"

// Open returns groups without any, which keep in a directory what they know of collections and
// their counters, so that it survives a restart; "" is for memory alone.
func Open(dir string) (*Groups, error) {
	g := New()
	g.dir = dir
	err := errors.Join(g.load(CollectionsFile, &g.collections), g.load(CountersFile, &g.counters))
	if g.collections == nil {
		g.collections = make(map[string]*collection)
	}
	return g, err
}

// load reads a file of the directory if there is one. After an error, groups go on with what they
// have in memory.
func (g *Groups) load(name string, into any) error {
	if g.dir == "" {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(g.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("expected to read the state of groups in %s: %w", filepath.Join(g.dir, name), err)
	}
	return nil
}

// save writes a file of the directory.
func (g *Groups) save(name string, what any) error {
	if g.dir == "" {
		return nil
	}
	text, err := json.Marshal(what)
	if err == nil {
		err = outfile.Replace(filepath.Join(g.dir, name), func(f *os.File) error {
			_, err := f.Write(text)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("expected to store the state of groups in %s: %w", filepath.Join(g.dir, name), err)
	}
	return nil
}

// Collections returns the slugs of the collections in the groups, sorted.
func (g *Groups) Collections() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var slugs []string
	for _, d := range g.definitions {
		slugs = append(slugs, d.Collections...)
	}
	slices.Sort(slugs)
	return slices.Compact(slugs)
}

// Fetch asks the Hub for all collections, with the client of each, and returns what went wrong.
// A collection without a client is left out. The metadata in store says what became of
// repositories.
func (g *Groups) Fetch(ctx context.Context, client func(slug string) *hub.Client, store history.Appender) error {
	var failed []error
	for _, slug := range g.Collections() {
		c := client(slug)
		if c == nil {
			continue // the groups have just changed: the next fetch has the clients of all
		}
		repos, err := c.Collection(ctx, slug)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			err = g.fetched(slug, repos, time.Now().UTC(), store.Meta(ctx, history.MetaQuery{}))
		} else {
			g.fail(slug, string(hub.KindOf(err)))
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// fetched stores what the Hub says is in a collection.
func (g *Groups) fetched(slug string, repos []history.Repo, at time.Time, meta iter.Seq2[history.RepoMeta, error]) error {
	now := &collection{AsOf: at, Missing: make(map[string]time.Time)}
	for _, r := range repos {
		now.Repos = append(now.Repos, nameOf(r))
	}
	slices.Sort(now.Repos)
	now.Repos = slices.Compact(now.Repos)
	g.mu.Lock()
	was := g.collections[slug]
	g.mu.Unlock()
	for _, name := range was.members() {
		if _, ok := slices.BinarySearch(now.Repos, name); !ok {
			now.Missing[name] = at
			if since, ok := was.Missing[name]; ok {
				now.Missing[name] = since
			}
		}
	}
	if len(now.Missing) > 0 {
		for m, err := range meta {
			if err != nil {
				break // they stay until it is known
			}
			since, ok := now.Missing[nameOf(m.Repo)]
			if reported := max(m.ListedAsOf, m.TotalAsOf).Time(); ok && (m.Moved() || reported.After(since)) {
				delete(now.Missing, nameOf(m.Repo))
			}
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.collections[slug] = now
	g.resolve()
	return g.save(CollectionsFile, g.collections)
}

// fail notes why the Hub could not be asked for a collection. What was in it stays.
func (g *Groups) fail(slug, reason string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.collections[slug] == nil {
		g.collections[slug] = new(collection)
	}
	g.collections[slug].failure = reason
}

// CollectionStatus is how a collection stands.
type CollectionStatus struct {
	Slug string
	// AsOf is when the Hub last said what is in it, zero for never.
	AsOf time.Time
	// Failure is why it could not the last time, "" if it could.
	Failure string
	Repos   int
}

// Status returns how each collection stands, by slug.
func (g *Groups) Status() []CollectionStatus {
	slugs := g.Collections()
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]CollectionStatus, len(slugs))
	for i, slug := range slugs {
		out[i].Slug = slug
		if c := g.collections[slug]; c != nil {
			out[i] = CollectionStatus{slug, c.AsOf, c.failure, len(c.members())}
		}
	}
	return out
}
