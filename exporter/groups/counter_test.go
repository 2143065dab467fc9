package groups

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// past is a random history, and a counter of a group of it.
type past struct {
	*testing.T
	rng     *rand.Rand
	dir     string
	store   *memtable.Store
	groups  *Groups
	members []string
	hour    int
	totals  map[string]int64 // of the repositories on the Hub
}

// listing has the store learn all totals, and what is gone or has another name.
func (p *past) listing(moved map[string]string) {
	p.Helper()
	p.hour += 24
	asOf := history.AsOf(p.hour) * 3_600_000_000
	var metas []history.RepoMeta
	for name, total := range p.totals {
		m := history.NewRepoMeta(history.Repo{Type: history.Model, Name: name})
		m.Total, m.LastMonth, m.TotalAsOf, m.ListedAsOf, m.HubID = total, total, asOf, asOf, "id of "+name
		metas = append(metas, m)
	}
	for m, err := range p.store.Meta(p.Context(), history.MetaQuery{}) {
		if err != nil {
			p.Fatal(err)
		}
		if _, ok := p.totals[m.Repo.Name]; !ok && !m.Gone() {
			m.GoneAsOf, m.MovedTo = asOf, moved[m.Repo.Name]
			metas = append(metas, m)
		}
	}
	if _, err := p.store.Append(p.Context(), history.Batch{Meta: metas}); err != nil {
		p.Fatal(err)
	}
}

// counters are those of the repositories, as the metrics page shows them.
func (p *past) counters() map[string]int64 {
	out := make(map[string]int64)
	for m, err := range p.store.Meta(p.Context(), history.MetaQuery{}) {
		if err != nil {
			p.Fatal(err)
		}
		if n := m.Counts().Downloads; n != history.Unknown && !m.Moved() {
			out[m.Repo.Name] = n
		}
	}
	return out
}

func (p *past) name() string { return fmt.Sprintf("acme/%d", p.rng.IntN(6)) }

// restart reads the state again.
func (p *past) restart() {
	var err error
	if p.groups, err = Open(p.dir); err != nil {
		p.Fatal(err)
	}
}

func (p *past) count() Sums {
	p.Helper()
	p.groups.Set([]Definition{{Name: "g", Repos: p.members}})
	sums, err := p.groups.Count(p.store.Meta(p.Context(), history.MetaQuery{}))
	if err != nil || len(sums) != 1 {
		p.Fatalf("got %+v, %v", sums, err)
	}
	return sums[0]
}

// The counter of a group rises by what the counters of its repositories rise by while they are in
// it, and for no other reason: whatever joins and leaves, comes and goes, and in between
// restarts.
func TestCounterOverRandomHistories(t *testing.T) {
	histories := uint64(300)
	if testing.Short() {
		histories = 50
	}
	for seed := range histories {
		p := &past{T: t, rng: rand.New(rand.NewPCG(seed, 0)), dir: t.TempDir(), store: memtable.NewStore(), totals: map[string]int64{}, members: []string{"acme/0", "acme/1"}}
		p.restart()
		was := p.count()
		if was.Downloads != 0 {
			t.Fatalf("history %d: expected a counter that begins with 0, got %d", seed, was.Downloads)
		}
		before, in := p.counters(), slices.Clone(p.members)
		for step := range 60 {
			lost, what := false, ""
			switch p.rng.IntN(9) {
			case 0, 1, 2, 3:
				what = "downloads"
				for name := range p.totals {
					p.totals[name] += int64(p.rng.IntN(1000))
				}
				p.listing(nil)
			case 4:
				what = "a repository comes or goes"
				if name := p.name(); p.totals[name] == 0 {
					p.totals[name] = 1 + p.rng.Int64N(1_000_000)
				} else {
					delete(p.totals, name)
				}
				p.listing(nil)
			case 5:
				what = "the Hub takes downloads back"
				for name, n := range p.totals {
					p.totals[name] = n - min(n-1, int64(p.rng.IntN(500)))
				}
				p.listing(nil)
			case 6:
				what = "another group"
				p.members = nil
				for i := range 6 {
					if p.rng.IntN(2) == 0 {
						p.members = append(p.members, fmt.Sprintf("acme/%d", i))
					}
				}
				if len(p.members) == 0 {
					p.members = []string{"acme/*"}
				}
			case 7:
				what = "a restart"
				p.restart()
			case 8:
				what = "a restart without the state"
				if lost = p.rng.IntN(5) == 0; lost {
					if err := os.Remove(filepath.Join(p.dir, CountersFile)); err != nil {
						t.Fatal(err)
					}
				}
				p.restart()
			}
			now, after := p.count(), p.counters()
			want := was.Downloads
			if lost {
				want = 0
			} else {
				for name, n := range after {
					if b, ok := before[name]; ok && slices.ContainsFunc(in, func(g string) bool { return g == name || g == "acme/*" }) {
						want += n - b
					}
				}
			}
			if now.Downloads != want {
				t.Fatalf("history %d, step %d, %s: expected %d, got %d\nbefore %v of %v\nafter  %v of %v", seed, step, what, want, now.Downloads, before, in, after, p.members)
			}
			was, before, in = now, after, slices.Clone(p.members)
		}
	}
}

func TestCounter(t *testing.T) {
	p := &past{T: t, dir: t.TempDir(), store: memtable.NewStore(), totals: map[string]int64{"acme/0": 100, "acme/1": 1000}, members: []string{"acme/*"}}
	p.restart()
	p.listing(nil)
	f := func(want Sums) {
		t.Helper()
		want.Group = "g"
		if got := p.count(); got != want {
			t.Errorf("expected %+v, got %+v", want, got)
		}
	}
	f(Sums{Repos: 2, AllTime: 1100})
	p.totals["acme/0"] = 130
	p.listing(nil)
	f(Sums{Repos: 2, AllTime: 1130, Downloads: 30})
	// A repository keeps its counter under another name.
	delete(p.totals, "acme/1")
	p.totals["acme/one"] = 1007
	p.listing(map[string]string{"acme/1": "acme/one"})
	f(Sums{Repos: 2, AllTime: 1137, Downloads: 37})
	// One that is gone is still in the group.
	delete(p.totals, "acme/one")
	p.listing(nil)
	f(Sums{Repos: 2, AllTime: 1137, Downloads: 37})
	// Downloads until it left count, also if that was noticed by another process.
	p.totals["acme/0"] = 140
	p.listing(nil)
	p.restart()
	p.members = []string{"acme/two"}
	f(Sums{Downloads: 47})
	// It does not fall if repositories are taken out of the store while nobody looks.
	store := p.store
	p.totals["acme/0"] = 143
	p.listing(nil)
	p.members = []string{"acme/0"}
	f(Sums{Repos: 1, AllTime: 143, Downloads: 47})
	p.totals["acme/0"] = 153
	p.listing(nil)
	f(Sums{Repos: 1, AllTime: 153, Downloads: 57})
	p.store = memtable.NewStore()
	p.restart()
	f(Sums{Downloads: 57})
	p.store = store
	f(Sums{Repos: 1, AllTime: 153, Downloads: 57})
	// A store that went back, and then catches up, brings no downloads.
	p.store = memtable.NewStore()
	p.totals["acme/0"] = 120
	p.listing(nil)
	f(Sums{Repos: 1, AllTime: 120, Downloads: 57})
	p.totals["acme/0"] = 154
	p.listing(nil)
	f(Sums{Repos: 1, AllTime: 154, Downloads: 58})
}
