package groups

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// world is a Hub with a collection, the groups over it, and the history.
type world struct {
	*testing.T
	hub    *fakehub.Hub
	client *hub.Client
	dir    string
	groups *Groups
	store  *memtable.Store
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, hub: fakehub.New(fakehub.Options{}), dir: t.TempDir(), store: memtable.NewStore()}
	server := httptest.NewServer(w.hub)
	t.Cleanup(server.Close)
	endpoint, err := hub.ParseEndpoint(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	w.client = hub.New(hub.Options{Endpoint: endpoint, MaxTries: 1})
	w.hub.AddOrg("acme", fakehub.Free)
	return w
}

// restart forgets what is in memory.
func (w *world) restart(definitions ...Definition) {
	w.Helper()
	var err error
	if w.groups, err = Open(w.dir); err != nil {
		w.Fatal(err)
	}
	w.groups.Set(definitions)
}

func (w *world) fetch() error {
	return w.groups.Fetch(w.Context(), func(string) *hub.Client { return w.client }, w.store)
}

// list has the history learn what is on the Hub now.
func (w *world) list() {
	w.Helper()
	asOf := history.AsOfTime(time.Now())
	there := make(map[history.Repo]bool)
	var metas []history.RepoMeta
	for _, r := range w.hub.Repos("acme") {
		m := history.NewRepoMeta(r.Repo())
		m.Total, m.TotalAsOf, m.ListedAsOf, m.HubID = r.Total(), asOf, asOf, r.ID()
		there[r.Repo()] = true
		metas = append(metas, m)
	}
	for m, err := range w.store.Meta(w.Context(), history.MetaQuery{}) {
		if err != nil {
			w.Fatal(err)
		}
		if !there[m.Repo] {
			m.GoneAsOf = asOf
			metas = append(metas, m)
		}
	}
	if _, err := w.store.Append(w.Context(), history.Batch{Meta: metas}); err != nil {
		w.Fatal(err)
	}
}

// members are the repositories of group g that are in the history.
func (w *world) want(names ...string) {
	w.Helper()
	var got []string
	page, err := w.groups.Reader(w.store).Repos(w.Context(), history.ReposQuery{Filter: history.Filter{Groups: []string{"g"}}, Sort: history.SortName, Ascending: true})
	if err != nil {
		w.Fatal(err)
	}
	for _, r := range page.Rows {
		got = append(got, strings.TrimPrefix(r.Repo.Name, "acme/"))
	}
	if !slices.Equal(got, names) {
		w.Errorf("expected %v in the group, got %v", names, got)
	}
}

func TestCollections(t *testing.T) {
	w := newWorld(t)
	repos := make(map[string]*fakehub.Repo)
	for _, name := range []string{"a", "b", "c", "d"} {
		repos[name] = w.hub.AddRepo(history.Model, "acme/"+name).SetTotal(10)
	}
	c := w.hub.AddCollection("acme", "title", repos["a"], repos["b"], repos["c"])
	group := Definition{Name: "g", Collections: []string{c.Slug()}}
	w.restart(group)
	w.list()
	w.want()
	if s := w.groups.Status(); len(s) != 1 || !s[0].AsOf.IsZero() || s[0].Slug != c.Slug() {
		t.Errorf("before the first time: got %+v", s)
	}
	fetch := func() {
		t.Helper()
		if err := w.fetch(); err != nil {
			t.Fatal(err)
		}
	}
	fetch()
	w.want("a", "b", "c")
	revision := w.groups.Revision()

	// What the Hub does not say stays as it was, also across a restart.
	w.hub.Fail(fakehub.On{Route: fakehub.Collections}, fakehub.Always, fakehub.Status(500))
	if err := w.fetch(); hub.KindOf(err) != hub.KindServer {
		t.Errorf("expected an error of the server, got %v", err)
	}
	w.want("a", "b", "c")
	if s := w.groups.Status()[0]; s.Failure != "server" || s.AsOf.IsZero() || s.Repos != 3 {
		t.Errorf("got %+v", s)
	}
	w.restart(group)
	w.want("a", "b", "c")
	if w.groups.Revision() != revision {
		t.Error("expected the revision to survive a restart")
	}
	w.hub.Heal()

	// One that is deleted leaves the collection, yet its history counts; one that is taken out
	// by people does not, once the Hub has reported it again.
	repos["a"].Delete()
	c.SetItems(repos["c"], repos["d"])
	fetch()
	w.want("a", "b", "c", "d")
	w.list()
	fetch()
	w.want("a", "c", "d")
	w.restart(group)
	fetch()
	w.want("a", "c", "d")
	if w.groups.Revision() == revision {
		t.Error("expected another revision with other repositories")
	}
	// It may come back in either way.
	c.SetItems(repos["b"], repos["c"])
	w.hub.AddRepo(history.Model, "acme/a").SetTotal(1)
	fetch()
	w.list()
	fetch()
	w.want("b", "c")

	// A group without the collection, and with it again.
	w.groups.Set([]Definition{{Name: "g", Repos: []string{"acme/d"}}})
	w.want("d")
	w.groups.Set([]Definition{{Name: "g", Repos: []string{"acme/d"}, Collections: []string{c.Slug(), c.Slug()}}})
	w.want("b", "c", "d")
	c.Delete()
	if err := w.fetch(); hub.KindOf(err) != hub.KindNotFound || !strings.Contains(err.Error(), "check the slug in groups") {
		t.Errorf("expected a collection that is not found, got %v", err)
	}
	w.want("b", "c", "d")
}

func TestStateThatCannotBeUsed(t *testing.T) {
	w := newWorld(t)
	c := w.hub.AddCollection("acme", "title", w.hub.AddRepo(history.Model, "acme/a"))
	file := filepath.Join(w.dir, CollectionsFile)
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.groups, err = Open(w.dir); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("expected an error that names %s, got %v", file, err)
	}
	// It is written anew.
	w.groups.Set([]Definition{{Name: "g", Collections: []string{c.Slug()}}})
	if err := w.fetch(); err != nil {
		t.Fatal(err)
	}
	w.restart(Definition{Name: "g", Collections: []string{c.Slug()}})
	if s := w.groups.Status(); s[0].Repos != 1 {
		t.Errorf("got %+v", s)
	}
	// A folder that is not there any more is an error, and what is known is used.
	w.dir = filepath.Join(w.dir, "gone")
	w.restart(Definition{Name: "g", Collections: []string{c.Slug()}})
	if err := w.fetch(); err == nil || !strings.Contains(err.Error(), "store the state of groups") {
		t.Errorf("expected an error, got %v", err)
	}
	if s := fmt.Sprint(w.groups.Status()[0].Repos, w.groups.Status()[0].Failure); s != "1" {
		t.Errorf("got %s", s)
	}
}

// A reload can change the groups and the clients between two looks at them.
func TestCollectionWithoutAClient(t *testing.T) {
	w := newWorld(t)
	w.restart(Definition{Name: "g", Collections: []string{"acme/new"}})
	if err := w.groups.Fetch(t.Context(), func(string) *hub.Client { return nil }, w.store); err != nil {
		t.Fatal(err)
	}
	if got := w.groups.Status(); len(got) != 1 || got[0] != (CollectionStatus{Slug: "acme/new"}) {
		t.Errorf("got %+v, want a collection that was not asked for yet", got)
	}
}

// Reading a store elsewhere may take long. Meanwhile the status can be asked for.
func TestCountDoesNotBlock(t *testing.T) {
	w := newWorld(t)
	w.restart(Definition{Name: "g", Collections: []string{"acme/new"}})
	asked := false
	_, err := w.groups.Count(func(func(history.RepoMeta, error) bool) {
		status := make(chan []CollectionStatus)
		go func() { status <- w.groups.Status() }()
		select {
		case <-status:
			asked = true
		case <-time.After(10 * time.Second):
			t.Error("the status waits for the store")
		}
	})
	if err != nil || !asked {
		t.Errorf("got %v, asked %v", err, asked)
	}
}
