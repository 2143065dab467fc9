package groups

import (
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

// BenchmarkGroup compares a group of half of the repositories, each by its name, with an
// organization.
func BenchmarkGroup(b *testing.B) {
	store := memtable.NewStore()
	if _, err := store.Append(b.Context(), history.Batch{Rows: synthetic.Rows(synthetic.Options{Repos: 10_000, Days: 1000, Seed: 7, Order: history.OrderRepo})}); err != nil {
		b.Fatal(err)
	}
	half := Definition{Name: "half"}
	org := ""
	i := 0
	for m := range store.Table().Meta() {
		if i++; i%2 == 0 {
			half.Repos = append(half.Repos, nameOf(m.Repo))
		}
		org = m.Repo.Org()
	}
	g := New()
	g.Set([]Definition{half, {Name: "glob", Repos: []string{org + "/*a*", "*/*b*"}}})
	reader := g.Reader(store)
	month := history.Period{Kind: history.LastMonth}
	for name, f := range map[string]history.Filter{"org": {Orgs: []string{org}}, "group": {Groups: []string{"half"}}, "glob": {Groups: []string{"glob"}}} {
		b.Run("overview/"+name, func(b *testing.B) {
			for b.Loop() {
				if _, err := reader.Overview(b.Context(), history.OverviewQuery{Filter: f, ByRepoType: true, Series: true}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("repos/"+name, func(b *testing.B) {
			for b.Loop() {
				if _, err := reader.Repos(b.Context(), history.ReposQuery{Filter: f, Period: month, Limit: 50, Trend: 30}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	// The first question after a change of the history works out what is in the group.
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			g.Set([]Definition{half})
			g.Set([]Definition{half, {Name: "other"}})
			if _, err := reader.Overview(b.Context(), history.OverviewQuery{Filter: history.Filter{Groups: []string{"half"}}, Series: true}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("count", func(b *testing.B) {
		for b.Loop() {
			if _, err := g.Count(store.Meta(b.Context(), history.MetaQuery{})); err != nil {
				b.Fatal(err)
			}
		}
	})
}
