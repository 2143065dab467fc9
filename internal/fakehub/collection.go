package fakehub

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Collection is a list of repositories that an organization keeps. A repository stays in it
// through renames, and is not in it any more once it is deleted.
type Collection struct {
	hub     *Hub
	id      string // of the collection itself: the end of its slug
	owner   string
	items   []*Repo
	private bool
}

// AddCollection makes a collection of an organization. The title is part of its slug.
func (h *Hub) AddCollection(owner, title string, items ...*Repo) *Collection {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := &Collection{hub: h, id: fmt.Sprintf("%s-%024x", title, len(h.collections)+1), owner: owner, items: items}
	h.collections[c.Slug()] = c
	return c
}

// Slug returns what the collection is known by.
func (c *Collection) Slug() string { return c.owner + "/" + c.id }

// SetItems replaces what is in the collection.
func (c *Collection) SetItems(items ...*Repo) {
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	c.items = items
}

// SetPrivate hides the collection from all but its organization, or shows it.
func (c *Collection) SetPrivate(private bool) {
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	c.private = private
}

// Delete takes the collection away, but none of its repositories.
func (c *Collection) Delete() {
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	delete(c.hub.collections, c.Slug())
}

// collection answers with a collection: what the caller may see of it, and a paper.
func (h *Hub) collection(w http.ResponseWriter, r *http.Request, caller *user, slug string) {
	h.mu.Lock()
	c := h.collections[slug]
	if c == nil || c.private && !caller.sees(c.owner) {
		h.mu.Unlock()
		refuse(w, http.StatusNotFound, "", "Collection not found")
		return
	}
	items := []map[string]any{{"_id": strings.Repeat("0", 24), "position": 0, "type": "paper", "id": "2307.09288", "title": "A paper"}}
	for _, x := range c.items {
		if h.repos[x.id] != x || x.private && !caller.sees(x.repo.Org()) {
			continue
		}
		item := x.listed(Models, []string{"author", "downloads", "lastModified", "likes", "private"})
		item["_id"], item["position"] = fmt.Sprintf("%024x", len(items)), len(items)
		item["type"], item["repoType"] = x.repo.Type, x.repo.Type
		items = append(items, item)
	}
	content, err := json.Marshal(map[string]any{
		"slug": slug, "title": c.id[:len(c.id)-25], "owner": map[string]any{"name": c.owner, "type": "org"},
		"private": c.private, "theme": "green", "upvotes": 0, "items": items,
	})
	h.mu.Unlock()
	if err != nil {
		panic(err)
	}
	h.send(w, r, "application/json; charset=utf-8", content)
}
